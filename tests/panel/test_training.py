"""Training in the panel: what each step shows, what is refused, and that nobody's words are HTML."""

from __future__ import annotations

import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest
from gradio.utils import get_upload_folder

from bench.voices import export, lines
from extension.messages import Person
from extension.panel.training.losses import figure
from extension.panel.training.sampling import recipe
from extension.panel.training.section import Training
from extension.refresh.chats import Chat, Chats, File
from extension.refresh.people import People
from extension.refresh.training import folder
from extension.refresh.training.progress import Progress
from tests.models import tiny_folder
from tests.refresh.talk import ANN, NOON, line

CHOSEN = ["mine", 1, 256, "", "replace_role", [], False, True]


@pytest.fixture
def training(blocks, door) -> Training:
    return Training(door)


@pytest.fixture(scope="module")
def tiny(tmp_path_factory):
    return tiny_folder(tmp_path_factory.mktemp("tiny") / "tiny-random-llama")


@pytest.fixture
def upload(tmp_path):
    """Puts a file where the browser's server puts what it is sent."""

    def uploaded(name: str, text: str) -> str:
        path = Path(get_upload_folder()) / tmp_path.name / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return str(path)

    return uploaded


def keep(app, *said):
    Chats(app.memories.database).add(File("x", "discord", "x"), [Chat("discord:1", "<i>room", "discord")], said, Counter(), NOON)


# Chats


def test_an_export_is_looked_at_and_kept_only_when_somebody_says_so(training, app, upload):
    path = upload("friends.json", json.dumps(export(lines(3, 4, 1))))
    _, files, shown, asked = training.importing.look([path])
    assert files == [path] and asked["visible"]
    assert "(discord): 79 messages in 1 chat, 2023-01-02 to 2023-01-05" in shown and "<td>Professor Aldous</td>" in shown
    assert Chats(app.memories.database).kept() == []
    _, files, shown, asked = training.importing.take(files, "professor aldous")
    assert "79 messages kept." in shown and (files, asked["visible"]) == ([], False)
    assert People(app.memories.database).of("Professor Aldous").id == "me"
    assert not Path(path).exists()
    assert "79 messages of 3 people, 2023-01-02 to 2023-01-05" in training.importing.listed()


def test_what_is_left_goes_and_nothing_is_kept(training, app, upload):
    path = upload("friends.json", json.dumps(export(lines(2, 2, 1))))
    training.importing.let_go(training.importing.look([path])[1])
    assert not Path(path).exists() and Chats(app.memories.database).kept() == []


def test_a_file_that_is_no_chat_and_one_that_was_not_sent_are_refused(training, upload, tmp_path):
    path = upload("<b>bad.json", '{"messages": 5')
    _, files, shown, asked = training.importing.look([path])
    assert "&lt;b&gt;bad.json" in shown and 'role="alert"' in shown and (files, asked["visible"]) == ([], False)
    secret = tmp_path / "secret.json"
    secret.write_text(json.dumps(export(lines(2, 2, 1))))
    assert "It was not sent by this page." in training.importing.look([str(secret)])[2] and secret.exists()


# People


def test_consent_is_asked_for_and_written_down(training, app):
    keep(app, line(ANN, "hi", name="<script>"))
    assert training.members.listed()["choices"] == [("<script>\n1 messages, 2026 · consent unknown", ANN)]
    assert training.members.open(ANN)[1:5] == ["unknown", "<script>", "<script>", False]
    chosen, told = training.members.keep(ANN, "given", "Ann", "", True)
    assert chosen["choices"] == [("Ann\n1 messages, 2026 · ✓ consent, left out", ANN)]
    assert "Kept: Ann, ✓ consent." in told
    member = People(app.memories.database).of(ANN)
    assert (member.name, member.consent, member.excluded) == ("Ann", "given", True)


# What the model sees


def look(training, **values):
    names = ["name", "epochs", "longest", "model", "placement", "redact", "pseudonyms", "diary"]
    *_, last = training.sampling.looked(*[values.get(name, usual) for name, usual in zip(names, CHOSEN, strict=True)])
    return last


def talked(app):
    said = lines(2, 12, 1)
    keep(app, *said)
    for each in {one.author for one in said}:
        People(app.memories.database).change(each, consent="given")


