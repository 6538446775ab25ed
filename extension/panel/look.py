"""How the panel looks, and the script that lets it look again: the files beside this module."""

from __future__ import annotations

from pathlib import Path

_HERE = Path(__file__).parent


def css() -> str:
    """Return the style of the panel, all of it under #familiar."""
    return text("panel.css")


def watch_chat() -> str:
    """Return the script for the webui: it presses the panel's refresh button after each reply, and lets memories be picked."""
    return text("panel.js") + picking()


def picking() -> str:
    """Return the script that tells the panel what was clicked in its pictures."""
    return text("pick.js")


def text(name: str) -> str:
    """Return one of the files beside this module."""
    return (_HERE / name).read_text(encoding="utf-8")
