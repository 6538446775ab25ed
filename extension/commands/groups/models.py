"""Commands about the model: which one answers, which there are, and another one in its place; the same for LoRA adapters."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import perf_counter

from ...errors import CommandRefused
from ...options.kinds import Found, one_of
from ...permissions.level import Level
from ...ports import Rack
from ..call import Call
from ..command import Argument, Command, Outcome

NONE = "none"
"""The word that takes an adapter off."""


def model(call: Call) -> Outcome:
    """Say which model answers."""
    host = call.app.host
    return Outcome(f"{host.model or 'No model'}{f', with the adapter {host.adapter}' if host.adapter else ''}")


def models(call: Call) -> Outcome:
    """List the models there are."""
    return Outcome(_marked(_models(call), [call.app.host.model]))


def swap_model(call: Call) -> Outcome:
    """Let another model answer."""
    found, host = _named(call["model"], call.app.rack.models(), "model"), call.app.host
    before, adapter = host.model, host.adapter
    if found == before:
        return Outcome(f"{found} is the model that answers already.")
    took, told = _swap(call, lambda rack: rack.swap(found, call.scene.tell))
    off = f" The adapter {adapter} was taken off." if adapter and not host.adapter else ""
    return Outcome(f"{host.model} answers now{f', in place of {before}' if before else ''}. That took {took:.1f} s.{off}{told}")


def adapter(call: Call) -> Outcome:
    """Say which adapter is on the model."""
    return Outcome(call.app.host.adapter or "There is none on the model.")


def adapters(call: Call) -> Outcome:
    """List the adapters there are."""
    listed = _marked(call.app.rack.adapters(), call.app.host.adapter.replace("+", ",").split(","))
    return Outcome(listed or "There are none.")


def swap_adapter(call: Call) -> Outcome:
    """Put another adapter on the model, or none."""
    host = call.app.host
    wanted = "" if call["name"].lower() == NONE else _named(call["name"], call.app.rack.adapters(), "adapter")
    if wanted == host.adapter:
        return Outcome(f"{wanted} is the adapter already." if wanted else "There is none on the model.")
    took, told = _swap(call, lambda rack: rack.swap_adapter(wanted, call.scene.tell))
    now = f"{host.model} answers with the adapter {host.adapter}" if host.adapter else f"{host.model} answers without an adapter"
    return Outcome(f"{now} now. That took {took:.1f} s.{told}")


def _swap(call: Call, act: Callable[[Rack], str]) -> tuple[float, str]:
    """Swap while nothing is generated; return the seconds it took, and what there is to say besides."""
    call.scene.hold()
    try:
        began = perf_counter()
        told = call.app.swap(act)
        return perf_counter() - began, f" {told}" if told else ""
    finally:
        call.scene.release()


def _models(call: Call) -> Sequence[str]:
    try:
        return call.app.rack.models()
    except CommandRefused:
        return [call.app.host.model]


def _named(text: str, names: Sequence[str], what: str) -> str:
    """Return the one of some names that a text means: the whole of it, or how what follows its last slash begins or ends.

    Raises CommandRefused with those that may be meant.
    """
    said = text.lower()
    if text in names:
        return text
    whole = [name for name in names if said in (name.lower(), _tail(name))]
    found = whole or [name for name in names if _tail(name).startswith(said) or _tail(name).endswith(said)]
    if len(found) == 1:
        return found[0]
    if found:
        raise CommandRefused(f"More than one {what} may be meant: {', '.join(found[:10])}. Say which, by its whole name.")
    if not names:
        raise CommandRefused(f"There is no {what} to choose here.")
    return one_of(text, names, what)


def _tail(name: str) -> str:
    return name.rpartition("/")[2].lower()


def _marked(names: Sequence[str], current: Sequence[str]) -> str:
    missing = [name for name in current if name and name not in names]
    return "\n".join(f"{'*' if name in current else ' '} {name}" for name in (*missing, *names))


GROUP = (
    Command("model", "Say which model answers.", model),
    Command("models", "List the models there are; the one that answers is marked.", models),
    Command(
        "swap-model",
        "Let another model answer, everywhere.",
        swap_model,
        (Argument("model", Found("the name of a model, or how it begins or ends"), "which one", rest=True, choices=_models),),
        level=Level.ADMIN,
        changes=True,
    ),
    Command("adapter", "Say which LoRA adapter is on the model.", adapter),
    Command("adapters", "List the LoRA adapters there are; the one on the model is marked.", adapters),
    Command(
        "swap-adapter",
        "Put another LoRA adapter on the model, or none.",
        swap_adapter,
        (
            Argument(
                "name",
                Found("the name of an adapter, or none"),
                "which one",
                rest=True,
                choices=lambda call: [NONE, *call.app.rack.adapters()],
            ),
        ),
        level=Level.ADMIN,
        changes=True,
    ),
)
