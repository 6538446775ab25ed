"""Tests of the dataset folder: what is saved is what is loaded, and nothing else is."""

from __future__ import annotations

import hashlib
import json
import pickle
import stat
from collections import Counter
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest
from safetensors.numpy import save

from extension.errors import NotFound, SettingsError, StoreCorrupt, StoreError, StoreReadOnly
from extension.refresh.building import build
from extension.refresh.dataset import Dataset
from extension.refresh.recipe.recipe import Recipe
from extension.refresh.turns import Conversation, Speaker, Turn

from .families import family

ANN, CARL = Speaker("discord:1", "Ann"), Speaker("discord:3", "Carl", "C")
START = datetime(2024, 1, 1, tzinfo=UTC)


def recipe(**dataset):
    return Recipe.model_validate({"dataset": {"eval_frac": 0.1, "chunk_size": 600, **dataset}})


def chat(sessions=10, name="discord:9"):
    """Return a chat of sessions of four turns, a day apart, in which Carl is only read."""
    turns = [
        Turn(
            (ANN, CARL)[turn % 2],
            f"line {turn} of {day}\n\u2028",
            turn % 2 == 0,
            START + timedelta(days=day, minutes=turn),
            (f"{day}-{turn}",),
        )
        for day in range(sessions)
        for turn in range(4)
    ]
    return Conversation(name, tuple(turns))


@pytest.fixture
def made():
    return build([chat()], recipe(), family("qwen"), "tiny")


@pytest.fixture
def folder(made, tmp_path):
    made.save(tmp_path / "set")
    return tmp_path / "set"


def rewrite(folder, name, data):
    """Write a file as a stranger would who knows the manifest."""
    (folder / name).write_bytes(data)
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["sha256"][name] = hashlib.sha256(data).hexdigest()
    (folder / "manifest.json").write_text(json.dumps(manifest))


def test_what_is_saved_is_loaded(made, folder):
    loaded = Dataset.load(folder)
    assert loaded.entries == made.entries
    assert [loaded.train.sample(number) for number in range(len(loaded.train))] == [
        made.train.sample(number) for number in range(len(made.train))
    ]
    assert loaded.manifest == made.manifest.model_copy(update={"sha256": loaded.manifest.sha256})
    assert {*loaded.manifest.sha256} == {"train.safetensors", "eval.safetensors", "conversations.jsonl"}


def test_the_manifest_says_what_it_was_made_with(made):
    told = made.manifest
    assert (told.samples, told.eval.samples, len(made.entries)) == (9, 1, 10)
    assert ([each.name for each in told.people], [each.id for each in told.others]) == (["Ann"], ["discord:3"])
    assert told.learned_tokens == int(made.train.learned.sum()) > 0
    assert (told.placement, told.model, len(told.tokenizer)) == ("replace_role", "tiny", 64)


def test_a_dataset_replaces_one_and_nothing_else(made, folder, tmp_path):
    made.save(folder)
    assert len(Dataset.load(folder).train) == 9
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / "letter.txt").write_text("dear")
    with pytest.raises(StoreError, match="is there, and no dataset"):
        made.save(tmp_path / "home")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["home", "set"]


def test_only_its_owner_may_read_it(folder):
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_a_folder_that_may_not_be_written_is_told(made, tmp_path, monkeypatch):
    def refuse(*args, **kwargs):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("shutil.rmtree", lambda *args, **kwargs: None)
    monkeypatch.setattr("pathlib.Path.mkdir", refuse)
    with pytest.raises(StoreReadOnly, match="may not be written"):
        made.save(tmp_path / "set")


def test_a_folder_that_is_none(tmp_path):
    with pytest.raises(NotFound, match="There is no dataset in"):
        Dataset.load(tmp_path)


