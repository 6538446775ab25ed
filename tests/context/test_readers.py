"""Tests of the readers: what each format gives, as other programs write it."""

from __future__ import annotations

import pytest

from . import documents


def test_a_pdf_gives_pages_bookmarks_and_its_title_and_names_the_pages_that_are_scanned(tmp_path, whole):
    path = documents.pdf(tmp_path / "a.pdf", ["First page.", None, None, "", None, "Last page."], bookmarks=True, title="A Report")
    found = whole(path)
    assert (found.kind, found.title) == ("pdf", "A Report")
    assert [(piece.text, piece.page, piece.titles) for piece in found.pieces] == [
        ("First page.", 1, ("Chapter 1",)),
        ("Last page.", 6, ("Chapter 6",)),
    ]
    (warning,) = found.warnings
    assert warning.startswith("Pages 2-3, 5 are scanned: a picture without a text layer.")


def test_the_lines_of_a_pdf_are_joined_where_a_sentence_goes_on(tmp_path, whole):
    words = "The tower was built of granite from the hills behind the town, and it took the masons of the guild eleven years to finish it."
    found = whole(documents.pdf(tmp_path / "a.pdf", [f"{words}\nIt stands."]))
    assert found.text == f"{words}\nIt stands."


def test_a_word_document_gives_headings_lists_tables_notes_and_nothing_hidden_or_deleted(tmp_path, whole):
    found = whole(documents.word(tmp_path / "a.docx"))
    assert (found.kind, found.title, found.warnings) == ("docx", "The Tower", [])
    assert found.under("Building") == ["Building", "It is 80 m tall.[^2] Inserted.", "[^2]: Measured in 1890."]
    assert found.under("Building", "Stones") == [
        "Stones",
        "- granite",
        "  - red",
        "Stone: granite | Tons: 300",
        "Stone: slate | Tons: 20",
        "In a control.",
    ]


def test_a_workbook_gives_rows_with_their_header_under_their_sheet(tmp_path, whole):
    found = whole(documents.workbook(tmp_path / "a.xlsx"))
    assert found.under("People") == ["Name: Ada | Born: 1815", "Name: Alan | Born: 1912.5"]
    assert found.under("Figures") == ["1 | 2 | 3"]
    assert found.warnings == ["A hidden sheet was left out."]
    assert "words" not in found.text


def test_a_book_gives_its_chapters_in_the_order_of_its_spine(tmp_path, whole):
    found = whole(documents.book(tmp_path / "a.epub", {"z.xhtml": "<h1>One</h1><p>First.</p>", "a.xhtml": "<h1>Two</h1><p>Second.</p>"}))
    assert (found.kind, found.title, found.text) == ("epub", "A Book", "One\n\nFirst.\n\nTwo\n\nSecond.")
    assert found.under("Two") == ["Two", "Second."]


def test_a_mail_gives_who_wrote_its_text_and_its_attachments(tmp_path, whole):
    table = documents.workbook(tmp_path / "t.xlsx").read_bytes()
    found = whole(documents.mail(tmp_path / "a.eml", {"people.xlsx": table, "program.exe": b"MZ\0\0\x01\x02" * 100}))
    assert (found.kind, found.title) == ("mail", "Grüße")
    assert found.pieces[0].text == (
        "From: Ada <ada@example.org>\nTo: alan@example.org\nDate: Mon, 03 May 2027 10:00:00 +0000\nSubject: Grüße"
    )
    assert found.pieces[1].text == "The meeting is on Tuesday.\n"
    assert found.under("people.xlsx", "People")[0] == "Name: Ada | Born: 1815"
    assert [warning.partition(":")[0] for warning in found.warnings] == ["people.xlsx", "program.exe"]


def test_a_page_gives_what_a_browser_shows(written, whole):
    page = """<!doctype html><html><head><title>A &amp; B</title><style>p {}</style>
        <script>var x = "<p>no</p>"</script></head><body>
        <h1>Towers</h1><p>The <b>old</b>\n one.<br>Tall.<p hidden>no</p>
        <div style="color: red; display :none">no<p>no</div><!-- no -->
        <h2>Lists</h2><ul><li>a<ul><li><p>b</p></ul><li>c</ul>
        <table><tr><th>Name<th>Tons<tr><td>granite<td>300</table><pre>x = 1\n  y</pre>
        <img alt="A picture">tail<template>no</template></body>"""
    found = whole(written("a.html", page))
    assert found.title == "A & B"
    assert found.under("Towers") == ["Towers", "The old one.\nTall."]
    assert found.under("Towers", "Lists") == [
        "Lists",
        "- a",
        "  - b",
        "- c",
        "Name: granite | Tons: 300",
        "x = 1\n  y",
        "A picture tail",
    ]
    assert found.pieces[-2].kind == "code"


def test_markdown_gives_sections_code_and_tables_and_no_comments(written, whole):
    found = whole(
        written(
            "a.md",
            '---\ntitle: "Front"\n---\n# One *two*\n\ntext <!-- no\nno --> [a](b)\n\nSub\n---\n\n```Python x\ny = 1\n```\n\n- a\n  - b\n',
        )
    )
    assert found.title == "Front"
    assert found.under("One two") == ["One two", "text  [a](b)"]
    assert found.under("One two", "Sub") == ["Sub", "```Python x\ny = 1\n```", "- a\n  - b"]
    assert [(piece.kind, piece.language) for piece in found.pieces][3] == ("code", "python")


