"""Generating with the stand-in's model: one generation at a time, text cumulative, hooks where the host has them."""

import ast
import html
from collections.abc import Iterator
from typing import Any

import modules.shared as shared
from modules.extensions import apply_extensions
from modules.logging_colors import logger


def generate_reply(
    question: str, state: Any, stopping_strings: Any = None, is_chat: bool = False, escape_html: bool = False, for_ui: bool = False
) -> Iterator[str]:
    """Yield the reply so far, again and again. The lock is held from the first piece until the iterator is closed."""
    with shared.generation_lock:
        yield from _generate_reply(question, state, stopping_strings, is_chat, escape_html)


def _generate_reply(question: str, state: Any, stopping_strings: Any, is_chat: bool, escape_html: bool) -> Iterator[str]:
    backend = apply_extensions("custom_generate_reply") or _backend
    original = question
    if not is_chat:
        state = apply_extensions("state", state)
        question = apply_extensions("input", question, state)
    stops = [*_as_list(stopping_strings), *_as_list(state["custom_stopping_strings"])]
    shared.stop_everything = False
    reply = ""
    for reply in backend(question, original, state, stopping_strings, is_chat=is_chat):
        reply, stopped = _cut(reply, stops)
        reply = html.escape(reply) if escape_html else reply
        if state["stream"]:
            yield reply
        event = state.get("stop_event")
        if stopped or shared.stop_everything or (event and event.is_set()):
            break
    if not is_chat:
        reply = apply_extensions("output", reply, state)
    yield reply


def _backend(question: str, original_question: str, state: Any, stopping_strings: Any = None, is_chat: bool = False) -> Iterator[str]:
    """Stream from the model; what goes wrong in it is logged and ends the reply."""
    try:
        yield from shared.model.generate(question, state)
    except Exception:
        logger.exception("Failed to generate reply")


def _as_list(strings: Any) -> list[str]:
    if isinstance(strings, str):
        strings = ast.literal_eval(f"[{strings}]")
    return list(strings or [])


def _cut(reply: str, stops: list[str]) -> tuple[str, bool]:
    for stop in stops:
        if stop in reply:
            return reply[: reply.index(stop)], True
    return reply, False


def encode(
    prompt: str, add_special_tokens: bool = True, add_bos_token: bool = True, truncation_length: int | None = None
) -> list[list[int]]:
    """Return the token ids of a prompt as one row."""
    if shared.tokenizer is None:
        raise ValueError("No tokenizer is loaded")
    ids = shared.tokenizer.encode(str(prompt))
    return [ids[-truncation_length:] if truncation_length is not None else ids]


def get_encoded_length(prompt: str) -> int:
    """Return how many tokens a prompt is, or what an extension says it is."""
    length = apply_extensions("tokenized_length", prompt)
    return len(encode(prompt)[0]) if length is None else length


def get_max_prompt_length(state: Any) -> int:
    """Return how many tokens the prompt may be, leaving room for the reply."""
    return state["truncation_length"] - state["max_new_tokens"]
