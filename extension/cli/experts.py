"""`familiar expert`: companions with an expertise of their own, made, changed, and carried to the webui and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from shlex import quote
from typing import Annotated, Any

import typer

from ..characters import BASE_PROMPTS, Card, characters, keep, read, remove
from ..characters.card import expert_of
from ..characters.examples import examples as shipped
from ..characters.examples import install
from ..characters.folder import LONGEST_NAME
from ..characters.webui import characters_of, from_webui, in_webui, to_webui, with_parts
from ..errors import FamiliarError, SettingsError
from . import console
from .options import AsJson, DataDir, Verbose, cleaned, settings

Name = Annotated[str, typer.Argument(metavar="NAME", callback=cleaned, help="The companion.")]
Names = Annotated[list[str] | None, typer.Argument(metavar="NAME", help="Which; all of them without.", show_default=False)]
Webui = Annotated[Path, typer.Argument(metavar="FOLDER", help="The webui's folder, or its folder of characters.")]
Force = Annotated[bool, typer.Option("--force", help="Replace what is there under the same name.")]


def _text(option: str, help_text: str) -> Any:
    return typer.Option(option, callback=cleaned, help=help_text, show_default=False)


Expertise = Annotated[str | None, _text("--expertise", "What it knows, in words to the model.")]
BasePrompt = Annotated[str | None, _text("--base-prompt", f"How it speaks: {', '.join(BASE_PROMPTS)}, or words of your own.")]
Greeting = Annotated[str | None, _text("--greeting", "The first words of a new chat.")]
Context = Annotated[str | None, _text("--context", "Its own words to the model, before its expertise.")]
Shelf = Annotated[str | None, _text("--shelf", "The companion whose documents it draws on; empty for its own.")]
Model = Annotated[str | None, _text("--model", "The model it wishes; empty for whichever there is.")]
Adapter = Annotated[str | None, _text("--adapter", "The adapter it wishes.")]
Scope = Annotated[
    str | None,
    typer.Option("--scope", metavar="place|companion|person", help="How far it remembers; empty for the setting.", show_default=False),
]
Preset = Annotated[
    list[str] | None,
    typer.Option("--preset", metavar="NAME=VALUE", help="How it generates: temperature=0.3, top_p=0.9, …; repeat it.", show_default=False),
]


def list_(ctx: typer.Context, as_json: AsJson = False, data_dir: DataDir = None, verbose: Verbose = False) -> None:
    """List the companions that have a file."""
    folder = _folder(ctx)
    found = {name: _read(name, folder) for name in characters(folder)}
    if as_json:
        broken = {name: {"name": name, "problem": card} for name, card in found.items() if isinstance(card, str)}
        console.answer_json([broken[name] if isinstance(card, str) else _plain(name, card) for name, card in found.items()])
        return
    for name, card in found.items():
        about = card if isinstance(card, str) else card.expert.expertise or card.context
        console.answer(console.brief(f"{name}: {about}", 140))
    if not found:
        console.say("No companion has a file yet. `familiar expert examples` brings nine, `familiar expert new NAME` makes one.")


def show(ctx: typer.Context, name: Name, as_json: AsJson = False, data_dir: DataDir = None, verbose: Verbose = False) -> None:
    """Show a companion: its file, and the system prompt made of it."""
    folder = _folder(ctx)
    card = read(name, folder)
    if as_json:
        console.answer_json(_plain(name, card))
    else:
        console.answer(console.printable(card.written().rstrip()))
        console.answer(f"\n--- the model is told\n{console.printable(card.character(name).context)}")
    _warn(card)


def new(
    ctx: typer.Context,
    name: Name,
    expertise: Expertise = None,
    base_prompt: BasePrompt = None,
    greeting: Greeting = None,
    context: Context = None,
    shelf: Shelf = None,
    scope: Scope = None,
    preset: Preset = None,
    model: Model = None,
    adapter: Adapter = None,
    force: Force = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Make a companion."""
    given = _given(expertise, base_prompt, shelf, scope, model, adapter)
    card = _changed(Card(name), greeting, context, given, preset)
    keep(name, card, _folder(ctx), force=force)
    _tell(name, card, "made", as_json)


