"""Commands about what was chosen: generation, decoding modes, saved presets, words, and the prompt."""

from __future__ import annotations

from ...errors import CommandRefused
from ...options.catalogue import BY_NAME, find
from ...options.decoding import MODE, MODEL, PRESETS
from ...options.kinds import Found, OneOf, Whole, Words
from ...options.layers import Choices, Chosen
from ...options.option import Option
from ...options.presets import Presets
from ..call import Call
from ..command import Argument, Command, Outcome
from .layer import WHERE, layer_for, shown

_BUFFER, _PROMPT = "input-buffer-size", "prompt"


def _choices(call: Call) -> Choices:
    return call.app.options.at(call.scene.spot)


def choose(call: Call, name: str, text: str) -> Outcome:
    """Choose a value of an option for whom the command says, and say what it is now."""
    option = find(name)
    layer = layer_for(call, option)
    call.app.options.set(option.name, text, layer, call.scene.spot, call.person.id)
    now = _choices(call).value(option.name)
    overruled = f" It was chosen {shown(layer)}, but what holds here was {now.why}." if now.layer not in (layer, "") else ""
    return Outcome(f"{option.name} is {now.shown} {shown(now.layer)} now.{overruled}{_untaken(call, option)}")


def _untaken(call: Call, option: Option) -> str:
    if option.group == "conversation":
        return ""
    lost = call.app.untaken(call.scene.spot)
    return f" The model that is loaded does nothing with it: {option.name} has no effect there." if option.name in lost else ""


def config(call: Call) -> Outcome:
    """Show the values that differ from the defaults, with why."""
    if call["name"]:
        found = _choices(call).value(find(call["name"]).name)
        return Outcome(f"{found.option.name}: {found.shown} ({found.why})\n{found.option.help}\nTakes {found.option.takes}.")
    choices, lost = _choices(call), call.app.untaken(call.scene.spot)
    different = [each for each in choices.different() if each.option.name != _PROMPT]
    lines = [_line(each) + ("  [no effect with this model]" if each.option.name in lost else "") for each in different]
    usual = {"max_new_tokens": call.app.generation.max_new_tokens, "temperature": call.app.generation.temperature}
    named = {each.option.name for each in different}
    return Outcome("\n".join([*lines, *(f"{name}: {value} (settings)" for name, value in usual.items() if name not in named)]))


def config_full(call: Call) -> Outcome:
    """Show every value there is."""
    return Outcome("\n".join(_line(chosen) for chosen in _choices(call).everything()), private=True)


def _line(chosen: Chosen) -> str:
    return f"{chosen.option.name}: {chosen.shown} ({chosen.why})"


def set_config(call: Call) -> Outcome:
    """Choose a value."""
    return choose(call, call["name"], call["value"])


def decoding_mode(call: Call) -> Outcome:
    """Say which decoding mode is in effect."""
    return Outcome(_choices(call).decoding.shown)


def decoding_modes(call: Call) -> Outcome:
    """List the decoding modes."""
    lines = [f"{name}: {', '.join(f'{key} {str(value).lower()}' for key, value in values.items())}" for name, values in PRESETS.items()]
    return Outcome("\n".join([*lines, f"{MODEL}: as the model itself has it"]))


def set_decoding_mode(call: Call) -> Outcome:
    """Choose a decoding mode."""
    return choose(call, MODE.name, call["mode"])


def save_preset(call: Call) -> Outcome:
    """Save the generation settings that hold here under a name."""
    saved = Presets(call.app.memories.database).save(call["name"], _choices(call), call.person.id)
    return Outcome(f"Saved as “{saved.name}”: {_values(saved.values)}")


def load_preset(call: Call) -> Outcome:
    """Choose what a saved preset holds."""
    layer = layer_for(call, MODE)
    loaded = Presets(call.app.memories.database).load(call["name"], call.app.options, layer, call.scene.spot, call.person.id)
    return Outcome(f"“{loaded.name}” holds {shown(layer)} now: {_values(loaded.values)}")


def list_presets(call: Call) -> Outcome:
    """List the saved presets."""
    found = Presets(call.app.memories.database).saved(call.person.id)
    return Outcome("\n".join(f"{preset.name}: {_values(preset.values)}" for preset in found) or "You saved no presets.")


def remove_preset(call: Call) -> Outcome:
    """Remove a saved preset."""
    Presets(call.app.memories.database).remove(call["name"], call.person.id)
    return Outcome("Removed.")


def _values(values: tuple[tuple[str, object], ...]) -> str:
    return ", ".join(f"{name} {value}" for name, value in values)


def _preset_names(call: Call) -> list[str]:
    return [preset.name for preset in Presets(call.app.memories.database).saved(call.person.id)]


def buffer(call: Call) -> Outcome:
    """Say how many messages the model is shown."""
    found = _choices(call).value(_BUFFER)
    return Outcome(f"{'As many messages as fit' if found.value is None else found.value} ({found.why})")


