"""`familiar chat` without TEXT: a conversation."""

from __future__ import annotations

import os
import pty
import select
import signal
import time

import pytest

from tests.hosts.openai_double import DONE, FINISH, in_turn, piece, repeats, streams

PATIENCE = 120


class Terminal:
    """The program at a terminal of its own, as a person sees it."""

    def __init__(self, familiar, *arguments):
        self._ours, theirs = pty.openpty()
        self.process = familiar.start(*arguments, terminal=True, stdin=theirs, stdout=theirs, stderr=theirs)
        os.close(theirs)
        self.seen = ""
        self._read = 0

    def until(self, text: str) -> None:
        """Read until this text is there, after what was read before."""
        end = time.monotonic() + PATIENCE
        while (found := self.seen.find(text, self._read)) < 0:
            ready, _, _ = select.select([self._ours], [], [], max(0.0, end - time.monotonic()))
            assert ready, f"{text!r} did not come: {self.seen!r}"
            try:
                self.seen += os.read(self._ours, 4096).decode("utf-8", "replace")
            except OSError:  # how Linux tells that the other side has gone
                assert text in self.seen[self._read :], self.seen
        self._read = found + len(text)

    def type(self, text: str) -> None:
        time.sleep(0.5)  # a person takes longer than a terminal that has shown its prompt takes to listen
        os.write(self._ours, text.encode())

    def ended(self) -> int:
        """Return the exit code of the program, after it has ended."""
        end = time.monotonic() + PATIENCE
        while self.process.poll() is None and time.monotonic() < end:
            if select.select([self._ours], [], [], 0.1)[0]:
                try:
                    self.seen += os.read(self._ours, 4096).decode("utf-8", "replace")
                except OSError:
                    continue
        return self.process.wait(1)

    def close(self) -> None:
        os.close(self._ours)


@pytest.fixture
def terminal(familiar):
    opened = []

    def open_(*arguments):
        opened.append(Terminal(familiar, *arguments))
        return opened[-1]

    yield open_
    for each in opened:
        each.process.kill()
        each.process.wait()
        each.close()


def last_lines(out: str) -> list[str]:
    return [line for line in out.splitlines() if line and not line.startswith("I am a script")]


def test_lines_of_a_pipe_are_turns_of_one_conversation(familiar):
    ran = familiar("chat", stdin=b"My cat is called Miso\n\nShe likes fish\n")
    assert (ran.code, last_lines(ran.out)) == (0, ["My cat is called Miso", "She likes fish"])
    assert "The last of the 4 messages" in ran.out
    assert ran.err == "remembered: 0 memories used\n" * 2
    assert [(memory["said"], memory["row"]) for memory in familiar.remembered()] == [("She likes fish", 1), ("My cat is called Miso", 0)]
    assert len({memory["branch"] for memory in familiar.remembered()}) == 1


def test_what_is_in_sight_is_not_recalled_until_a_new_conversation_begins(familiar):
    ran = familiar("chat", stdin=b"My cat is called Miso\nWhat is my cat called?\n/new\nWhat is my cat called?\n/why\n")
    assert [line for line in ran.err.splitlines() if line.startswith("remembered")] == [
        "remembered: 0 memories used",
        "remembered: 0 memories used",
        "remembered: 2 memories used (/why)",
    ]
    assert "#1  " in ran.err
    assert "    me: My cat is called Miso" in ran.err


def test_a_memory_can_be_forgotten_in_the_middle_of_it(familiar):
    familiar.tell("My cat is called Miso")
    ran = familiar("chat", stdin=b"/forget #1\nWhat is my cat called?\n/forget 77\n/forget it\n")
    assert "1 exchange is forgotten for good.\n" in ran.out
    assert "remembered: 0 memories used\n" in ran.err
    assert "There is no memory with id 77." in ran.err
    assert "WHAT: `it` is not a whole number" in ran.err
    assert [memory["said"] for memory in familiar.remembered()] == ["What is my cat called?"]


