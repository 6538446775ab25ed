"""Slash commands, completion, menus, buttons and forms: what Discord is told of them, who may use them, and who sees the answer."""

from __future__ import annotations

from dataclasses import replace

import discord
import pytest

from extension.bridges.discord_bridge import interactions
from extension.bridges.discord_bridge.slash import Doing, plant
from extension.bridges.heard import Button, Post
from extension.commands.command import Argument, Command, File, Outcome
from extension.commands.registry import Registry
from extension.commands.running import Given
from extension.options.kinds import OneOf, Switch, Whole, Words
from tests.loops import run

from ..conformance import FORGED
from ..conformance import _until as until
from ..stand import CALL
from .double import DEFERRED, UPDATE
from .stand import COMMAND, COMPONENT, FORM
from .world import EPHEMERAL


@pytest.fixture
def hall(stand):
    return stand.platform.channel("hall")


def planted(registry, guild=0):
    """Return what Discord would be told of these commands, by their names, and what does not fit."""

    async def plan():
        tree = discord.app_commands.CommandTree(discord.Client(intents=discord.Intents.none()))
        nothing = None
        left = plant(tree, registry, Doing(nothing, nothing, nothing, nothing), guild)  # type: ignore[arg-type]
        only = discord.Object(guild) if guild else None
        return {each.name: each.to_dict(tree) for each in tree.get_commands(guild=only)}, left

    return run(plan())


def nothing(call):
    return Outcome("done")


class TestPlanting:
    """Our commands in Discord's forms."""

    def test_every_command_of_ours_fits(self, stand):
        told, left = planted(stand.running.registry)
        assert left == []
        for command in stand.running.registry:
            first, _, second = command.name.partition(" ")
            found = next(each for each in told[first]["options"] if each["name"] == second) if second else told[first]
            assert [each["name"] for each in found["options"]] == [
                each.name for each in sorted(command.arguments, key=lambda a: not a.required)
            ]
        assert {"reset", "help"} <= set(told)
        assert {name for name, each in told.items() if each["type"] == 3} == {"Edit reply", "Context hide", "Forget", "Make docx", "Reword"}

    def test_arguments_keep_their_kinds(self):
        arguments = (
            Argument("for", Words(), "x" * 300),
            Argument("n", Whole(1, 10**30), "a number"),
            Argument("on", Switch(), "on or off", required=False),
            Argument("where", OneOf(("here", "there")), "where", required=False),
            Argument("name", OneOf(tuple(f"w{n}" for n in range(30))), "which", required=False, choices=lambda call: ["w1"]),
        )
        told, _ = planted(Registry([Command("try", "Try it. " * 40, nothing, arguments)]))
        options = {each["name"]: each for each in told["try"]["options"]}
        assert len(told["try"]["description"]) == len(options["for"]["description"]) == 100
        assert (options["n"]["type"], options["n"]["min_value"], options["n"]["max_value"]) == (4, 1, 2**53)
        assert [each["value"] for each in options["on"]["choices"]] == ["on", "off"]
        assert [each["value"] for each in options["where"]["choices"]] == ["here", "there"]
        assert options["name"]["autocomplete"] and not options["name"].get("choices")

    def test_what_does_not_fit_is_left_out_and_said(self, caplog):
        many = [Command(f"c{n}", "One of many.", nothing, on_message=n < 7) for n in range(105)]
        group = [Command(f"group s{n}", "In a group.", nothing) for n in range(27)]
        odd = [Command("a b c", "Three words.", nothing), Command("ü", "No name for Discord.", nothing)]
        told, left = planted(Registry([*group, *many, *odd]))
        assert len(told) == 100 + 5
        assert len(told["group"]["options"]) == 25
        assert left == [
            "group s25",
            "group s26",
            "a b c",
            "ü",
            *(f"c{n}" for n in range(99, 105)),
            *(f"c{n} (on a message)" for n in (4, 5, 6)),
        ]
        assert "c104" in caplog.text

    def test_discord_is_told_again_only_when_something_changed(self, stand):
        assert [guild for guild, _ in stand.double.syncs] == [""]
        stand.restart()
        assert len(stand.double.syncs) == 1
        stand.settings["discord_guild"] = str(stand.double.world.guild)
        stand.restart()
        there = str(stand.double.world.guild)
        assert [(guild, len(commands) > 60) for guild, commands in stand.double.syncs[1:]] == [("", False), (there, True)]
        (stand.folder / "discord-commands.json").write_text("{broken")
        stand.restart()
        assert [guild for guild, _ in stand.double.syncs[3:]] == [there]

    def test_a_sync_that_is_refused_costs_nothing_else(self, tmp_path, double, caplog):
        from .stand import DiscordStand

        double.refuses = lambda what: what == "sync"
        stand = DiscordStand(tmp_path, double=double)
        assert "applications.commands" in caplog.text
        stand.ask(den := stand.platform.direct(stand.who("ada")), "ada", "--ping")
        assert len(stand.texts(den)) == 1
        double.refuses = lambda what: False
        stand.restart()
        assert len(double.syncs) == 1
        stand.stop()


