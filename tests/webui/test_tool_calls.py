"""The tools of the webui's model, called as the webui calls them: in a turn, with nothing but the model's arguments."""

from __future__ import annotations

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from extension.memory.diary import Answer
from extension.messages import Exchange, Person, Place, Turn
from extension.webui.tool_files import put_tools
from tests.host.double import HostDouble

from .test_hooks import EXTENSION, data_dir, diary, fresh, hooks

__all__ = ["data_dir", "fresh"]


@pytest.fixture
def host(tmp_path: Path, fresh: None) -> Any:
    with HostDouble(tmp_path / "webui", EXTENSION) as double:
        with_tools(double)
        yield double


def with_tools(host: HostDouble) -> None:
    """Put the tools where the webui looks for them, and tick them."""
    put_tools(host.folder / "user_data" / "tools")
    host.elements["selected_tools"] = ["remember_this", "search_memory"]


def call(host: HostDouble, name: str, arguments: Any, said: str = "Please look it up.") -> Any:
    """Say something to a model that then calls a tool, and return what the tool answered."""
    host.model.replies = [f"<tool_call>{json.dumps({'name': name, 'arguments': arguments})}</tool_call>", "Done."]
    host.say(said)
    sequence = host.history["metadata"][f"assistant_{len(host.history['internal']) - 1}"]["tool_sequence"]
    return json.loads(sequence[-1]["content"])


def search(host: HostDouble, query: str = "my dog Biscuit") -> Any:
    return call(host, "search_memory", {"query": query})


def said(answer: Any) -> list[str]:
    return [entry["said"] for entry in answer["memories"]]


def test_the_model_finds_what_was_said_in_another_chat_but_not_its_own_question(host: HostDouble) -> None:
    host.say("My dog is called Biscuit.")
    host.new_chat()
    answer = call(host, "search_memory", {"query": "dog Biscuit"}, said="What is my dog Biscuit's name?")
    assert said(answer) == ["My dog is called Biscuit."]
    (entry,) = answer["memories"]
    assert (entry["id"], entry["who"], entry["place"]) == (diary()[0].id, "You", diary()[0].place.title)
    assert diary()[-1].reply == "Done."


def test_what_the_model_remembers_is_kept_in_the_chat_and_recalled_in_another(host: HostDouble) -> None:
    answer = call(host, "remember_this", {"text": "Their dog is called Biscuit."}, said="Keep that in mind, please.")
    (note,) = (exchange for exchange in diary() if exchange.id == answer["id"])
    assert (note.said, note.person.id, note.companion) == ("Their dog is called Biscuit.", "me", "Assistant")
    assert note.place.id == f"webui:instruct/{host.chat}"
    host.say("And my cat is called Soot.")  # the chat is compared with the diary: what the model added stays
    host.new_chat()
    host.say("What is my dog called?")
    assert "Their dog is called Biscuit." in host.model.prompts[-1]


def test_regenerating_calls_again_and_remembers_once(host: HostDouble) -> None:
    first = call(host, "remember_this", {"text": "Their dog is called Biscuit."})
    call_again = {"name": "remember_this", "arguments": {"text": "Their dog is called Biscuit."}}
    host.model.replies = [f"<tool_call>{json.dumps(call_again)}</tool_call>", "Done."]
    host.regenerate()
    assert [exchange.id for exchange in diary() if "Biscuit" in exchange.said] == [first["id"]]


def test_another_companion_is_not_told_unless_the_person_wants_it(host: HostDouble) -> None:
    host.say("My dog is called Biscuit.")
    host.set_mode("chat", "Robin")
    host.new_chat()
    assert search(host)["memories"] == []
    hooks().extension.preferences.change(hooks().extension.app.settings, scope="person")
    assert "My dog is called Biscuit." in said(search(host))


def test_with_the_scope_of_one_chat_only_that_chat_is_searched(host: HostDouble) -> None:
    host.say("My dog is called Biscuit.")
    host.new_chat()
    hooks().extension.preferences.change(hooks().extension.app.settings, scope="place")
    host.say("My dog is brown.")
    assert said(search(host)) == ["My dog is brown."]


def test_turns_of_two_people_at_once_each_search_their_own_memory(host: HostDouble) -> None:
    calls, tools = hooks().extension.tool_calls, {}
    for name in ("ann", "bob"):
        exchange = remembered(name, f"My dog is called {name.title()}'s.")
        tools[name] = calls.ticket("search")
        calls.mark(name)
        calls.begin(name, turn_of(exchange))
    for name in ("bob", "ann"):
        found = json.loads(calls.call(tools[name], {"query": "my dog"}))["memories"]
        assert [entry["who"] for entry in found] == [name]