@pytest.mark.parametrize("name", ["train.safetensors", "eval.safetensors", "conversations.jsonl"])
def test_a_file_that_was_changed_or_is_gone_is_refused(folder, name):
    data = (folder / name).read_bytes()
    (folder / name).write_bytes(data[:-1] + b"?")
    with pytest.raises(StoreCorrupt, match="is damaged: it is not what the manifest says"):
        Dataset.load(folder)
    (folder / name).unlink()
    with pytest.raises(StoreCorrupt, match="is missing"):
        Dataset.load(folder)


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{}", '{"format": 2}', '{"format": 1, "samples": "many"}', "[" * 100_000, b"\xff\xfe", '{"format_section": {"tag": 1}}'],
)
def test_a_manifest_that_is_none_is_refused(folder, text):
    (folder / "manifest.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(StoreCorrupt, match=r"manifest\.json is no .*Build it anew"):
        Dataset.load(folder)


class Trap:
    def __reduce__(self):
        return (pytest.fail, ("something was unpickled",))


def tensors(tokens=(1, 2, 3), learned=(0, 1, 1), offsets=(0, 3), **more):
    return {"tokens": np.array(tokens, np.int32), "learned": np.array(learned, np.uint8), "offsets": np.array(offsets, np.int64), **more}


@pytest.mark.parametrize(
    "data",
    [
        b"",
        pickle.dumps(Trap()),
        b"\xff" * 64,
        (2**62).to_bytes(8, "little") + b"{}",
        (20).to_bytes(8, "little") + b'{"tokens": {"dtype":' + b"x" * 20,
        save(tensors(offsets=(0, 4))),
        save(tensors(offsets=(1, 3))),
        save(tensors(offsets=(0, 3, 3))),
        save(tensors(offsets=(0, 2, 1, 3))),
        save(tensors(offsets=())),
        save(tensors(tokens=(1, -2, 3))),
        save(tensors(learned=(0, 1, 7))),
        save(tensors(learned=(0, 1))),
        save(tensors(extra=np.zeros(1, np.int32))),
        save({**tensors(), "tokens": np.array([1, 2, 3], np.int64)}),
        save({**tensors(), "tokens": np.array([[1, 2, 3]], np.int32)}),
        save({"tokens": np.zeros(1, np.int32)}),
    ],
    ids=range(17),
)
def test_tensors_of_a_stranger_are_looked_at_before_they_are_believed(folder, data):
    rewrite(folder, "train.safetensors", data)
    with pytest.raises(StoreCorrupt, match=r"train\.safetensors"):
        Dataset.load(folder)


def test_samples_other_than_the_manifest_says_are_refused(folder):
    rewrite(folder, "train.safetensors", save(tensors()))
    with pytest.raises(StoreCorrupt, match="holds other samples than its manifest says"):
        Dataset.load(folder)


LINE = {"id": "c", "system": "", "speakers": [{"id": "1", "name": "A", "first_name": ""}], "turns": [], "spans": []}
TURN = {"speaker": 0, "text": "hi", "learned": True, "at": None, "lines": []}


@pytest.mark.parametrize(
    "line",
    [
        "no json",
        "[]",
        "{}",
        "[" * 100_000,
        json.dumps({**LINE, "turns": [{**TURN, "speaker": 1}]}),
        json.dumps({**LINE, "turns": [{**TURN, "speaker": -1}]}),
        json.dumps({**LINE, "turns": [{**TURN, "text": 5}]}),
        json.dumps({**LINE, "turns": [{**TURN, "at": "yesterday"}]}),
        json.dumps({**LINE, "spans": [[0, 5, "content", 0, True]]}),
        json.dumps({**LINE, "spans": [[5, 0, "opening", -1, True]]}),
        json.dumps({**LINE, "spans": [[0, 1, "<b>", -1, True]]}),
        json.dumps({**LINE, "spans": [[0, 10**9, "opening", -1, True]]}),
        json.dumps({**LINE, "speakers": [{"id": "1", "name": "A", "__class__": "x"}]}),
        json.dumps(LINE),
    ],
    ids=range(14),
)
def test_a_list_of_conversations_that_is_none_is_refused(folder, line):
    lines = (folder / "conversations.jsonl").read_text().splitlines()
    rewrite(folder, "conversations.jsonl", "\n".join([line, *lines[1:]]).encode())
    with pytest.raises(StoreCorrupt, match=r"conversations\.jsonl is no list of conversations"):
        Dataset.load(folder)


def test_without_times_or_with_few_messages_it_is_built_all_the_same():
    few = build([Conversation("c", (Turn(ANN, "hi"), Turn(CARL, "hello", learned=False)))], recipe(), family("qwen"), "tiny")
    assert (len(few.train), len(few.eval)) == (1, 0)
    assert len(build([], recipe(), family("qwen"), "tiny").entries) == 0


def test_what_nobody_is_to_learn_makes_no_sample():
    unlearned = Conversation("c", (Turn(CARL, "hello", learned=False),))
    assert len(build([unlearned], recipe(), family("qwen"), "tiny").entries) == 0


@pytest.mark.parametrize("how", ["whole", "max_tokens", "ungrouped", "one_turn"])
@pytest.mark.parametrize("placement", ["replace_role", "content_prefix", "tag_only"])
@pytest.mark.parametrize("name", ["mistral", "qwen"])
def test_no_sample_is_longer_than_it_may_be(how, placement, name):
    long = Turn(ANN, "One sentence. " * 40 + "x" * 500)
    given = Recipe.model_validate({"format": {"tag_placement": placement}, "dataset": {"name": how, "chunk_size": 150, "eval_frac": 0}})
    talk = chat(3)
    built = build([Conversation("c", (*talk.turns, long, *talk.turns), "A room.")], given, family(name), "tiny")
    assert max(np.diff(built.train.offsets)) <= 150
    assert built.manifest.truncated == 0
    learned = "".join(t.text for e in built.entries for t in e.conversation.turns if t.learned)
    assert learned == "".join(t.text for t in (*talk.turns, long, *talk.turns) if t.learned)


def test_one_turn_is_cut_off_only_where_that_was_allowed():
    long = Conversation("c", (Turn(ANN, "One sentence. " * 400),))
    built = build([long], recipe(chunk_size=150, eval_frac=0, allow_truncation=True), family("qwen"), "tiny")
    assert (built.manifest.truncated, len(built.entries)) == (1, 1)


def test_a_size_that_not_even_the_prompt_fits_is_refused():
    with pytest.raises(SettingsError, match=r"^A chunk_size of 20 is too small: .* Give \d+ at least"):
        build([chat()], recipe(chunk_size=20), family("qwen"), "tiny")


def test_building_again_gives_the_same_bytes(tmp_path):
    for name in "ab":
        build([chat(), chat(name="discord:8")], recipe(hours_between_sessions=(1, 30)), family("qwen"), "tiny").save(tmp_path / name)
    for file in (tmp_path / "a").iterdir():
        assert file.read_bytes() == (tmp_path / "b" / file.name).read_bytes()


@pytest.mark.parametrize("how", ["whole", "max_tokens", "ungrouped", "one_turn"])
def test_several_thresholds_cut_everything_once_for_each_and_nothing_measured_by_is_learned(how):
    built = build([chat(30), chat(30, "discord:8")], recipe(name=how, hours_between_sessions=(2, 50)), family("qwen"), "tiny")
    train, held = built.entries[: len(built.train)], built.entries[len(built.train) :]
    said = [
        Counter((e.conversation.id, line) for e in part for t in e.conversation.turns if t.learned for line in t.lines)
        for part in (train, held)
    ]
    assert set(said[0].values()) == {2} and set(said[1].values()) == {1}
    assert not said[0].keys() & said[1].keys() and len(said[0]) + len(said[1]) == 120
