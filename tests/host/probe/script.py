"""An extension that writes down each call of a hook, with what a hook can tell from it. test_contract.py compares the notes.

It answers in the model's place, so that two hosts are given the same words: `Reply N.`, a call of the tool `echo` when asked to
"use the tool", and word by word with pauses when asked to "speak slowly". Notes go to the file in PROBE_NOTES, one JSON list a line.
"""

import json
import os
import time
from pathlib import Path

count = [0]
asked = [""]


def note(hook, *facts):
    """Write a line: the hook's name and the facts about this call."""
    with Path(os.environ["PROBE_NOTES"]).open("a", encoding="utf-8") as file:
        file.write(json.dumps([hook, *facts]) + "\n")


def chat_kind(state):
    """Say what a hook can tell about the chat: its id's kind and whose character answers."""
    unique_id = state.get("unique_id")
    kind = "no id" if not unique_id else "incognito" if unique_id.startswith("incognito-") else "saved"
    return f"{kind}, menu {state.get('character_menu')}, user {state.get('user')}"


def locked():
    """Say whether a generation holds the host's lock."""
    from modules import shared

    return "locked" if shared.generation_lock.locked() else "free"


def turn_kind(state, history, is_continue):
    """Tell new, regenerate, continue and tool turns apart as the real extension must."""
    meta = history.get("metadata", {}).get(f"assistant_{len(history['internal'])}", {})
    versions = meta.get("versions") or [{"content": None}]
    return "continue" if is_continue else "tool" if state.get("_tool_turn") else "regenerate" if versions[-1]["content"] == "" else "new"


def setup():
    note("setup", __name__)


def ui():
    note("ui")


def custom_css():
    note("css")
    return ""


def custom_js():
    note("js")
    return ""


def history_modifier(history):
    note("history", sorted(history), history["internal"])
    return history


def state_modifier(state):
    note("state", chat_kind(state), state.get("mode"))
    note("keys", sorted(key for key in state if not key.startswith("_")))
    return state


def chat_input_modifier(text, visible_text, state):
    note("chat_input", text, visible_text)
    return text, visible_text


def input_modifier(string, state, is_chat=False):
    note("input", string, "chat" if is_chat else "plain", locked())
    if not is_chat:
        asked[0] = string
    return string


def custom_generate_chat_prompt(user_input, state, **kwargs):
    history = kwargs["history"]
    shared_rows = bool(history["internal"]) and history["internal"][0] is state["history"]["internal"][0]
    kind = turn_kind(state, history, kwargs["_continue"])
    note("prompt", kind, user_input, history["internal"], "shared" if shared_rows else "copied", locked())
    asked[0] = "" if state.get("_tool_turn") else user_input


def bot_prefix_modifier(string, state):
    note("bot_prefix", string)
    return string


def custom_tokenized_length(prompt):
    note("length")


def custom_generate_reply(question, original_question, state, stopping_strings, is_chat=False):
    count[0] += 1
    note("reply", "chat" if is_chat else "plain", locked())
    reply = f"Reply {count[0]} <&>."
    if "use the tool" in asked[0]:
        reply = '<tool_call>{"name": "echo", "arguments": {"text": "hi"}}</tool_call>'
    if "speak slowly" in asked[0]:
        reply = " ".join(f"word{number}" for number in range(200))
    words = reply.split(" ")
    for number in range(len(words)):
        time.sleep(0.02)
        yield " ".join(words[: number + 1])


def output_modifier(string, state, is_chat=False):
    note("output", string, "chat" if is_chat else "plain", locked())
    return string
