"""YAML as people write it by hand, and nothing else of it: no tags, no aliases, no deep nesting.

What is left out is what a hostile file would use: tags make objects, aliases make a page of text out of a line a million times over. Of
plain words only null, booleans and short numbers are read as something other than text.
"""

from __future__ import annotations

import re
from typing import Any

import yaml

DEEPEST = 20
MOST = 5_000
"""Keys and values of a text, so that reading it takes a moment at most."""
LONGEST_LINE = 100
"""Characters of a text that is written into the line of its key."""
_TAG = "tag:yaml.org,2002:"


class _Loader(yaml.SafeLoader):
    yaml_implicit_resolvers: dict[Any, Any] = {}  # noqa: RUF012 (as PyYAML declares it)
    _depth = 0
    _count = 0

    def compose_node(self, parent: Any, index: Any) -> Any:
        event = self.peek_event()  # type: ignore[no-untyped-call]
        if isinstance(event, yaml.AliasEvent) or getattr(event, "tag", None) is not None:
            what = "an alias (*)" if isinstance(event, yaml.AliasEvent) else "a tag (!)"
            raise yaml.composer.ComposerError(None, None, f"{what} is not taken here; write out what it stands for", event.start_mark)
        if self._depth >= DEEPEST or self._count >= MOST:
            what = "it is nested too deeply" if self._depth >= DEEPEST else f"it holds more than {MOST} keys and values"
            raise yaml.composer.ComposerError(None, None, what, event.start_mark)
        self._depth += 1
        self._count += 1
        try:
            return super().compose_node(parent, index)
        finally:
            self._depth -= 1


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: Any) -> bool:
        return True


def _text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    return dumper.represent_scalar(f"{_TAG}str", text, style="|" if "\n" in text or len(text) > LONGEST_LINE else None)


_Loader.add_implicit_resolver(f"{_TAG}null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""])
_Loader.add_implicit_resolver(f"{_TAG}bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF"))
_Loader.add_implicit_resolver(f"{_TAG}int", re.compile(r"^[-+]?(?:0|[1-9][0-9]{0,17})$"), list("-+0123456789"))
_Loader.add_implicit_resolver(f"{_TAG}float", re.compile(r"^[-+]?(?:[0-9]{1,17}\.[0-9]{0,17}|\.[0-9]{1,17})$"), list("-+.0123456789"))
_Dumper.add_representer(str, _text)


def loaded(text: str) -> Any:
    """Return what a text says. Raises ValueError, which says in which line it is no YAML of this kind, and quotes nothing of it."""
    try:
        return yaml.load(text, _Loader)  # noqa: S506 (a SafeLoader, and less)
    except yaml.MarkedYAMLError as exc:
        where = f"line {exc.problem_mark.line + 1}: " if exc.problem_mark else ""
        raise ValueError(f"{where}{exc.problem or exc.context or 'it is no YAML'}") from None
    except yaml.YAMLError:
        raise ValueError("it holds characters that YAML does not take") from None


def dumped(value: Any) -> str:
    """Return a value as YAML, long texts and those of several lines as they are."""
    return yaml.dump(value, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=float("inf"))
