"""Commands about people: their levels, and the record of what was done."""

from __future__ import annotations

from dataclasses import replace

from ...errors import CommandRefused
from ...messages import Person
from ...options.kinds import Found, OneOf, Whole
from ...permissions.authorizer import Asker
from ...permissions.level import DEFAULT, NAMES, Level
from ..call import Call
from ..command import Argument, Command, Outcome


def _other(call: Call, named: str) -> Asker:
    """Return the person of a name or id, as somebody who asks from here. Raises CommandRefused."""
    found = call.scene.people(named)
    if not found:
        raise CommandRefused(f"Nobody here goes by `{named[:60]}`. Give their id, as `discord:123456` or `matrix:@name:server`.")
    if len(found) > 1:
        ids = ", ".join(person.id for person in found[:5])
        raise CommandRefused(f"{len(found)} people go by `{named[:60]}`: {ids}. Give the id of one.")
    other = found[0]
    if other.id == call.person.id:
        return call.asker
    return replace(call.asker, person=other, roles=call.scene.roles(other), here=False)


def get(call: Call) -> Outcome:
    """Say somebody's level, and why it is that."""
    other = _other(call, call["person"])
    standing = call.app.authorizer.standing(other)
    if other.person.id != call.person.id and call.level < Level.MOD:
        raise CommandRefused("The levels of others are for mods and above; without a name it tells yours.")
    return Outcome(f"{other.person.shown}: {standing.level.shown} ({standing.why})")


def set_(call: Call) -> Outcome:
    """Change somebody's level."""
    other = _other(call, call["person"])
    after = call.app.authorizer.change(call.asker, other, call["level"])
    return Outcome(f"{other.person.shown} is {after.shown} now.")


def listed(call: Call) -> Outcome:
    """List the levels that were given."""
    named = call.app.settings.permissions.levels
    given = call.app.authorizer.granted.all()
    lines = [f"{person}: {level} (settings)" for person, level in named.items()]
    lines += [f"{person}: {level.shown}" for person, level in given.items()]
    return Outcome("\n".join([*lines, f"everybody else: {call.app.settings.permissions.default}"]), private=True)


def record(call: Call) -> Outcome:
    """Show the newest lines of the record."""
    found = call.app.authorizer.record.latest(call["count"] or 20)
    lines = [f"{deed.when:%Y-%m-%d %H:%M:%S}  {deed.person}  {deed.command}: {deed.outcome}  ({deed.door}, {deed.place})" for deed in found]
    return Outcome("\n".join(lines) or "Nothing was recorded yet.", private=True)


def _people(call: Call) -> list[str]:
    return [person.name or person.id for person in call.scene.people("")]


def _levels(call: Call) -> list[str]:
    """Return the levels that may be given to the person that was named by now."""
    named = str(call["person"] or "")
    found = call.scene.people(named) if named else [Person("")]
    if len(found) != 1:
        return []
    return call.app.authorizer.choices(call.asker, replace(call.asker, person=found[0], roles=call.scene.roles(found[0]), here=False))


_PERSON = Argument("person", Found("a person"), "who, by name or id", choices=_people)

GROUP = (
    Command("permissions get", "Say somebody's level, and why.", get, (_PERSON,)),
    Command(
        "permissions set",
        "Change the level of somebody below you.",
        set_,
        (_PERSON, Argument("level", OneOf((*NAMES, DEFAULT)), "theirs from now on", choices=_levels)),
        level=Level.MOD,
        changes=True,
    ),
    Command("permissions list", "List the levels people were given.", listed, level=Level.ADMIN),
    Command(
        "record",
        "Show what was done that asks for a level, the newest first.",
        record,
        (Argument("count", Whole(1, 500), "how many lines", required=False),),
        level=Level.ADMIN,
    ),
)
