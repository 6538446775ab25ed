"""What a person does at the webui, and what must be remembered and shown then: the same for the real host and its double.

Each scenario begins in a new chat and speaks of things of its own, so that they can share one diary.
"""

from __future__ import annotations

from typing import Any

from extension.hosts.fields import PREPARED

from .scene import Scene

Entry = dict[str, Any]


def _here(scene: Scene) -> list[Entry]:
    """Return what is remembered of the chat on the page."""
    return [entry for entry in scene.diary() if entry["place"].endswith(f"/{scene.host.chat}")]


def _pairs(entries: list[Entry]) -> list[tuple[str, str]]:
    return [(entry["said"], entry["reply"]) for entry in entries]


def _about(scene: Scene, word: str) -> list[Entry]:
    return [entry for entry in scene.diary() if word in entry["said"] or word in entry["reply"]]


def a_new_turn_is_remembered_and_recalled_in_another_chat(scene: Scene) -> None:
    scene.host.new_chat()
    reply = scene.host.say("My dog is called Biscuit.")
    (told,) = _here(scene)
    assert (told["said"], told["reply"]) == ("My dog is called Biscuit.", reply.strip())
    assert (told["row"], told["person"], told["companion"]) == (0, "me", "Assistant")
    assert told["model"] == "SmolLM2-135M-Instruct"
    scene.host.new_chat()
    scene.host.say("What is the name of my dog?")
    (asked,) = _here(scene)
    assert told["id"] in asked["memories"]
    assert "My dog is called Biscuit." in scene.shown()
    assert scene.host.saved()["internal"][0][0] == "What is the name of my dog?", "the briefing is not saved with the chat"


def what_is_still_visible_in_the_chat_is_not_recalled(scene: Scene) -> None:
    scene.host.new_chat()
    scene.host.say("My canoe is called Heron.")
    scene.host.say("What is the name of my canoe?")
    first, second = _here(scene)
    assert first["id"] not in second["memories"]


def regenerating_replaces_the_reply(scene: Scene) -> None:
    scene.host.new_chat()
    scene.host.say("My boat is called Pelican.")
    told = _here(scene)[0]
    scene.host.new_chat()
    scene.host.say("What is the name of my boat?")
    (first,) = _here(scene)
    reply = scene.host.regenerate()
    (second,) = _here(scene)
    assert (second["said"], second["reply"]) == ("What is the name of my boat?", reply.strip())
    assert first["row"] == second["row"] == 0
    assert told["id"] in second["memories"]
    assert "My boat is called Pelican." in scene.shown()


def continuing_extends_the_reply(scene: Scene) -> None:
    scene.host.new_chat()
    scene.host.say("My horse is called Juniper.")
    told = _here(scene)[0]
    scene.host.new_chat()
    begun = scene.host.say("Tell me a long story about my horse.")
    whole = scene.host.continue_()
    (entry,) = _here(scene)
    assert whole.startswith(begun) and len(whole) > len(begun)
    assert entry["reply"] == whole.strip()
    assert told["id"] in entry["memories"]
    assert scene.host.messages() == [("Tell me a long story about my horse.", whole)]


def edits_of_either_side_reach_the_diary_with_the_next_turn(scene: Scene) -> None:
    scene.host.new_chat()
    scene.host.say("My cat is called Pepper.")
    scene.host.edit(0, "user", "My cat is called Saffron.")
    scene.host.edit(0, "assistant", "Saffron is a fine name.")
    reply = scene.host.say("Thank you.")
    assert _pairs(_here(scene)) == [("My cat is called Saffron.", "Saffron is a fine name."), ("Thank you.", reply.strip())]
    assert _about(scene, "Pepper") == []


def swiping_back_and_removing_the_last_row_reach_the_diary_with_the_next_turn(scene: Scene) -> None:
    scene.host.new_chat()
    first = scene.host.say("Name a tree.")
    scene.host.regenerate()
    scene.host.say("Name a bird that lives on the moon.")
    scene.host.swipe(0, "left")
    assert scene.host.remove_last() == "Name a bird that lives on the moon."
    reply = scene.host.say("Name a river.")
    assert _pairs(_here(scene)) == [("Name a tree.", first.strip()), ("Name a river.", reply.strip())]
    assert _about(scene, "on the moon") == []