def test_restructured_text_gives_sections_and_includes_no_other_file(tmp_path, written, whole):
    (tmp_path / "secret.txt").write_text("secret")
    found = whole(
        written(
            "a.rst",
            "One\n===\n\npara\n\nTwo\n---\n\n.. include:: secret.txt\n\n.. raw:: html\n   :file: secret.txt\n\n"
            ".. code-block:: python\n\n   x = 1\n\n"
            "* item\n\n=====  ====\nStone  Tons\n=====  ====\nslate  20\n=====  ====\n",
        )
    )
    assert found.under("One") == ["One", "para"]
    assert found.under("One", "Two") == ["Two", "x = 1", "- item", "Stone: slate | Tons: 20"]


@pytest.mark.parametrize(
    ("content", "kind", "text"),
    [
        ("Name;Born\nAda;1815\n\n;;\nAlan;1912\n", "csv", "Name: Ada | Born: 1815\nName: Alan | Born: 1912"),
        ("a\tb\n1\t2\n3\t4\n", "csv", "a: 1 | b: 2\na: 3 | b: 4"),
        ('n,t\n1,"two\nlines, here"\n', "csv", "n: 1 | t: two lines, here"),
        ('{"people": [{"name": "Ada", "tags": ["x", 2], "dead": true}, {"name": "Alan", "a": {"b": null}}]}', "json", None),
        ('{"a": 1}\n{"a": {"b": 2.5}}\n', "jsonl", "a: 1\na › b: 2.5"),
        ("1\n00:00:01,000 --> 00:00:02,000\n<i>Hello</i>\nyou\n\n2\n01:01:07,500 --> 01:01:08,000\nBye\n", "subtitles", None),
        ("WEBVTT\n\n00:01.000 --> 00:02.000\nHello\n", "subtitles", "[0:00:01] Hello"),
        ("#!/usr/bin/env python3\nprint(1)\n", "code", "#!/usr/bin/env python3\nprint(1)\n"),
        ("Just words.\n\nAnd more.", "text", "Just words.\n\nAnd more."),
        ("# One\n\nwords\n\n## Two\n\nmore\n", "markdown", "One\n\nwords\n\nTwo\n\nmore"),
    ],
)
def test_texts_are_told_by_their_content(written, whole, content, kind, text):
    found = whole(written("unnamed", content))
    assert found.kind == kind
    if text:
        assert found.text == text


def test_the_values_of_json_are_grouped_by_record(written, whole):
    found = whole(written("a.json", '{"people": [{"name": "Ada", "tags": ["x", 2]}, {"name": "Alan", "dead": true, "n": null}], "v": 3}'))
    assert [piece.text for piece in found.pieces] == [
        "people › name: Ada\npeople › tags: x\npeople › tags: 2",
        "people › name: Alan\npeople › dead: true",
        "v: 3",
    ]


def test_subtitles_give_the_time_of_what_is_said(written, whole):
    found = whole(
        written("a.srt", "1\r\n00:00:01,000 --> 00:00:02,000\r\n<i>Hello</i>\r\nyou\r\n\r\n2\r\n01:01:07,500 --> 01:01:08,000\r\nBye\r\n")
    )
    assert found.text == "[0:00:01] Hello you\n[1:01:07] Bye"


def test_a_zip_gives_every_file_under_its_name(tmp_path, whole):
    path = documents.packed(
        tmp_path / "a.zip",
        {
            "notes/a.txt": "Hello.",
            "book.epub": documents.book(tmp_path / "b.epub", {"c.xhtml": "<h1>One</h1><p>First."}).read_bytes(),
            "inner.zip": documents.packed(tmp_path / "i.zip", {"b.txt": "Inner."}).read_bytes(),
            "__MACOSX/._a.txt": "no",
            ".DS_Store": "no",
        },
    )
    found = whole(path)
    assert [(piece.titles, piece.text) for piece in found.pieces] == [
        (("notes/a.txt",), "Hello."),
        (("book.epub", "One"), "One"),
        (("book.epub", "One"), "First."),
        (("inner.zip", "b.txt"), "Inner."),
    ]
    assert found.warnings == []


@pytest.mark.parametrize(
    ("words", "charset"),
    [
        ("Die Höhe des Turms beträgt achtzig Meter, naïve Männer gingen über die Brücke.", "cp1252"),
        ("Zażółć gęślą jaźń, w Szczebrzeszynie chrząszcz brzmi w trzcinie.", "cp1250"),
        ("Привет, как дела? Мы живём в большом городе.", "cp1251"),
        ("これは日本語の文章です。今日は天気がいいですね。", "shift_jis"),
        ("Grüße", "utf-8-sig"),
        ("Grüße", "utf-16"),
        ("Plain words in another width.", "utf-16-le"),
        ("Plain words in another width.", "utf-32-be"),
    ],
)
def test_the_charset_of_a_text_is_detected(written, whole, words, charset):
    assert whole(written("a.txt", words.encode(charset))).text == words


def test_a_charset_that_was_said_or_declared_is_taken(written, whole):
    assert whole(written("a.txt", "Привет".encode("koi8-r")), charset="koi8-r").text == "Привет"
    page = '<html><head><meta charset="iso-8859-7"></head><body>Καλημέρα'
    assert whole(written("a.html", page.encode("iso-8859-7"))).text == "Καλημέρα"
