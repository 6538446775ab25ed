"""Tests of running commands: who may, what is asked first, what is recorded, and that every way of giving one does the same."""

from __future__ import annotations

import pytest

from extension.commands.command import Argument, Command, Outcome
from extension.commands.groups.every import COMMANDS
from extension.commands.plain import examples
from extension.commands.plain.examples import FILE
from extension.commands.questions import KEPT, Questions
from extension.commands.registry import Registry
from extension.commands.running import Given, Running
from extension.errors import NotFound
from extension.messages import Person
from extension.options.kinds import Whole
from extension.permissions.authorizer import Asker
from extension.permissions.level import Level

from .conftest import LEVELS, ROOM

NAMES = [command.name for command in COMMANDS]
FROM_FEATURES = (
    *("commands", "input-buffer-size", "set-input-buffer-size", "input-messages", "prompt", "set-prompt", "reset-chat"),
    *("decoding-mode", "decoding-modes", "set-decoding-mode", "config", "config-full", "set-config"),
    *("document-title", "set-document-title", "set-gdrive-folder", "make-docx", "thread"),
    *("ping", "status", "asdf", "restart", "shutdown", "remember", "forget", "memory", "privacy", "read", "library", "expert"),
    *("model", "models", "swap-model", "adapter", "adapters", "swap-adapter"),
    *("autoreply", "lurk", "alias", "streaming", "speaking"),
)


def test_every_command_of_the_table_exists():
    pairs = ("permissions get", "permissions set", "context view", "context hide", "context unhide", "context clear", "presets save")
    assert {*FROM_FEATURES, *pairs, "presets load", "presets list", "word-rules ban", "word-rules weight"} <= set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_a_stranger_gets_nothing_from_any_command_however_it_is_given(running, scene, name, app):
    command, stranger = COMMANDS.get(name), scene("stranger")
    texts = {argument.name: "1" for argument in command.arguments}
    for given in (Given(command, texts), Given(command, texts, plain=True), Given(command, texts, plain=True, sure=True)):
        assert running.run(given, stranger) is None
    for argument in command.arguments:
        assert running.complete(command, argument.name, "", stranger, {}) == []
    assert running.allowed(stranger) == []
    assert {(deed.person, deed.command, deed.outcome) for deed in app.authorizer.record.latest()} == {("stranger", name, "denied")}


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("person", ["vera", "mo", "adam"])
def test_a_command_above_ones_level_is_denied_with_a_reason_and_not_listed(running, scene, name, person):
    command, own = COMMANDS.get(name), Level[LEVELS[person].upper()]
    if command.level <= own:
        assert command in running.allowed(scene(person))
        return
    answered = running.run(Given(command, {argument.name: "1" for argument in command.arguments}), scene(person))
    assert (answered.kind, answered.private) == ("denied", True)
    assert f"is for {command.level.shown} and above; your level is {own.shown}" in answered.text
    assert command not in running.allowed(scene(person))


@pytest.mark.parametrize("name", NAMES)
def test_every_command_has_a_sentence_of_help_and_is_found_by_every_spelling(running, name):
    command = COMMANDS.get(name)
    assert command.help.endswith(".")
    assert all(argument.help and argument.kind.takes for argument in command.arguments)
    for spelt in (f"--{name}", f"—{name}", f"–{name}", f"/{name.replace('-', '_')}", f"--{name.upper()}"):
        assert running.find(spelt).command is command
    required = [argument for argument in command.arguments if argument.required]
    assert command.arguments[: len(required)] == tuple(required)


def test_the_sentences_of_plain_language_belong_to_commands_there_are():
    import json

    reached = set(json.loads(FILE.read_text(encoding="utf-8"))) - {"chat"}
    assert {name for name in NAMES if examples(name)} == reached & set(NAMES)
    asks = {name for name in reached & set(NAMES) if COMMANDS.get(name).changes}
    shows = {"commands", "input-buffer-size", "prompt", "config", "models", "document-title"}
    assert asks == (reached & set(NAMES)) - shows


def test_what_changes_something_asks_first_when_it_was_said_in_plain_language(running, scene, app):
    given = Given(COMMANDS.get("set-config"), {"name": "temperature", "value": "0.4"}, plain=True)
    asked = running.run(given, scene("mo"))
    assert (asked.kind, app.options.value("temperature", scene("mo").spot).given) == ("asked", False)
    assert "name: temperature, value: 0.4" in asked.text
    assert running.run(asked.question, scene("mo")).good
    assert app.options.value("temperature", scene("mo").spot).value == 0.4


def test_a_question_is_run_only_by_who_may_do_it_by_then(running, scene, app):
    asked = running.run(Given(COMMANDS.get("reset-chat"), {}, plain=True), scene("mo"))
    assert running.run(asked.question, scene("stranger")) is None
    assert app.memories.seen.since(ROOM.id) is None