def test_commands_are_listed_and_unknown_ones_are_not_said(familiar):
    ran = familiar("chat", stdin=b"/help\n/helo\n//shrug\n/quit\nnever said\n")
    assert "/commands   list all commands" in ran.err
    assert "There is no command /helo." in ran.err
    assert [memory["said"] for memory in familiar.remembered()] == ["/shrug"]


def test_an_error_ends_the_turn_and_not_the_conversation(familiar, server):
    server.chats(in_turn(streams(b"data: nonsense\n\n"), streams(piece("Fine."), FINISH, DONE)))
    ran = familiar("chat", "--host", server.url, stdin=b"Hello\nAnd now?\n")
    assert (ran.code, ran.out) == (0, "Fine.\n")
    assert ran.err.startswith("Error: ")
    assert [(memory["said"], memory["reply"]) for memory in familiar.remembered()] == [("And now?", "Fine."), ("Hello", "")]


def test_the_same_words_after_an_error_are_answered(familiar, server):
    server.chats(in_turn(streams(b"data: nonsense\n\n"), streams(piece("Fine."), FINISH, DONE)))
    assert familiar("chat", "--host", server.url, stdin=b"Hello\nHello\n").out == "Fine.\n"


def test_incognito_says_nothing_of_memories(familiar):
    assert familiar("chat", "--incognito", stdin=b"Hello\n").err == ""
    assert not familiar.data_dir.exists()


def test_a_line_that_is_not_utf_8_is_a_turn(familiar):
    assert familiar("chat", stdin=b"caf\xe9\n").code == 0
    assert familiar.remembered()[0]["said"] == "caf\N{REPLACEMENT CHARACTER}"


def test_at_a_terminal_the_prompt_is_the_persons_name(terminal, familiar):
    screen = terminal("chat", "--as", "ann")
    screen.until("ann: ")
    screen.type("My cat is called Miso\n")
    screen.until("Familiar: ")
    screen.until("I am a script")
    screen.until("remembered: 0 memories used")
    screen.until("ann: ")
    screen.type("\x04")
    assert screen.ended() == 0
    assert familiar.remembered()[0]["person"] == "ann"


def test_ctrl_c_stops_the_reply_and_not_the_program(terminal, familiar, server):
    server.chats(in_turn(repeats(piece("purr ")), streams(piece("Yes."), FINISH, DONE)))
    screen = terminal("chat", "--host", server.url)
    screen.until("me: ")
    screen.type("Purr for me\n")
    screen.until("purr purr")
    screen.type("\x03")
    screen.until("Stopped.")
    screen.until("me: ")
    screen.type("Are you there?\n")
    screen.until("Yes.")
    screen.until("me: ")
    screen.type("/quit\n")
    assert screen.ended() == 0
    assert server.left.wait(PATIENCE)
    answered, stopped = familiar.remembered()
    assert (answered["reply"], stopped["reply"][:9]) == ("Yes.", "purr purr")


def test_ctrl_c_twice_at_the_prompt_ends_the_program(terminal):
    screen = terminal("chat")
    screen.until("me: ")
    screen.type("\x03")
    screen.until("Ctrl+C once more leaves")
    screen.until("me: ")
    screen.type("\x03")
    assert screen.ended() == 130


def test_a_reply_cannot_steer_the_terminal(terminal, server):
    server.chats(streams(piece("\x1b]0;mine\x07 red \x1b[31m"), FINISH, DONE))
    screen = terminal("chat", "Hello", "--host", server.url)
    assert screen.ended() == 0
    assert "\N{REPLACEMENT CHARACTER}]0;mine\N{REPLACEMENT CHARACTER} red \N{REPLACEMENT CHARACTER}[31m" in screen.seen
    assert "\x1b" not in screen.seen


def test_ctrl_c_in_a_single_turn_keeps_what_there_is_and_exits_with_130(familiar, server):
    server.chats(repeats(piece("purr ")))
    process = familiar.start("chat", "Purr for me", "--host", server.url)
    assert process.stdout.read(4) == b"purr"
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE) == 130
    assert b"Traceback" not in process.stderr.read()
    assert familiar.remembered()[0]["reply"].startswith("purr")
