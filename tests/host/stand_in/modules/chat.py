"""What the host's `modules.chat` offers an extension, gathered from the parts of the stand-in."""

from collections.abc import Iterator
from typing import Any

from modules.chat_history import load_history, save_history, start_new_chat
from modules.chat_prompt import generate_chat_prompt, get_stopping_strings
from modules.chat_turns import chatbot_wrapper, generate_chat_reply, generate_chat_reply_wrapper
from modules.text_generation import generate_reply

__all__ = [
    "chatbot_wrapper",
    "generate_chat_prompt",
    "generate_chat_reply",
    "generate_chat_reply_wrapper",
    "get_stopping_strings",
    "impersonate_wrapper",
    "load_history",
    "redraw_html",
    "save_history",
    "start_new_chat",
]


def impersonate_wrapper(textbox: dict[str, Any], state: Any) -> Iterator[str]:
    """Yield what the model would say in the person's place. Of the hooks, only the one for token counts is called."""
    text = textbox["text"]
    prompt = generate_chat_prompt("", state, impersonate=True) + text
    for reply in generate_reply(prompt, state, stopping_strings=get_stopping_strings(state), is_chat=True):
        yield (text + reply).lstrip(" ")


def redraw_html(history: Any, name1: str, name2: str, mode: str, style: str, character: str, reset_cache: bool = False) -> dict[str, Any]:
    """Return what the page shows: here, the visible rows as they are."""
    return {"html": "\n".join(f"{said}\n{reply}" for said, reply in history["visible"]), "last_message_only": False}