def test_arguments_are_checked_before_anything_is_done(give):
    for said, words in (
        ("--set-input-buffer-size 0", "N: `0` is out of range"),
        ("--set-input-buffer-size", "N is missing. Write it so: set-input-buffer-size N"),
        ("--ping now", "That is more than it takes. Write it so: ping"),
        ("--set-config temperature hot", "temperature: `hot` is not a number"),
        ("--set-config tempersture 1", "Did you mean `temperature`?"),
        ("--set-decoding-mode gredy", "Did you mean `greedy`?"),
        ("--permissions set ada admni", "Did you mean `admin`?"),
    ):
        answered = give("mo", said)
        assert (answered.kind, words in answered.text) == ("refused", True), answered


def test_a_command_that_fails_says_so_and_the_log_has_it(app, scene, caplog):
    def run(call):
        raise ZeroDivisionError("secret words")

    answered = Running(app, Registry([Command("boom", "Fail.", run)])).run(Given(Command("boom", "Fail.", run), {}), scene("vera"))
    assert answered.text == "This did not work (ZeroDivisionError); the log has the details."
    assert "The command boom failed" in caplog.text


def test_what_asks_for_a_level_is_recorded_and_what_anybody_may_is_not(give, app):
    give("vera", "--ping")
    give("mo", "--asdf")
    give("vera", "--asdf")
    deeds = [(deed.person, deed.command, deed.level, deed.outcome) for deed in app.authorizer.record.latest()]
    assert deeds == [("vera", "asdf", Level.VISIBLE, "denied"), ("mo", "asdf", Level.MOD, "done")]


def test_what_spends_the_machine_counts_against_the_budget(app, scene):
    costly = Command("costly", "Spend.", lambda call: Outcome("Spent."), spends=True)
    running = Running(app, Registry([costly]))
    app.use(app.settings.changed(permissions={**app.settings.permissions.model_dump(), "hourly": 1}))
    assert running.run(Given(costly, {}), scene("vera")).text == "Spent."
    assert running.run(Given(costly, {}), scene("vera")).kind == "denied"
    assert running.run(Given(costly, {}), scene("olga")).good


def test_completion_offers_what_begins_so_and_only_what_is_legal(running, scene, say):
    say("vera", "Hello.")
    found = running.complete(COMMANDS.get("set-config"), "name", "temp", scene("vera"), {})
    assert found[0] == "temperature"
    for person, legal in (("mo", ["ignored", "visible", "default"]), ("adam", ["ignored", "visible", "mod", "default"])):
        assert running.complete(COMMANDS.get("permissions set"), "level", "", scene(person), {"person": "vera"}) == legal
    assert running.complete(COMMANDS.get("permissions set"), "person", "ve", scene("adam"), {}) == ["Vera"]
    assert running.complete(COMMANDS.get("ping"), "nothing", "", scene("vera"), {}) == []


def test_a_question_without_buttons_is_answered_with_yes_or_by_saying_it_again(running, scene, monkeypatch):
    mo, said = scene("mo"), "reset the chat please"
    meant = Given(COMMANDS.get("reset-chat"), {}, plain=True)
    monkeypatch.setattr(running, "meant", lambda text, companion: meant if text == said else None)
    assert "Write --yes to do it." in running.taken(said, mo).text
    assert running.taken("--yes", scene("vera")) is None
    assert running.taken("--yes", mo).good
    assert running.taken("--yes", mo) is None
    assert running.taken(said, mo).kind == "asked"
    assert running.taken(said, mo) is None
    assert running.taken("hello", mo) is None
    assert running.taken(said, scene("stranger")) is None
    assert "not for you here" in running.taken("--reset", scene("stranger")).text


def test_a_question_is_not_kept_for_ever():
    now = [0.0]
    questions, asker = Questions(lambda: now[0]), Asker(Person("mo"), ROOM)
    questions.put(asker, "reset", Given(COMMANDS.get("reset-chat"), {}))
    now[0] = KEPT + 1
    assert questions.answered(asker, "--yes") is None


def test_two_commands_of_one_name_are_a_mistake():
    twice = Command("ping", "Ping.", lambda call: Outcome())
    with pytest.raises(ValueError, match="two commands are called ping"):
        Registry([twice, twice])
    with pytest.raises(NotFound, match="Did you mean ping"):
        Registry([twice]).get("pinng")


def test_an_argument_is_read_by_its_kind():
    command = Command("count", "Count.", lambda call: Outcome(), (Argument("n", Whole(1, 3), "how many", required=False),))
    assert (command.read({"n": "#2"}), command.read({}), command.usage) == ({"n": 2}, {"n": None}, "count [N]")
