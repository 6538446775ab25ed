"""`familiar settings`: what is set, where it comes from, and how to set it."""

from __future__ import annotations

import difflib
import os
import re
from typing import Annotated, Any

import typer
from pydantic import SecretStr

from ..errors import SettingsError
from ..settings import PASSWORD, PREFIX, Settings, origins, save
from . import console
from .options import AsJson, DataDir, Verbose, cleaned, data_dir
from .options import settings as in_effect


def settings(
    ctx: typer.Context,
    name: Annotated[str | None, typer.Argument(metavar="NAME", callback=cleaned, show_default=False)] = None,
    value: Annotated[str | None, typer.Argument(metavar="VALUE", callback=cleaned, show_default=False)] = None,
    as_json: AsJson = False,
    folder: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Show the settings and where each comes from, or set one in the data directory's settings.yaml."""
    name = None if name is None else _known(name.replace("-", "_").lower())
    chosen = _set(ctx, name, value) if name is not None and value is not None else in_effect(ctx)
    where = origins(chosen.data_dir, os.environ, data_dir(ctx))
    found = [_described(chosen, each, where[each]) for each in Settings.model_fields if name in (None, each)]
    if as_json:
        console.answer_json(found if name is None else found[0])
    elif name is None:
        for each in found:
            console.answer(f"{each['name']:<15} {console.brief(str(each['value']), 60):<40} {each['from']}")
    else:
        console.answer(f"{found[0]['value']}")
        console.aside(f"{found[0]['about']} From: {found[0]['from']}.")


def _known(name: str) -> str:
    """Return the name of a setting. Raises SettingsError for any other name."""
    if name in Settings.model_fields:
        return name
    close = difflib.get_close_matches(name, Settings.model_fields, n=1)
    raise SettingsError(f"There is no setting {name!r}.{f' Did you mean {close[0]!r}?' if close else ' `familiar settings` lists them.'}")


def _set(ctx: typer.Context, name: str, value: str) -> Settings:
    if name == "data_dir":
        raise SettingsError(f"data_dir says where the file of settings lies, so it cannot be in it. Use --data-dir, or {PREFIX}DATA_DIR.")
    chosen = in_effect(ctx, **{name: value})  # what is given here outweighs a value that is not usable
    saved = save(chosen, **{name: getattr(chosen, name)})
    if os.environ.get(PREFIX + name.upper(), "") != "":
        console.say(f"Written, though {PREFIX}{name.upper()} in the environment outweighs it.")
        return in_effect(ctx)
    return saved


def _hidden(found: re.Match[str]) -> str:
    return f"{found[2]}=…" if found[2] else f"{found[1]}:…"


def _described(chosen: Settings, name: str, origin: str) -> dict[str, Any]:
    value = getattr(chosen, name)
    if isinstance(value, SecretStr):
        value = "set" if value.get_secret_value() else "not set"
    return {
        "name": name,
        "value": value if isinstance(value, bool | int | float) else PASSWORD.sub(_hidden, str(value)),
        "from": origin,
        "variable": PREFIX + name.upper(),
        "about": Settings.model_fields[name].description or "",
    }
