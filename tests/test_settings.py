"""Tests of the settings: where they come from, which one wins, and what is said when one makes no sense."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest
import yaml

from extension.errors import SettingsError, StoreError
from extension.settings import FILE, PANEL, SECRETS, Settings, default_data_dir, load, replace_text, save


@pytest.fixture
def home(tmp_path):
    return tmp_path / "home"


def written(home, text):
    home.mkdir(exist_ok=True)
    (home / FILE).write_text(text, encoding="utf-8")


def test_without_anything_the_defaults_hold(home):
    found = load({}, data_dir=home)
    assert (found.person, found.companion, found.host, found.scope, found.budget, found.memories) == (
        "me",
        "Familiar",
        "embedded",
        "companion",
        800,
        6,
    )
    assert found.diary_url == f"sqlite:///{home}/diary.sqlite"
    assert not home.exists()


def test_what_is_given_wins_over_the_environment_and_that_over_the_file(home):
    written(home, "budget: 100\nmemories: 1\nperson: filed\n")
    environ = {"FAMILIAR_BUDGET": "200", "FAMILIAR_MEMORIES": "2"}
    found = load(environ, data_dir=home, budget=300)
    assert (found.budget, found.memories, found.person) == (300, 2, "filed")


def test_what_is_not_given_leaves_the_others_their_say(home):
    assert load({"FAMILIAR_BUDGET": "200"}, data_dir=home, budget=None).budget == 200


def test_an_empty_variable_counts_as_none(home):
    assert load({"FAMILIAR_PERSON": "", "FAMILIAR_BUDGET": ""}, data_dir=home).person == "me"


def test_the_data_directory_comes_from_the_environment_or_the_platform(home, monkeypatch):
    written(home, "budget: 123\n")
    assert load({"FAMILIAR_DATA_DIR": str(home)}).budget == 123
    monkeypatch.setenv("XDG_DATA_HOME", str(home.parent))
    assert load({}).data_dir == home.parent / "familiar" == default_data_dir()


def test_a_relative_data_directory_becomes_absolute(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert load({}, data_dir=Path("here")).data_dir == tmp_path / "here"
    assert load({}, data_dir=Path("~/there")).data_dir == Path.home() / "there"


def test_every_setting_is_an_environment_variable(home):
    given = {
        "FAMILIAR_ENABLED": "false",
        "FAMILIAR_SCOPE": "person",
        "FAMILIAR_TEMPERATURE": "0.1",
        "FAMILIAR_PORT": "0",
        "FAMILIAR_LOG_LEVEL": "DEBUG",
        "FAMILIAR_API_KEY": "sk-secret",
    }
    found = load(given, data_dir=home)
    assert (found.enabled, found.scope, found.temperature, found.port, found.log_level) == (False, "person", 0.1, 0, "DEBUG")
    assert found.api_key.get_secret_value() == "sk-secret"


def test_a_key_meant_for_another_program_is_not_taken(home):
    assert load({"OPENAI_API_KEY": "theirs"}, data_dir=home).api_key.get_secret_value() == ""


def test_secrets_show_in_no_text_of_the_settings(home):
    found = load({f"FAMILIAR_{name.upper()}": "hunter2" for name in SECRETS}, data_dir=home)
    assert "hunter2" not in f"{found!r} {found} {found.model_dump()}"
    assert {"api_key", "discord_token", "matrix_password", "matrix_token", "password"} < set(SECRETS)
    assert "hunter2" not in repr(load({"FAMILIAR_DATABASE_URL": "postgresql://ann:hunter2@host/name"}, data_dir=home))


@pytest.mark.parametrize(
    ("name", "value", "reason"),
    [
        ("budget", "many", "The setting `budget` (FAMILIAR_BUDGET) is not usable: input should be a valid integer"),
        ("budget", "-1", "The setting `budget` (FAMILIAR_BUDGET) is not usable: input should be greater than or equal to 0."),
        ("memories", "101", "The setting `memories` (FAMILIAR_MEMORIES) is not usable: input should be less than or equal to 100."),
        ("scope", "world", "The setting `scope` (FAMILIAR_SCOPE) is not usable: it is one of place, companion, person."),
        ("enabled", "perhaps", "The setting `enabled` (FAMILIAR_ENABLED) is not usable:"),
        ("person", "x" * 201, "The setting `person` (FAMILIAR_PERSON) is not usable:"),
        ("port", "70000", "The setting `port` (FAMILIAR_PORT) is not usable:"),
        ("chroma_url", "localhost:8000", "The setting `chroma_url` (FAMILIAR_CHROMA_URL) is not usable: it should look like"),
        ("chroma_url", "http://host:port", "The setting `chroma_url` (FAMILIAR_CHROMA_URL) is not usable: it should look like"),
        ("chroma_url", "http://ann:hunter2@host", "The setting `chroma_url` (FAMILIAR_CHROMA_URL) is not usable: it may hold"),
    ],
)
def test_a_value_that_makes_no_sense_is_named(home, name, value, reason):
    with pytest.raises(SettingsError) as caught:
        load({f"FAMILIAR_{name.upper()}": value}, data_dir=home)
    assert str(caught.value).startswith(reason)
    assert "hunter2" not in str(caught.value)
    assert caught.value.__cause__ is None


def test_a_question_mark_in_the_data_directory_is_refused(tmp_path):
    with pytest.raises(SettingsError, match="may hold no question mark"):
        load({}, data_dir=tmp_path / "why?")


def test_an_unknown_name_is_answered_with_a_close_one(home):
    with pytest.raises(SettingsError, match=r"there is no such setting\. Did you mean `budget`\?$"):
        load({}, data_dir=home, bugdet=1)
    with pytest.raises(SettingsError, match=r"there is no such setting\. See docs/settings\.md for the list\.$"):
        load({}, data_dir=home, zzzzz=1)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (
            b"budget: 1\napi_key: sk-secret [\n- x",
            r"Cannot read .*: line 3 is no YAML\. Mend the file, or move it away to start with the defaults",
        ),
        (b"\xff\xfe\x00bad", "Cannot read .*Mend the file"),
        (b"- a\n- list\n", "holds no settings: it should be lines like `budget: 800`"),
        (b"just words", "holds no settings"),
        (b"nonsense: 1\n", "there is no such setting"),
        (b"api_key: sk-secret\n", r"holds `api_key`, which belongs in the environment \(FAMILIAR_API_KEY\)\. Remove the line\."),
        (b"password: pw-secret\n", r"holds `password`, which belongs in the environment \(FAMILIAR_PASSWORD\)"),
        (b"database_url: postgresql://ann:pw-secret@host/name\n", r"holds `database_url`, which belongs in the environment"),
        (b"database_url: postgresql://host/name?user=ann&password=pw-secret\n", r"holds `database_url`, which belongs in the environment"),
    ],
)
def test_a_file_that_makes_no_sense_is_named(home, content, reason):
    home.mkdir()
    (home / FILE).write_bytes(content)
    with pytest.raises(SettingsError, match=reason) as caught:
        load({}, data_dir=home)
    assert "secret" not in str(caught.value)


def test_a_directory_where_the_file_should_be_is_named(home):
    (home / FILE).mkdir(parents=True)
    with pytest.raises(SettingsError, match="Cannot read"):
        load({}, data_dir=home)


@pytest.mark.parametrize("content", ["", "# only a comment\n", "null\n"])
def test_an_empty_file_is_no_error(home, content):
    written(home, content)
    assert load({}, data_dir=home).budget == 800


def test_saving_writes_what_was_changed_and_leaves_the_rest(home):
    written(home, "person: Zoë\nbudget: 100\n")
    settings = load({}, data_dir=home)
    saved = save(settings, budget=300, enabled=False)
    assert (saved.budget, saved.enabled) == (300, False)
    assert yaml.safe_load((home / FILE).read_text(encoding="utf-8")) == {"person": "Zoë", "budget": 300, "enabled": False}
    assert load({}, data_dir=home) == saved
    assert list(home.iterdir()) == [home / FILE]


def test_what_the_panel_changes_can_all_be_saved(home):
    save(load({}, data_dir=home), **{name: getattr(load({}, data_dir=home), name) for name in PANEL})
    assert set(yaml.safe_load((home / FILE).read_text())) == set(PANEL)


@pytest.mark.parametrize(
    ("secret", "value"), [("api_key", "sk-secret"), ("password", "sk-secret"), ("database_url", "postgresql://ann:sk-secret@host/name")]
)
def test_a_secret_is_never_saved(home, secret, value):
    with pytest.raises(
        SettingsError, match=rf"^{secret} is never written to a file; set FAMILIAR_{secret.upper()} in the environment instead\.$"
    ):
        save(load({}, data_dir=home), **{secret: value})
    assert not home.exists()
    save(load({}, data_dir=home), database_url="postgresql://ann@host/name")


def test_a_wrong_value_is_not_saved(home):
    with pytest.raises(SettingsError):
        save(load({}, data_dir=home), budget=-5)
    assert not home.exists()


def test_a_file_is_written_whole_or_not_at_all(tmp_path):
    replace_text(tmp_path / "new" / "file", "first")
    replace_text(tmp_path / "new" / "file", "second")
    assert (tmp_path / "new" / "file").read_text() == "second"
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["file"]
    assert stat.S_ISREG((tmp_path / "new" / "file").stat().st_mode)


def test_a_file_that_cannot_be_written_is_named(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StoreError, match=r"^Cannot write .*Check the folder's permissions and the free space\.$"):
        replace_text(tmp_path / "file" / "deeper", "text")
    (tmp_path / "folder").mkdir()
    with pytest.raises(StoreError, match=r"^Cannot write"):
        replace_text(tmp_path / "folder", "text")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["file", "folder"]


def test_settings_do_not_change_in_place(home):
    settings = load({}, data_dir=home)
    assert settings.changed(budget=5).budget == 5
    assert settings.budget == 800
    with pytest.raises(SettingsError):
        settings.changed(budget="x")


def test_every_setting_says_what_it_means():
    assert [name for name, field in Settings.model_fields.items() if not field.description] == []


def test_documents_go_into_the_data_directory_unless_told_otherwise(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load({}, data_dir=tmp_path / "data").documents_dir == tmp_path / "data" / "documents"
    assert load({"FAMILIAR_DOCX_FOLDER": "~/Texts"}, data_dir=tmp_path).documents_dir == tmp_path / "Texts"
    with pytest.raises(SettingsError, match="there is no home folder of that name"):
        load({"FAMILIAR_DOCX_FOLDER": "~nobody-of-this-name/x"}, data_dir=tmp_path)


def test_a_secret_may_lie_in_a_file_that_the_environment_names(tmp_path):
    token = tmp_path / "token"
    token.write_text("s3cret\n")
    named = {"FAMILIAR_DISCORD_TOKEN_FILE": str(token)}
    assert load(named, data_dir=tmp_path).discord_token.get_secret_value() == "s3cret"
    assert load({**named, "FAMILIAR_DISCORD_TOKEN": "other"}, data_dir=tmp_path).discord_token.get_secret_value() == "other"
    for content in ("", "one\ntwo", "x" * 4001):
        token.write_text(content)
        with pytest.raises(SettingsError, match="FAMILIAR_DISCORD_TOKEN_FILE") as told:
            load(named, data_dir=tmp_path)
        assert not content or content not in str(told.value)
    with pytest.raises(SettingsError, match="cannot be read"):
        load({"FAMILIAR_DISCORD_TOKEN_FILE": str(tmp_path / "gone")}, data_dir=tmp_path)
