"""The peers there are, by their names."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

from bench.conversations import Conversation
from bench.peers import apart, here
from bench.peers.peer import Peer

NAMES = ("bm25", "mem0", "minilm", "superboogav2")
Start = Callable[[Sequence[Conversation], Path], Peer]
"""Lets a peer read the conversations, with a folder for its files. Raises ValueError with what to do where it cannot run."""


def starter(name: str, webui: Path | None) -> Start:
    """Return what starts the peer of a name; `webui` is a checkout of the webui. Raises ValueError where that is missing."""
    if name == "superboogav2":
        return partial(apart.superboogav2, apart.checkout(webui))
    known: dict[str, Start] = {"bm25": here.bm25, "mem0": apart.mem0, "minilm": here.minilm}
    return known[name]
