"""How well passages are found: the rows of questions, what counts as found, and generated documents in every format."""

from __future__ import annotations

import json

import pytest

from bench import corpus, passages
from bench.corpus import Question
from bench.files import WRITERS
from extension.app import build
from extension.context.shelves import EVERYONE
from extension.embedders import Hashing
from extension.settings import load

ROW = {"question": "How tall is the tower?", "file": "deep/tower.md", "contains": "80 metres"}


@pytest.fixture
def folder(tmp_path):
    """A folder with one document."""
    folder = tmp_path / "folder"
    (folder / "deep").mkdir(parents=True)
    (folder / "deep" / "tower.md").write_text("# Tower\n\nThe tower is 80\nMETRES tall and stands by the sea.\n")
    (folder / "other.txt").write_text("The tower of the other village has fallen. It was 80 metres tall.")
    return folder


@pytest.fixture
def app(tmp_path):
    """The product with an embedder that needs no model."""
    app = build(load({}, data_dir=tmp_path / "data"), embedder=Hashing())
    yield app
    app.close()


def asked(app, folder, *questions):
    list(app.library.add_folder(folder, EVERYONE, passages.OWNER))
    return passages.score(app, folder, [Question(*each) for each in questions])


def test_the_right_passage_is_of_its_file_and_holds_the_words_whatever_their_case_and_space(app, folder):
    figures = asked(app, folder, ("How tall is the tower by the sea?", "deep/tower.md", "80 metres"))
    assert (figures["hit@1"], figures["hit@5"], figures["mrr"], figures["in_no_passage"]) == (1.0, 1.0, 1.0, 0)
    assert (figures["shown"], figures["characters"]) == (2, 122)


def test_a_passage_behind_another_counts_by_its_rank_and_none_counts_nothing(app, folder):
    found = ("How tall is the tower by the sea?", "other.txt", "80 metres")
    figures = asked(app, folder, found, ("How tall is the tower by the sea?", "other.txt", "90 metres"))
    assert (figures["hit@1"], figures["hit@5"], figures["mrr"], figures["in_no_passage"]) == (0.0, 0.5, 0.25, 1)


def test_what_nothing_answers_has_no_hits_but_what_was_shown(app, folder):
    figures = asked(app, folder, ("What does quantum chromodynamics say?", "", ""))
    assert (figures["questions"], figures["shown"]) == (1, 0)
    assert "hit@1" not in figures


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        ("{", "line 2: this is not JSON"),
        ("[" * 100_000, "line 2: this is not JSON"),
        ("[]", "line 2: a row has a text for each of question, file, contains"),
        (json.dumps({**ROW, "contains": 80}), "line 2: a row has a text for each"),
        (json.dumps({**ROW, "question": " "}), "line 2: the question is empty"),
        (json.dumps({**ROW, "contains": " "}), "either both said, or both empty"),
        (json.dumps({**ROW, "file": "none.md"}), "line 2: there is no file none.md in"),
    ],
)
def test_a_row_that_is_none_is_named_by_its_line(tmp_path, folder, line, reason):
    (tmp_path / "questions.jsonl").write_text(f"{json.dumps(ROW)}\n{line}\n")
    with pytest.raises(ValueError, match=reason):
        passages.read(tmp_path / "questions.jsonl", folder)


@pytest.mark.parametrize(("content", "reason"), [(b"", "holds no questions"), (b"\xff\xfe", "cannot be read"), (None, "cannot be read")])
def test_a_file_without_questions_is_refused(tmp_path, folder, content, reason):
    if content is not None:
        (tmp_path / "questions.jsonl").write_bytes(content)
    with pytest.raises(ValueError, match=reason):
        passages.read(tmp_path / "questions.jsonl", folder)


def test_rows_are_read_and_blank_lines_are_not(tmp_path, folder):
    (tmp_path / "questions.jsonl").write_text(f"\n{json.dumps(ROW)}\n\n")
    assert passages.read(tmp_path / "questions.jsonl", folder) == [Question(*ROW.values())]


def test_generated_documents_are_of_every_format_and_hold_what_is_asked(app, tmp_path):
    made = corpus.generate(tmp_path / "corpus", 2 * len(WRITERS), 0.2, folders=2)
    taken = [each for folder in made.folders for each in app.library.add_folder(folder, EVERYONE, passages.OWNER)]
    assert [each.problem for each in taken if each.change != "added" or each.warnings] == []
    assert {each.document.kind for each in taken} == {
        *("text", "markdown", "rst", "html", "pdf", "docx", "epub", "csv", "xlsx", "json", "jsonl", "subtitles", "mail", "code", "zip")
    }
    asked = [each for questions in made.questions.values() for each in questions]
    assert len(asked) == 2 * len(WRITERS) * 12
    assert passages.score(app, tmp_path / "corpus", asked)["in_no_passage"] == 0


def test_a_seed_gives_the_same_texts_and_questions_and_another_gives_others(tmp_path):
    first, again, other = (corpus.generate(tmp_path / name, 3, 0.03, seed=seed) for name, seed in (("a", 1), ("b", 1), ("c", 2)))
    assert first.questions == again.questions != other.questions
    texts = [(tmp_path / name / "part0" / "001-bridges.md").read_text() for name in "abc"]
    assert texts[0] == texts[1] != texts[2]