def test_samples_are_shown_with_their_masks_and_nobodys_words_are_html(training, app, tiny):
    talked(app)
    keep(app, line(ANN, "<img src=x onerror=alert(1)> is what I say, and more of it"))
    People(app.memories.database).change(ANN, consent="given")
    told, viewer, sample, at = look(training, model=str(tiny))
    assert "tokens learned" in told and viewer["visible"] and at == 0
    assert 'class="learned"' in sample and "Sample 1 of " in sample
    shown = [training.sampling._turned(number, *[*CHOSEN[:3], str(tiny), *CHOSEN[4:]])[0] for number in range(20)]
    assert not any("<img" in each for each in shown)


def test_without_consent_nothing_is_learned_and_it_says_so(training, app, tiny):
    keep(app, *lines(2, 4, 1))
    told, viewer, *_ = look(training, model=str(tiny))
    assert "Nothing of it is learned" in told and not viewer["visible"]


@pytest.mark.parametrize(
    ("values", "why"),
    [
        ({"epochs": -1}, "“num_epochs” is of no use"),
        ({"longest": 3}, "“chunk_size” is of no use"),
        ({"longest": float("inf")}, "of no use as it is"),
        ({"model": "/no/such/model"}, "is no folder of a Hugging Face model"),
        ({"redact": ["everything"]}, "of no use as it is"),
    ],
)
def test_a_choice_of_no_use_is_a_sentence(training, values, why):
    assert why in look(training, **values)[0]


# Runs


def run_of(app, tiny, state: Progress, name: str = "mine"):
    made = folder.created(app.settings.data_dir, recipe(*CHOSEN), {"model": str(tiny), "base": "", "dataset": ""}, name)
    state.write(made.spoken)
    for step in range(1, 4):
        made.log.add({"step": step, "loss": 3.0 - step / 2})
    return made


def test_runs_are_listed_with_their_numbers_and_one_is_shown_with_its_loss(training, app, tiny):
    run_of(app, tiny, Progress("done", 3, 3, tokens_per_second=1234.5, memory=5_000_000))
    run_of(app, tiny, Progress("failed", 1, 3, trouble="<b>full"), "other")
    (first,) = training.running.watch()
    assert sorted(first[0]["choices"]) == [
        ("– other\nfailed · 1 of 3 steps · loss 2.50 → 1.50", "other"),
        ("✓ mine\ndone · 3 of 3 steps · loss 2.50 → 1.50", "mine"),
    ]
    (shown,) = training.running.watch("mine")
    assert "1,234 tokens/s · 5.0 MB" in shown[2] and "polyline" in shown[2]
    assert [each["visible"] for each in shown[3:6]] == [False, False, True]
    (failed,) = training.running.watch("other")
    assert "&lt;b&gt;full" in failed[2] and [each["visible"] for each in failed[3:6]] == [False, True, True]


def test_a_run_is_deleted_and_one_that_is_gone_is_a_sentence(training, app, tiny):
    made = run_of(app, tiny, Progress("done", 3, 3))
    training.running._remove("mine")
    assert not made.path.exists()
    assert list(training.running.watch("mine")) == []
    assert "There is no run mine" in next(iter(training.running.resumed("mine")))[6]


def test_too_little_is_said_before_anything_starts(training, app, tiny):
    keep(app, *lines(2, 1, 1)[:3])
    for each in People(app.memories.database).index():
        People(app.memories.database).change(each.id, consent="given")
    chosen = [*CHOSEN[:3], str(tiny), *CHOSEN[4:]]
    *_, told = training.running.estimated(*chosen)
    assert "The dataset is too small" in told
    *_, shown = training.running.started(*chosen)
    assert "The dataset is too small" in shown[6]
    assert not (app.settings.data_dir / "runs").exists()


def test_only_the_owner_trains(blocks, door, upload):
    training = Training(replace(door, person=lambda: Person("guest")))
    assert "the business of whoever owns this machine" in training.looked()[0]
    assert "the business of" in look(training)[0]
    assert list(training.running.watch()) == []
    for refused in (training.importing.look, lambda files: training.importing.take(files, "")):
        with pytest.raises(Exception, match="the business of"):
            refused([upload("a.json", "{}")])


def test_the_figure_of_a_loss_stays_within_its_frame_however_long_it_is():
    assert figure([], [], 5) == ""
    drawn = figure([(step, 2.0 + step % 7) for step in range(1, 10_001)], [(5000, 3.0)], 10_000)
    assert drawn.count(",") < 2000 and "held out 3.000" in drawn
    assert "NaN" not in figure([(1, 2.0)], [], 0)