def edit(
    ctx: typer.Context,
    name: Name,
    expertise: Expertise = None,
    base_prompt: BasePrompt = None,
    greeting: Greeting = None,
    context: Context = None,
    shelf: Shelf = None,
    scope: Scope = None,
    preset: Preset = None,
    model: Model = None,
    adapter: Adapter = None,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Change a companion; what no option names stays, and an empty text takes away. The next turn goes by it."""
    folder = _folder(ctx)
    given = _given(expertise, base_prompt, shelf, scope, model, adapter)
    if greeting is None and context is None and not given and not preset:
        raise typer.BadParameter("say what to change, such as --expertise or --preset temperature=0.3.", param_hint="familiar expert edit")
    card = _changed(read(name, folder), greeting, context, given, preset)
    keep(name, card, folder, force=True)
    _tell(name, card, "changed", as_json)


def remove_(ctx: typer.Context, name: Name, as_json: AsJson = False, data_dir: DataDir = None, verbose: Verbose = False) -> None:
    """Remove a companion's file. What was said to it and its documents stay."""
    path = remove(name, _folder(ctx))
    if as_json:
        console.answer_json({"removed": name, "path": str(path)})
    else:
        console.say(f"{console.brief(name)} is removed. What was said to it and its documents stay.")


def examples(
    ctx: typer.Context,
    names: Names = None,
    force: Force = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Bring the experts that ship with Familiar: art, science, sport, music, history, geography, maths, physics, philosophy."""
    folder = _folder(ctx)
    _each(names or shipped(), lambda name: str(install(name, folder, force=force)), as_json)


def to_webui_(
    ctx: typer.Context,
    folder: Webui,
    names: Names = None,
    force: Force = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Write companions into the webui's folder of characters. Pictures there, and other keys of a replaced file, stay."""
    ours, theirs = _folder(ctx), characters_of(folder)
    _each(names or characters(ours), lambda name: str(to_webui(name, read(name, ours), theirs, force=force)), as_json)


def from_webui_(
    ctx: typer.Context,
    folder: Webui,
    names: Names = None,
    force: Force = False,
    as_json: AsJson = False,
    data_dir: DataDir = None,
    verbose: Verbose = False,
) -> None:
    """Take characters of the webui as companions."""
    ours, theirs = _folder(ctx), characters_of(folder)

    def taken(name: str) -> str:
        card = from_webui(name, theirs)
        _warn(card)
        before = _read(name, ours)
        card = card if isinstance(before, str) else with_parts(card, before)
        return str(keep(name, card, ours, force=force))

    _each(names or in_webui(theirs), taken, as_json)


def _folder(ctx: typer.Context) -> Path:
    return settings(ctx).data_dir / "characters"


def _read(name: str, folder: Path) -> Card | str:
    """Return a card, or what is wrong with it."""
    try:
        return read(name, folder)
    except FamiliarError as exc:
        return str(exc)


def _given(*values: str | None) -> dict[str, str]:
    names = ("expertise", "base_prompt", "shelf", "scope", "model", "adapter")
    return {name: value for name, value in zip(names, values, strict=True) if value is not None}


def _changed(card: Card, greeting: str | None, context: str | None, given: Mapping[str, str], preset: list[str] | None) -> Card:
    """Return a card with other parts. Raises SettingsError for what makes no sense."""
    values: dict[str, Any] = {**card.expert.plain(), **given}
    if values.get("scope") == "":
        del values["scope"]
    values["preset"] = _preset(values.get("preset", {}), preset or [])
    expert = expert_of(values, f"The companion {card.name[:LONGEST_NAME]}")
    words = {"greeting": greeting, "context": context}
    return replace(card, expert=expert, **{key: text for key, text in words.items() if text is not None})  # type: ignore[arg-type]


def _preset(before: Mapping[str, Any], pairs: list[str]) -> dict[str, Any]:
    from ..characters.plain_yaml import loaded

    values = dict(before)
    for pair in pairs:
        name, is_set, text = console.cleaned(pair).partition("=")
        try:
            value = loaded(text)
        except ValueError as exc:
            raise SettingsError(f"--preset {name.strip()} is not usable: {exc}.") from None
        if not is_set or not name.strip():
            raise typer.BadParameter("it is NAME=VALUE, such as temperature=0.3; NAME= takes it away.", param_hint="--preset")
        if value is None:
            values.pop(name.strip(), None)
        else:
            values[name.strip()] = value
    return values


def _each(names: list[str], action: Any, as_json: bool) -> None:
    """Do something for each name, and say what came of it; what fails costs the others nothing."""
    done: list[dict[str, Any]] = []
    for name in dict.fromkeys(map(console.cleaned, names)):
        try:
            done.append({"name": name, "path": action(name), "problem": None})
        except FamiliarError as exc:
            done.append({"name": name, "path": None, "problem": str(exc)})
        if not as_json:
            console.say(f"{console.brief(name)}: {done[-1]['problem'] or done[-1]['path']}")
    if as_json:
        console.answer_json(done)
    if any(each["problem"] for each in done):
        raise typer.Exit(1)


def _tell(name: str, card: Card, what: str, as_json: bool) -> None:
    if as_json:
        console.answer_json(_plain(name, card))
    else:
        console.say(f"{console.brief(name)} is {what}. Talk to it: familiar chat --companion {quote(console.printable(name))}")
    _warn(card)


def _warn(card: Card) -> None:
    for warning in card.warnings:
        console.say(f"Warning: {warning}")


def _plain(name: str, card: Card) -> dict[str, Any]:
    found = {"name": name, "greeting": card.greeting, "context": card.context, "prompt": card.character(name).context}
    expert = card.expert
    parts = {"expertise": expert.expertise, "base_prompt": expert.base_prompt, "shelf": expert.shelf or name, "scope": expert.scope}
    wishes = {"model": expert.model, "adapter": expert.adapter, "preset": expert.plain().get("preset", {})}
    return {**found, **parts, **wishes, "warnings": list(card.warnings)}