def test_a_tool_left_by_a_turn_that_never_began_never_meets_the_next_one(host: HostDouble) -> None:
    calls = hooks().extension.tool_calls
    left, remembering, taken = calls.ticket("search"), calls.ticket("remember"), calls.ticket("search")
    calls.mark("mark")
    calls.begin("mark", turn_of(remembered("ann", "My dog is called Biscuit.")))
    assert (left.turn, remembering.turn) == (None, None)
    assert taken.turn is not None
    assert "incognito" in json.loads(calls.call(left, {"query": "my dog"}))["error"]


def remembered(name: str, text: str) -> Exchange:
    """Say something as somebody else, and return the exchange."""
    memories = hooks().extension.app.memories
    number = memories.remember(Turn(Person(name), Place(f"webui:instruct/{name}"), "Assistant", text, 0, datetime.now(UTC)), Answer("Yes."))
    found: Exchange = memories.diary.one(number)
    return found


def turn_of(exchange: Exchange) -> Turn:
    """Return the next turn in the place of an exchange."""
    return Turn(exchange.person, exchange.place, exchange.companion, "And?", exchange.row + 1, exchange.when)


def test_an_incognito_chat_neither_searches_nor_remembers(host: HostDouble) -> None:
    host.say("My dog is called Biscuit.")
    host.incognito()
    assert "incognito" in search(host)["error"]
    assert "incognito" in call(host, "remember_this", {"text": "The safe's code is 7731."})["error"]
    assert len(diary()) == 1


def test_switched_off_in_the_panel_it_remembers_but_does_not_search(host: HostDouble) -> None:
    host.say("My dog is called Biscuit.")
    hooks().extension.preferences.change(hooks().extension.app.settings, enabled=False)
    assert search(host)["error"] == "The person has switched memories off in Familiar's panel. New things can still be remembered."
    assert call(host, "remember_this", {"text": "Their cat is called Soot."})["remembered"] is True


def test_unticked_it_says_how_to_tick_it(host: HostDouble) -> None:
    host.say("My dog is called Biscuit.")
    host.restart([])
    assert search(host)["error"] == "Familiar is not switched on in this webui. The person can tick it in the Session tab."
    assert len(diary()) == 1


def test_off_it_says_why(tmp_path: Path, fresh: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAMILIAR_BUDGET", "a lot")
    with HostDouble(tmp_path / "webui", EXTENSION) as host:
        with_tools(host)
        assert "FAMILIAR_BUDGET" in search(host)["error"]


def test_without_the_extension_it_says_how_to_start_it(tmp_path: Path, fresh: None) -> None:
    with HostDouble(tmp_path / "webui", EXTENSION) as host:
        host.restart([])
        sys.modules.pop("extension.webui.hooks")
        with_tools(host)
        assert "--extensions familiar" in search(host)["error"]


@pytest.mark.parametrize(
    ("name", "arguments", "message"),
    [
        ("search_memory", {}, "The argument `query` is not usable: field required"),
        ("search_memory", {"query": "x" * 1_000_000}, "at most 2000 characters"),
        ("search_memory", {"query": ["dog"]}, "should be a valid string"),
        ("search_memory", ["dog"], "The arguments are not usable"),
        ("search_memory", None, "The argument `query` is not usable: field required"),
        ("remember_this", {"text": ""}, "The argument `text` is not usable"),
        ("remember_this", {"text": "x", "person": "bob"}, "There is an argument that this tool does not take"),
    ],
)
def test_a_malformed_call_is_answered_with_what_is_wrong(host: HostDouble, name: str, arguments: Any, message: str) -> None:
    calls = hooks().extension.tool_calls
    ticket = calls.ticket("search" if name == "search_memory" else "remember")
    calls.mark("mark")
    calls.begin("mark", turn_of(remembered("ann", "My dog is called Biscuit.")))
    assert message in json.loads(calls.call(ticket, arguments))["error"]
    assert host.say("And now?") == "Reply 1."


def test_a_store_that_fails_is_a_sentence_for_the_model_and_the_turn_goes_on(host: HostDouble, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> Any:
        raise RuntimeError("My dog is called Biscuit.")

    monkeypatch.setattr(hooks().extension.app.memories, "search", fail)
    answer = search(host)
    assert answer["error"] == "Something failed inside Familiar (RuntimeError); its log has the details."
    assert diary()[-1].reply == "Done."
