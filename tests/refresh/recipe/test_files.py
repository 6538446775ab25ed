"""Recipes as files: what is wrong is told with its line, and the file that is written has every key and changes nothing."""

from __future__ import annotations

import pytest

from extension.errors import SettingsError
from extension.refresh.recipe import files
from extension.refresh.recipe.recipe import Recipe


def test_the_file_that_is_written_is_the_default_and_explains_every_key(tmp_path):
    files.written(tmp_path / "recipe.yaml")
    assert files.read(tmp_path / "recipe.yaml") == Recipe()
    lines = (tmp_path / "recipe.yaml").read_text().splitlines()
    for key in ("learning_rate: 0.0002", "lora_r: 16", "chunk_size: 8192", "tag_placement: replace_role", "neftune_noise_alpha: null"):
        at = next(number for number, line in enumerate(lines) if line.strip() == key)
        assert lines[at - 1].strip().startswith("# ")


def test_every_key_of_the_run_says_what_it_is():
    silent = [key for key, field in files.known_keys() if key.startswith(("model.", "lora.", "training.")) and not field.description]
    assert silent == []


def test_a_file_that_is_there_is_not_written_over(tmp_path):
    path = tmp_path / "recipe.yaml"
    path.write_text("mine")
    with pytest.raises(SettingsError, match="is there already"):
        files.written(path)
    assert path.read_text() == "mine"


def test_empty_is_the_default_and_so_is_an_empty_section():
    assert files.parsed("", "x") == Recipe()
    assert files.parsed("training:\nlora:\n", "x") == Recipe()


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("training:\n  learning_rat: 1", "x, line 2: there is no `training.learning_rat`. Did you mean `training.learning_rate`?"),
        ("lora_r: 3", "x, line 1: there is no `lora_r`. It belongs there: `lora.lora_r`."),
        ("trainin:\n  seed: 1", "x, line 1: there is no `trainin`. Did you mean `training`?"),
        ("training:\n\n  seed: 1\n  num_epochs: 0", "x, line 4: `training.num_epochs` is '0', and should be: greater than 0."),
        (
            "format:\n  tag_placement: x",
            "x, line 2: `format.tag_placement` is 'x', and should be: one of replace_role, content_prefix, tag_only.",
        ),
        ("training: [1]", "x, line 1: `training` is '[1]'"),
        ("training: {batch_size: many}", "x, line 1: `training.batch_size` is 'many'"),
        ("a: [", "x, line 1: this is no YAML"),
        ("a: &b 1\nc: *b", "x uses a YAML alias"),
        ("!!python/object/apply:os.system ['true']", "this is no YAML"),
        ("- 1", "x: a recipe has sections (name, data, dataset, format, model, lora, training)"),
        ("training:\n  xyzzy: 1", "there is no `training.xyzzy`. `familiar train --write-config FILE` writes a file with every key."),
        ("[" * 900_000, "x is no recipe: things lie more than 20 deep in each other."),
    ],
)
def test_what_is_wrong_is_told_with_its_line(text, words):
    with pytest.raises(SettingsError) as told:
        files.parsed(text, "x")
    assert words in str(told.value)


def test_every_fault_is_told_at_once():
    with pytest.raises(SettingsError) as told:
        files.parsed("training:\n  seed: x\n  weight_decay: -1", "x")
    assert {line.partition(":")[0] for line in str(told.value).splitlines()} == {"x, line 2", "x, line 3"}


def test_values_are_given_anew_on_the_command_line(tmp_path):
    (tmp_path / "r.yaml").write_text("training:\n  seed: 7\n")
    made = files.read(tmp_path / "r.yaml", ["training.learning_rate=1e-4", "lora.target_modules=[q_proj, v_proj]", "name=ann"])
    assert (made.training.seed, made.training.learning_rate) == (7, 1e-4)
    assert (made.lora.target_modules, made.name) == (("q_proj", "v_proj"), "ann")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ("training.sed=1", "--set: there is no `training.sed`. Did you mean `training.seed`?"),
        ("training.seed", "write it as section.key=value"),
        ("=1", "write it as section.key=value"),
        ("training.seed.more=1", "`seed` has no keys under it"),
        ("training.seed=-1", "--set: `training.seed` is '-1', and should be: greater than or equal to 0."),
    ],
)
def test_a_wrong_value_on_the_command_line_is_told(given, words):
    with pytest.raises(SettingsError) as told:
        files.changed(Recipe(), [given])
    assert words in str(told.value)


@pytest.mark.parametrize("data", [b"\xff\xfe\x00", b"x" * 2_000_000])
def test_a_file_that_is_no_text_or_huge_is_refused(tmp_path, data):
    (tmp_path / "r.yaml").write_bytes(data)
    with pytest.raises(SettingsError, match=r"cannot be read \(UnicodeDecodeError\)|is too large for a recipe"):
        files.read(tmp_path / "r.yaml")


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(SettingsError, match=r"cannot be read \(FileNotFoundError\)"):
        files.read(tmp_path / "no.yaml")