def a_branch_and_a_renamed_chat_keep_what_was_said(scene: Scene) -> None:
    scene.host.new_chat()
    scene.host.say("My bicycle is painted turquoise.")
    scene.host.say("It has a bell.")
    scene.host.branch(0)
    scene.host.say("It has no bell.")
    assert [entry["said"] for entry in _here(scene)] == ["My bicycle is painted turquoise.", "It has no bell."]
    scene.host.rename(f"the bicycle {scene.host.chat[-2:]}")
    scene.host.say("It has a horn.")
    assert [entry["said"] for entry in _here(scene)] == ["My bicycle is painted turquoise.", "It has no bell.", "It has a horn."]


def an_incognito_chat_is_neither_recorded_nor_given_memories(scene: Scene) -> None:
    scene.host.new_chat()
    scene.host.say("My parrot is called Quartz.")
    before = scene.diary()
    scene.host.incognito()
    scene.host.say("What is the name of my parrot? My secret is marzipan.")
    assert "Quartz" not in scene.shown()
    scene.host.regenerate()
    scene.host.say("And another secret is liquorice.")
    assert scene.diary() == before
    scene.host.new_chat()
    scene.host.say("What is my secret?")
    assert "marzipan" not in scene.shown()
    assert _about(scene, "marzipan") == []


def a_stopped_reply_is_kept_as_far_as_it_came(scene: Scene) -> None:
    scene.host.new_chat()
    reply = scene.host.say_and_stop("Write a long story about a lighthouse and its keeper.")
    (entry,) = _here(scene)
    assert entry["reply"] == reply.strip() != ""


def a_greeting_is_no_turn(scene: Scene) -> None:
    scene.host.set_mode("chat")
    scene.host.new_chat()
    assert _here(scene) == []
    reply = scene.host.say("Good day, my tortoise is called Basil.")
    (entry,) = _here(scene)
    assert (entry["row"], entry["said"], entry["reply"]) == (1, "Good day, my tortoise is called Basil.", reply.strip())
    scene.host.set_mode("instruct")


def an_api_call_without_a_user_is_not_recorded(scene: Scene) -> None:
    scene.host.new_chat()
    scene.host.say("My lamp is called Copper.")
    before = scene.diary()
    scene.host.api_chat([{"role": "user", "content": "What is the name of my lamp? I keep it in Zanzibar."}])
    scene.host.api_completion("My lamp stands in Zanzibar and")
    assert scene.diary() == before


def an_api_call_with_a_user_is_recorded_and_recalled_for_that_user_alone(scene: Scene) -> None:
    first = scene.host.api_chat([{"role": "user", "content": "My violin is called Ophelia."}], user="ann")
    (told,) = _about(scene, "Ophelia")
    assert (told["person"], told["reply"]) == ("ann", first.strip())
    scene.host.api_chat([{"role": "user", "content": "What is the name of my violin?"}], user="ann")
    scene.host.api_chat([{"role": "user", "content": "What is the name of my violin?"}], user="bob")
    asked = {entry["person"]: entry for entry in scene.diary() if entry["said"] == "What is the name of my violin?"}
    assert asked["ann"]["memories"] == [told["id"]]
    assert asked["bob"]["memories"] == []


def an_api_conversation_is_recorded_turn_by_turn(scene: Scene) -> None:
    opening = {"role": "user", "content": "My kite is called Zephyr."}
    reply = scene.host.api_chat([opening], user="cleo")
    talk = [opening, {"role": "assistant", "content": reply}, {"role": "user", "content": "It flies in the wind."}]
    again = scene.host.api_chat(talk, user="cleo")
    hers = [entry for entry in scene.diary() if entry["person"] == "cleo"]
    assert _pairs(hers) == [("My kite is called Zephyr.", reply.strip()), ("It flies in the wind.", again.strip())]
    assert [entry["row"] for entry in hers] == [0, 1]
    assert hers[0]["place"] == hers[1]["place"]


