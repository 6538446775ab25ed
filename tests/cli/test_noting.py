"""Tests of `familiar memory facts`, `fact` and `think`."""

from __future__ import annotations

import json

import pytest

from extension.hosts.scripted import Scripted
from tests.hosts.openai_double import speaks


@pytest.fixture
def noted(familiar, server):
    """The program over a diary with two exchanges, of which a server's model noted facts."""
    familiar.tell("I live in Lisbon.", "--no-memory", as_="ann")
    familiar.tell("I moved and live in Porto now.", "--no-memory", as_="ann")
    familiar.environ |= {"FAMILIAR_FACTS": "true"}
    server.chats(speaks(Scripted(["ann | home | Lisbon", "ann | home | Porto"])))
    ran = familiar("memory", "think", "--host", server.url)
    assert (ran.code, ran.err) == (0, "Done: 2 new facts, 0 summaries in all.\n")
    return familiar


def test_facts_are_listed_with_their_history(noted):
    assert [fact["value"] for fact in noted("memory", "facts", "--json").json] == ["Porto"]
    ran = noted("memory", "facts", "--history", "--person", "ann")
    assert [line.split("  ")[0] for line in ran.out.splitlines()] == ["#2", "#1"]
    assert "ann, home: Lisbon  (until #2)  [said by ann, memory 1]" in ran.out
    assert noted("memory", "facts", "--person", "bob").err.startswith("No such fact was noted.")


def test_a_fact_is_shown_put_right_and_removed(noted):
    assert [line.split("  ")[0] for line in noted("memory", "fact", 2).out.splitlines()] == ["#1", "#2"]
    assert "ann, home: Braga" in noted("memory", "fact", 2, "--value", "Braga").out
    assert noted("memory", "fact", 2, "--delete").err == "Fact 2 is removed.\n"
    assert json.loads(noted("memory", "facts", "--json").out)[0]["value"] == "Lisbon"
    assert noted("memory", "fact", 2).err == "Error: There is no fact with id 2. `familiar memory facts` shows those there are.\n"
    assert noted("memory", "fact", 1, "--delete", "--value", "x").code == 2


def test_thinking_needs_to_be_switched_on(familiar):
    familiar.tell("I live in Lisbon.")
    familiar.environ |= {"FAMILIAR_SUMMARIES": "off", "FAMILIAR_LEARN": "false"}
    ran = familiar("memory", "think")
    assert ran.code == 1
    assert "Set FAMILIAR_FACTS" in ran.err


def test_summaries_are_made_listed_and_shown_where_a_chat_begins(familiar):
    for number in range(8):
        familiar.tell(f"The lighthouse keeper counted {number} white gulls before his long breakfast on the rocks. " * 2, place="sofa")
    assert familiar("memory", "summaries").err.startswith("There is no such summary.")
    assert familiar("memory", "think", "--json").json == {"facts": 0, "summaries": 1}
    ran = familiar("memory", "summaries", "--person", "me")
    assert ran.out.startswith("#1  person me, ")
    assert "The lighthouse keeper counted" in ran.out
    made = familiar("memory", "summary", 1, "--again", "--json").json
    assert (made["kind"], made["of"], made["exchanges"]) == ("person", [1, 2, 3, 4, 5, 6, 7, 8], 8)
    assert "    of 1, 2, 3, 4, 5, 6, 7, 8\n" in familiar("memory", "summary", made["id"]).out
    assert familiar("memory", "summary", 99, "--again").err.startswith("Error: There is no summary with id 99.")
    assert familiar("memory", "summary", 1, "--again", "--delete").code == 2
    [shown] = familiar.tell("Good morning!", place="desk")["summaries"]
    assert (shown["kind"], shown["tokens_saved"] > 100) == ("person", True)

    assert familiar("memory", "summary", made["id"], "--delete").err == f"Summary {made['id']} is removed.\n"
    assert familiar("memory", "summaries", "--json").json == []


def test_a_question_that_a_model_put_more_clearly_is_shown(familiar, server):
    familiar.tell("My dog Biscuit must not eat nuts.", place="sofa")
    server.chats(speaks(Scripted(["What must my dog Biscuit not eat?"] * 2)))
    familiar.environ |= {"FAMILIAR_ENRICH": server.url}
    turn = familiar.tell("What must my dog not eat?", place="desk")
    assert turn["question"] == "What must my dog Biscuit not eat?"
    assert turn["reply"].endswith("</memories>\n\nWhat must my dog Biscuit not eat?")
    assert familiar.remembered()[0]["said"] == "What must my dog not eat?"
    assert "asked as: What must my dog Biscuit not eat?" in familiar("chat", "What must my dog not eat?", "--place", "attic").err