class TestAnswering:
    """Who sees what came of a command."""

    def test_a_command_is_put_off_at_once_and_its_answer_is_for_everybody(self, stand, hall):
        used = stand.platform.command(hall, stand.who("ada"), "ping")
        assert (used.kind, used.flags, used.deleted) == (DEFERRED, EPHEMERAL, True)
        assert [each.private for each in stand.ours(hall)] == [False]

    def test_a_private_outcome_and_a_refusal_are_for_who_asked_alone(self, stand, hall):
        for name, options in (("privacy", {}), ("restart", {}), ("set-config", {"name": "temperature", "value": "hot"})):
            used = stand.platform.command(hall, stand.who("ada"), name, **options)
            assert used.original is not None and used.original.private, name
        assert all(each.private for each in stand.ours(hall))

    def test_a_long_private_answer_is_private_in_all_its_parts(self, stand, hall, monkeypatch):
        long = Outcome("word " * 900, (File("a.txt", b"a"),), private=True)
        found = replace(stand.running.registry.get("privacy"), run=lambda call: long)
        monkeypatch.setattr(interactions, "Given", lambda command, texts: Given(found, texts))
        stand.platform.command(hall, stand.who("ada"), "privacy")
        assert [(each.private, len(each.attachments)) for each in stand.ours(hall)] == [(True, 0)] * 3 + [(True, 1)]

    def test_what_comes_too_late_for_the_interaction_is_posted_in_the_place(self, stand, hall, monkeypatch):
        monkeypatch.setattr(discord.Interaction, "is_expired", lambda self: True)
        stand.platform.command(hall, stand.who("ada"), "ping")
        assert [each.private for each in stand.ours(hall)] == [False]
        stand.platform.command(hall, stand.who("ada"), "privacy")
        den = stand.platform.direct(stand.who("ada"))
        assert len(stand.ours(hall)) == 1
        assert "longer than Discord lets me" in stand.texts(den)[0] and "are kept" in stand.texts(den)[1]

    def test_a_command_that_says_nothing_leaves_nothing(self, stand, hall):
        stand.choose("companions", "Robin", hall)
        used = stand.platform.command(hall, stand.who("ada"), "as", name="Familiar")
        stand.settle()
        assert used.deleted
        assert [(each.text, each.private) for each in stand.ours(hall)] == [("answer 1", False)]

    def test_a_command_of_a_group_and_one_with_a_number(self, stand, hall):
        stand.platform.command(hall, stand.who("max"), "permissions get", person="Ada")
        assert "visible" in stand.texts(hall)[-1]
        stand.platform.command(hall, stand.who("ada"), "set-input-buffer-size", n=7)
        assert "7" in stand.texts(hall)[-1]

    def test_a_command_that_is_not_there_any_more_is_said(self, stand, hall):
        used = stand.platform.command(hall, stand.who("ada"), "nosuch")
        assert used.original.content == "This command is not there any more, or is another one now."
        assert used.original.private

    def test_one_command_that_takes_long_holds_up_no_button_of_the_place(self, stand, hall):
        here = int(hall.id[8:])
        stand.model.go.clear()
        asked = {"id": "1", "name": "ask", "type": 1, "options": [{"name": "question", "type": 3, "value": "why?"}]}
        used = stand.double.interact(COMMAND, here, int(stand.who("ada").id[8:]), asked)
        assert used.called.wait(30)
        until(stand.model.begun.is_set)
        message = stand.platform.handle(hall.id).post(Post("x", buttons=(Button("familiar:up:99", "👍"),)))
        button = {"custom_id": "familiar:up:99", "component_type": 2}
        pressed = stand.double.interact(COMPONENT, here, int(stand.who("bob").id[8:]), button, int(message))
        until(lambda: any(each.private for each in stand.ours(hall)))
        assert pressed.kind == UPDATE
        stand.model.go.set()
        stand.platform.flush()
        assert any("answer 1" in each.text for each in stand.ours(hall))


class TestOnMessages:
    """Menus on a message, and the form to change a reply."""

    @pytest.fixture
    def reply(self, stand, hall):
        stand.ask(hall, "ada", f"{CALL} my wren is called Pip")
        return stand.ours(hall)[0]

    def test_a_command_acts_on_the_exchange_of_the_message(self, stand, hall, reply):
        stand.platform.menu(reply.id, stand.who("ada"), "Forget")
        assert (stand.exchanges(), reply.id in stand.platform.sent) == ([], True)

    def test_a_message_without_an_exchange_is_refused(self, stand, hall):
        message = stand.platform.say(hall, stand.who("bob"), "nice weather")
        used = stand.platform.menu(message, stand.who("ada"), "Forget")
        assert "is no reply of the companion" in used.original.content and used.original.private

    def test_a_reply_is_changed_in_a_form(self, stand, hall, reply):
        used = stand.platform.menu(reply.id, stand.who("ada"), "Edit reply")
        field = used.modal["components"][0]["component"]
        assert (used.modal["custom_id"], field["value"]) == (f"familiar:edit:{stand.app.memories.diary.browse()[0].id}", "answer 1")
        stand.platform.press(reply.id, stand.who("ada"), used.modal["custom_id"], text="another answer")
        assert (stand.texts(hall)[0], stand.exchanges()[0][1]) == ("another answer", "another answer")

    def test_the_form_of_somebody_else_changes_nothing(self, stand, hall, reply):
        used = stand.platform.menu(reply.id, stand.who("bob"), "Edit reply")
        stand.platform.press(reply.id, stand.who("bob"), used.modal["custom_id"], text="mine")
        assert stand.exchanges()[0][1] == "answer 1"

    def test_a_reply_that_no_form_holds_is_refused(self, stand, hall, reply):
        number = stand.app.memories.diary.browse()[0].id
        stand.app.memories.edit(number, reply="x" * 5000)
        used = stand.platform.menu(reply.id, stand.who("ada"), "Edit reply")
        assert "longer than a form" in used.original.content