def set_buffer(call: Call) -> Outcome:
    """Choose how many messages the model is shown."""
    return choose(call, _BUFFER, str(call["n"]))


def prompt(call: Call) -> Outcome:
    """Show the system prompt."""
    found = _choices(call).value(_PROMPT)
    if found.value is not None:
        return Outcome(f"{found.value}\n\n({found.why})")
    return Outcome(call.app.character(call.scene.companion).context or "There is none.")


def set_prompt(call: Call) -> Outcome:
    """Choose the system prompt, and begin a new conversation."""
    choose(call, _PROMPT, call["text"])
    call.app.memories.seen.begin_anew(call.place.id, call.person)
    call.scene.begun_anew()
    now = _choices(call).value(_PROMPT)
    what = "The companion's own system prompt holds again" if now.choice is None else f"The system prompt is set {shown(now.layer)}"
    return Outcome(f"{what}, and a new conversation begins.")


def ban(call: Call) -> Outcome:
    """Ban a word."""
    return _words(call, "banned-words", call["word"], add=True)


def unban(call: Call) -> Outcome:
    """Allow a banned word again."""
    return _words(call, "banned-words", call["word"], add=False)


def weigh(call: Call) -> Outcome:
    """Make a word likelier or less likely."""
    rest = [f"{word}:{weight:g}" for word, weight in _choices(call)["word-weights"] if word != call["word"]]
    kept = [*rest, f"{call['word']}:{call['weight']}"] if call["weight"] else rest
    return choose(call, "word-weights", ", ".join(kept))


def rules(call: Call) -> Outcome:
    """List the rules about words."""
    choices = _choices(call)
    found = [choices.value(name) for name in ("banned-words", "word-weights", "stop-words")]
    return Outcome("\n".join(f"{chosen.option.name}: {chosen.shown or 'none'}" for chosen in found))


def _words(call: Call, name: str, word: str, *, add: bool) -> Outcome:
    if "," in word:
        raise CommandRefused("One word at a time, please.")
    kept = [each for each in _choices(call)[name] if each != word]
    if not add and len(kept) == len(_choices(call)[name]):
        raise CommandRefused("That word is not banned here.")
    return choose(call, name, ", ".join([*kept, word] if add else kept))


_NAMED = Found("a setting")
_PRESET = Argument("name", Words(64), "of a preset", rest=True, choices=_preset_names)
_WORD = Argument("word", Words(60), "a word")

GROUP = (
    Command(
        "config",
        "Show the settings that differ from the defaults, or one of them with why it is so.",
        config,
        (Argument("name", _NAMED, "of a setting", required=False, choices=lambda call: list(BY_NAME)),),
    ),
    Command("config-full", "Show every setting there is, with why it is so.", config_full),
    Command(
        "set-config",
        "Set a parameter of generation, or another setting of the conversation.",
        set_config,
        (
            Argument("name", _NAMED, "of a setting", choices=lambda call: list(BY_NAME)),
            Argument("value", Words(8000), "its value; `default` takes it back", rest=True),
            WHERE,
        ),
        changes=True,
    ),
    Command("decoding-mode", "Say which decoding mode is in effect.", decoding_mode),
    Command("decoding-modes", "List the decoding modes.", decoding_modes),
    Command(
        "set-decoding-mode",
        "Choose how tokens are chosen: a mode is applied whole.",
        set_decoding_mode,
        (Argument("mode", OneOf((*PRESETS, MODEL, "default")), "which one", choices=lambda call: [*PRESETS, MODEL, "default"]), WHERE),
        changes=True,
    ),
    Command("presets save", "Save the generation settings that hold here under a name.", save_preset, (_PRESET,), changes=True),
    Command("presets load", "Choose what one of your presets holds.", load_preset, (_PRESET, WHERE), changes=True),
    Command("presets list", "List your presets.", list_presets),
    Command("presets remove", "Remove one of your presets.", remove_preset, (_PRESET,), changes=True),
    Command("word-rules ban", "Ban a word from replies.", ban, (_WORD, WHERE), changes=True),
    Command("word-rules unban", "Allow a banned word again.", unban, (_WORD, WHERE), changes=True),
    Command(
        "word-rules weight",
        "Make a word likelier, or less likely with a weight below 0; 0 takes it back.",
        weigh,
        (_WORD, Argument("weight", Whole(-10, 10), "from -10 to 10"), WHERE),
        changes=True,
    ),
    Command("word-rules list", "List the rules about words.", rules),
    Command("input-buffer-size", "Say how many messages the model is shown.", buffer),
    Command(
        "set-input-buffer-size",
        "Choose how many messages the model is shown of a conversation with you.",
        set_buffer,
        (Argument("n", Whole(1, 1000), "messages; the system prompt is not counted"),),
        changes=True,
    ),
    Command("prompt", "Show the system prompt.", prompt),
    Command(
        "set-prompt",
        "Set the system prompt, and begin a new conversation.",
        set_prompt,
        (Argument("text", Words(8000), "the prompt; `default` takes it back", rest=True), WHERE),
        changes=True,
    ),
)