def a_request_of_our_own_programs_is_not_recorded_here(scene: Scene) -> None:
    scene.host.new_chat()
    scene.host.say("My anvil is called Boris.")
    before = scene.diary()
    assert scene.host.api_chat([{"role": "user", "content": "What is the name of my anvil?"}], user=PREPARED)
    assert scene.diary() == before


def switched_off_in_the_panel_it_keeps_but_does_not_recall(scene: Scene) -> None:
    scene.host.new_chat()
    scene.host.say("My piano is called Domino.")
    scene.remember_only()
    scene.host.new_chat()
    scene.host.say("What is the name of my piano?")
    (asked,) = _here(scene)
    assert asked["memories"] == []
    assert scene.shown() == ""
    scene.recall_again()
    scene.host.regenerate()
    assert "My piano is called Domino." in scene.shown()


def an_interface_restart_loses_nothing(scene: Scene) -> None:
    scene.host.new_chat()
    scene.host.say("My drum is called Thunder.")
    chat = scene.host.chat
    scene.restart()
    assert scene.host.chat == chat
    scene.host.regenerate()
    reply = scene.host.say("It is loud.")
    assert [entry["said"] for entry in _here(scene)] == ["My drum is called Thunder.", "It is loud."]
    assert _here(scene)[1]["reply"] == reply.strip()
    scene.host.new_chat()
    scene.host.say("What is the name of my drum?")
    assert "My drum is called Thunder." in scene.shown()


def unticked_in_the_session_tab_it_does_nothing_until_ticked_again(scene: Scene) -> None:
    scene.host.new_chat()
    scene.host.say("My trumpet is called Comet.")
    before = scene.diary()
    scene.restart(ticked=False)
    scene.host.new_chat()
    scene.host.say("What is the name of my trumpet? It came from Uzbekistan.")
    assert scene.diary() == before
    assert scene.host.saved()["internal"][0][0] == "What is the name of my trumpet? It came from Uzbekistan."
    scene.restart(ticked=True)
    scene.host.new_chat()
    scene.host.say("What is the name of my trumpet?")
    assert "My trumpet is called Comet." in scene.shown()


def a_command_is_answered_in_the_chat_and_the_model_never_sees_it(scene: Scene) -> None:
    scene.host.new_chat()
    scene.host.say("My kite is called Merlin.")
    (told,) = _here(scene)
    assert "temperature is 0.4 in this place now." in scene.host.say("--set-config temperature 0.4")
    assert "Did you mean --commands?" in scene.host.say("--comands")
    shown = scene.host.say("—input-messages")
    assert ("My kite is called Merlin." in shown, "temperature" in shown) == (True, False)
    assert "A new conversation." in scene.host.say("--reset")
    assert _here(scene) == [told], "commands are not part of the diary"
    scene.host.say("What is the name of my kite?")
    assert _pairs(_here(scene))[1:] == [("What is the name of my kite?", scene.host.messages()[-1][1].strip())]
    assert "My kite is called Merlin." in scene.shown(), "after a reset the chat is remembered instead of shown"


SCENARIOS = [
    a_new_turn_is_remembered_and_recalled_in_another_chat,
    what_is_still_visible_in_the_chat_is_not_recalled,
    regenerating_replaces_the_reply,
    continuing_extends_the_reply,
    edits_of_either_side_reach_the_diary_with_the_next_turn,
    swiping_back_and_removing_the_last_row_reach_the_diary_with_the_next_turn,
    a_branch_and_a_renamed_chat_keep_what_was_said,
    an_incognito_chat_is_neither_recorded_nor_given_memories,
    a_stopped_reply_is_kept_as_far_as_it_came,
    a_greeting_is_no_turn,
    an_api_call_without_a_user_is_not_recorded,
    an_api_call_with_a_user_is_recorded_and_recalled_for_that_user_alone,
    an_api_conversation_is_recorded_turn_by_turn,
    a_request_of_our_own_programs_is_not_recorded_here,
    switched_off_in_the_panel_it_keeps_but_does_not_recall,
    a_command_is_answered_in_the_chat_and_the_model_never_sees_it,
    an_interface_restart_loses_nothing,
    unticked_in_the_session_tab_it_does_nothing_until_ticked_again,
]
