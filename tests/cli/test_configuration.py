"""`familiar settings`."""

from __future__ import annotations

import pytest


def test_all_settings_are_shown_with_where_they_come_from(familiar):
    familiar("settings", "budget", "500")
    shown = {each["name"]: each for each in familiar("settings", "--json").json}
    assert (shown["budget"]["value"], shown["budget"]["from"]) == (500, "settings.yaml")
    assert (shown["host"]["value"], shown["host"]["from"]) == ("scripted", "the environment")
    assert (shown["memories"]["value"], shown["memories"]["from"]) == (6, "default")
    assert (shown["data_dir"]["value"], shown["data_dir"]["from"]) == (str(familiar.data_dir), "the environment")
    assert shown["scope"]["variable"] == "FAMILIAR_SCOPE"
    assert shown["scope"]["about"].startswith("How far recall looks")
    assert "budget          500                                      settings.yaml\n" in familiar("settings").out


def test_the_command_line_is_named_where_it_says_the_folder(familiar, tmp_path):
    assert familiar("settings", "data-dir", "--json", "--data-dir", tmp_path).json["from"] == "the command line"


def test_looking_makes_nothing(familiar):
    assert familiar("settings").code == 0
    assert not familiar.data_dir.exists()


def test_one_setting_is_shown_by_its_name(familiar):
    ran = familiar("settings", "max-new-tokens")
    assert (ran.code, ran.out) == (0, "256\n")
    assert ran.err == "Longest reply, in tokens. From: default.\n"


def test_a_setting_that_was_set_is_in_effect(familiar):
    assert familiar("settings", "memories", "0").code == 0
    familiar.tell("My cat is called Miso")
    assert familiar.tell("What is my cat called?")["memories"] == []


def test_setting_one_leaves_the_others(familiar):
    familiar("settings", "budget", "500")
    familiar("settings", "companion", "Robin")
    assert (familiar.data_dir / "settings.yaml").read_text() == "budget: 500\ncompanion: Robin\n"


def test_a_secret_is_shown_as_set_and_never_written(familiar):
    assert familiar("settings", "api_key", "--json").json["value"] == "not set"
    familiar.environ["FAMILIAR_API_KEY"] = "sk-very-secret"
    assert familiar("settings", "api_key", "--json").json["value"] == "set"
    assert "sk-very-secret" not in familiar("settings").out
    ran = familiar("settings", "api_key", "sk-other-secret")
    assert (ran.code, ran.out) == (1, "")
    assert "set FAMILIAR_API_KEY in the environment instead" in ran.err
    assert not familiar.data_dir.exists()


def test_a_password_in_an_address_is_not_shown(familiar):
    familiar.environ["FAMILIAR_HOST"] = "http://ann:hush@127.0.0.1:9"
    assert familiar("settings", "host").out == "http://ann:…@127.0.0.1:9\n"
    assert "hush" not in familiar("settings").out


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["bugdet"], "There is no setting 'bugdet'. Did you mean 'budget'?"),
        (["zzz", "1"], "There is no setting 'zzz'. `familiar settings` lists them."),
        (["environ", "1"], "There is no setting 'environ'."),
        (["budget", "lots"], "The setting `budget` (FAMILIAR_BUDGET) is not usable"),
        (["scope", "all"], "it is one of place, companion, person."),
        (["data_dir", "/elsewhere"], "Use --data-dir, or FAMILIAR_DATA_DIR."),
    ],
)
def test_what_cannot_be_set_is_explained(familiar, arguments, complaint):
    ran = familiar("settings", *arguments)
    assert (ran.code, ran.out) == (1, "")
    assert complaint in ran.err
    assert not familiar.data_dir.exists()


def test_a_value_that_is_not_usable_can_be_set_right(familiar):
    familiar.data_dir.mkdir()
    (familiar.data_dir / "settings.yaml").write_text("budget: lots\n")
    assert familiar("settings").code == 1
    assert familiar("settings", "budget", "500").code == 0
    assert familiar("settings", "budget").out == "500\n"


def test_what_the_environment_outweighs_is_said(familiar):
    ran = familiar("settings", "host", "embedded")
    assert (ran.code, ran.out) == (0, "scripted\n")
    assert ran.err.startswith("Written, though FAMILIAR_HOST in the environment outweighs it.")
    assert (familiar.data_dir / "settings.yaml").read_text() == "host: embedded\n"