class TestStrangers:
    """Every way in, for somebody whom nobody has let in."""

    def test_no_command_runs_and_nothing_is_completed(self, stand, hall):
        eve, before = stand.who("eve"), len(stand.platform.sent)
        for command in stand.running.registry:
            options = {argument.name: "x" for argument in command.arguments if argument.required}
            used = stand.platform.command(hall, eve, command.name, **options)
            assert used.original.private and "not for you here" in used.original.content, command.name
            for argument in command.arguments:
                if argument.choices is not None:
                    assert stand.platform.complete(hall, eve, command.name, argument.name) == []
        assert all(each.private for each in list(stand.platform.sent.values())[before:])
        assert stand.model.prompts == []

    def test_no_menu_button_form_reaction_or_edit_does_anything(self, stand, hall):
        stand.ask(hall, "ada", f"{CALL} hello")
        reply, eve = stand.ours(hall)[0], stand.who("eve")
        for name in ("Edit reply", "Context hide", "Forget", "Make docx", "Reword"):
            used = stand.platform.menu(reply.id, eve, name)
            assert used.modal == {} and used.original.private, name
        for action in ("regenerate", "continue", "up", "hide", "forget", "edit", "stop"):
            stand.platform.press(reply.id, eve, reply.buttons[0].id.replace("regenerate", action))
            stand.platform.press(reply.id, eve, reply.buttons[0].id.replace("regenerate", action), text="mine")
        for emoji in "🔁👍🙈🗑🛑":
            stand.platform.react(reply.id, eve, emoji)
        said = stand.platform.say(hall, eve, f"{CALL} hello")
        stand.platform.edit(said, f"{CALL} obey")
        stand.settle()
        assert [each.text for each in stand.ours(hall) if not each.private] == ["answer 1"]
        assert [(each.said, each.reply, each.feedback) for each in stand.app.memories.diary.browse()] == [("hello", "answer 1", 0)]
        assert len(stand.model.prompts) == 1

    def test_who_may_is_offered_what_fits_and_nothing_that_discord_does_not_take(self, stand, hall, monkeypatch):
        assert "temperature" in stand.platform.complete(hall, stand.who("ada"), "set-config", "name", "temp")
        offered = stand.platform.complete(hall, stand.who("max"), "permissions set", "level", person="Ada")
        assert offered and set(offered) <= {"ignored", "visible", "default"}
        monkeypatch.setattr(type(stand.running), "complete", lambda *given: ["x" * 101, "", "fits"] + [str(n) for n in range(40)])
        assert stand.platform.complete(hall, stand.who("ada"), "set-config", "name") == ["fits", *(str(n) for n in range(24))]

    @pytest.mark.parametrize("button", FORGED)
    def test_a_forged_button_or_form_is_answered_with_nothing(self, stand, hall, button):
        stand.ask(hall, "ada", f"{CALL} hello")
        message = stand.ours(hall)[0].id
        assert stand.platform.press(message, stand.who("ada"), button).kind == UPDATE
        assert stand.platform.press(message, stand.who("ada"), button, text="x" * 4000).kind == DEFERRED
        odd = [{"type": 1, "components": [{"value": 5}, None, "x", {"custom_id": "text"}]}, 7, {"component": [[]]}]
        stand.platform.use(FORM, int(hall.id[8:]), stand.who("ada"), {"custom_id": button, "components": odd})
        assert stand.exchanges() == [("hello", "answer 1")]


def test_an_interaction_that_came_too_late_is_not_taken_up(stand, hall, monkeypatch):
    stand.double.refuses = lambda what: what == "callback"
    used = stand.double.interact(
        COMMAND, int(hall.id[8:]), int(stand.who("ada").id[8:]), {"id": "1", "name": "ping", "type": 1, "options": []}
    )
    stand.platform.flush()
    assert (used.called.is_set(), stand.ours(hall)) == (False, [])


def test_who_is_named_in_a_command_is_found_by_their_id(stand, hall):
    ada = stand.who("ada")
    stand.ask(hall, "max", f"--permissions get <@{ada.id[8:]}>")
    assert "visible" in stand.latest()
    assert stand.platform.heard(next(iter(stand.platform.sent))).text == f"--permissions get {ada.id}"
