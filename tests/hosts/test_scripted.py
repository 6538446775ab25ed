"""Tests of the host that answers from a script."""

from __future__ import annotations

import pytest

from extension.errors import HostRefused, HostTimeout
from extension.hosts.scripted import Scripted
from extension.messages import Generation, Message

from .contract import HostContract, ask

PLENTY = Generation(max_new_tokens=100)


class TestContract(HostContract):
    @pytest.fixture
    def host(self):
        return Scripted()


def said(host, text="Hello", options=PLENTY):
    return "".join(host.generate(ask(text), options))


def test_replies_come_in_their_order():
    host = Scripted(["First.", "Second."])
    assert [said(host), said(host)] == ["First.", "Second."]


def test_a_script_that_is_used_up_says_so():
    host = Scripted(["Only one."])
    said(host)
    with pytest.raises(HostRefused, match=r"^The script has 1 replies and all were given\. Write more of them\.$"):
        said(host)


def test_a_function_answers_what_it_was_shown():
    host = Scripted(lambda messages: f"{messages[0].role}: {messages[-1].content.upper()}")
    assert said(host, "shout") == "system: SHOUT"


def test_a_function_may_fail_as_a_host_does():
    def slow(messages):
        raise HostTimeout("Too slow. Wait longer.")

    with pytest.raises(HostTimeout, match="Too slow"):
        said(Scripted(slow))


def test_without_a_script_the_last_message_is_quoted_whole():
    reply = said(Scripted(), "What I know of you: you like tea.\n\nWhat do I like?")
    assert reply == (
        "I am a script, not a model. The last of the 2 messages I was shown is:\n\nWhat I know of you: you like tea.\n\nWhat do I like?"
    )


def test_without_a_script_an_empty_prompt_is_answered_too():
    reply = "".join(Scripted().generate([], PLENTY))
    assert reply == "I am a script, not a model. The last of the 0 messages I was shown is:\n\n"


def test_a_reply_comes_word_by_word():
    assert list(Scripted(["One  two\nthree."]).generate([Message("user", "x")], PLENTY)) == ["One  ", "two\n", "three."]


def test_a_token_is_four_characters():
    host = Scripted(["abcdefghijkl"])
    assert [host.count(text) for text in ("", "a", "abcd", "abcde")] == [0, 1, 1, 2]
    assert said(host, options=Generation(max_new_tokens=2)) == "abcdefgh"


def test_a_stop_string_ends_the_reply():
    host = Scripted(["Yes. \nUser: and then"])
    assert said(host, options=Generation(max_new_tokens=50, stop=("\nUser:",))) == "Yes. "


def test_a_prompt_that_does_not_fit_is_refused_with_the_numbers():
    host = Scripted(context_length=100)
    with pytest.raises(
        HostRefused, match=r"^The prompt takes 54 tokens and the reply may take 50, but scripted sees 100 at once\. Shorten"
    ):
        said(host, "x" * 200, Generation(max_new_tokens=50))


def test_two_scripts_know_nothing_of_each_other():
    first, second = Scripted(["a", "b"]), Scripted(["c"])
    assert [said(first), said(second), said(first)] == ["a", "c", "b"]


def test_it_is_called_what_it_was_told():
    host = Scripted(model="parrot", adapter="pirate", context_length=10)
    assert (host.model, host.adapter, host.context_length) == ("parrot", "pirate", 10)
