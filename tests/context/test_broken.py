"""Tests of documents that are broken or made to harm: each gets a line of its own that says what to do, and the rest goes on."""

from __future__ import annotations

import os
import threading
import zipfile
from contextlib import suppress
from io import BytesIO

import docx
import pytest

from extension.context.limits import Limits
from extension.context.reading import read
from extension.errors import Stopped, UnreadableDocument

from . import documents

LAUGHS = (
    '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">'
    '<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;">'
    '<!ENTITY file SYSTEM "file:///etc/hostname">]>'
)


def refused(whole, path, **given):
    with pytest.raises(UnreadableDocument) as caught:
        whole(path, **given)
    return str(caught.value)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "It is empty."),
        (b" \n\0\0\r\n", "It is empty."),
        (b"\x89PNG\r\n\x1a\n" + bytes(100), "It is a picture."),
        (b"{\\rtf1 words}", "It is rich text (RTF)"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(500), "It is of an Office before 2007, or protected with a password."),
        (bytes(range(256)) * 20, "It is of no kind that is read. Read are: text,"),
        (b"PK\x03\x04 and nothing more", "It is damaged, or not quite a document (BadZipFile)."),
        (b"%PDF-1.7\nand nothing more", "It is a damaged PDF."),
        (b"\xef\xbb\xbf\xc2\xa0\n", "There is no text in it."),
    ],
)
def test_what_is_no_document_is_refused_with_what_to_do_next(written, whole, content, said):
    assert refused(whole, written("a.bin", content)).startswith(said)


def test_a_protected_pdf_and_a_pdf_of_pictures_are_refused(tmp_path, whole):
    assert "protected with a password" in refused(whole, documents.pdf(tmp_path / "a.pdf", ["words"], password="x"))
    said = refused(whole, documents.pdf(tmp_path / "b.pdf", [None, None]))
    assert said.startswith("There is no text in it. Pages 1-2 are scanned")


def test_a_pdf_of_ten_thousand_pages_is_read_to_its_end(tmp_path, whole):
    page = b"<</Type/Page/Parent 2 0 R/Contents 4 0 R/Resources<</Font<</F 3 0 R>>>>/MediaBox[0 0 99 99]>>"
    kids = b" ".join(b"%d 0 R" % number for number in range(5, 10_005))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count 10000/Kids[" + kids + b"]>>",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
        b"<</Length 33>>stream\nBT /F 9 Tf 9 9 Td (A page.) Tj ET\nendstream",
        *[page] * 10_000,
    ]
    body, places = b"%PDF-1.4\n", []
    made = [body]
    size = len(body)
    for number, each in enumerate(objects, 1):
        places.append(size)
        made.append(b"%d 0 obj%sendobj\n" % (number, each))
        size += len(made[-1])
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    count = len(objects) + 1
    made.append(b"xref\n0 %d\n0000000000 65535 f \n%strailer<</Root 1 0 R/Size %d>>\nstartxref\n%d\n%%%%EOF" % (count, table, count, size))
    (tmp_path / "a.pdf").write_bytes(b"".join(made))
    found = whole(tmp_path / "a.pdf")
    assert (len(found.pieces), found.pieces[-1].page, found.warnings) == (10_000, 10_000, [])


def test_a_pdf_with_a_damaged_middle_gives_the_rest(tmp_path, whole):
    path = documents.pdf(tmp_path / "a.pdf", ["First page.", "Second page.", "Third page."])
    data = path.read_bytes()
    at = data.index(b"stream", data.index(b"endstream"))
    path.write_bytes(data[: at + 20] + b"\xff" * 30 + data[at + 50 :])
    assert {piece.text for piece in whole(path).pieces} == {"First page.", "Third page."}


def test_a_wrong_suffix_changes_nothing_but_is_said(tmp_path, written, whole):
    pdf = documents.pdf(tmp_path / "letter.docx", ["Words."])
    found = whole(pdf)
    assert (found.kind, found.text, found.warnings) == ("pdf", "Words.", ["It is called .docx and is PDF; it was read as that."])
    found = whole(written("a.pdf", "Only words."))
    assert (found.kind, found.warnings) == ("text", ["It is called .pdf and is plain text; it was read as that."])
    assert whole(written("a.xlsx", "<html><body><p>Exported")).kind == "html"
    assert whole(written("a.json", "No JSON here, but words.")).text == "No JSON here, but words."


def test_a_zip_bomb_is_refused_before_it_is_unpacked(tmp_path, whole):
    path = documents.packed(tmp_path / "a.zip", {"a.txt": b"0" * 5_000_000})
    assert "as a zip bomb does" in refused(whole, path)
    path = documents.packed(tmp_path / "b.docx", {"[Content_Types].xml": "<x/>", "word/document.xml": b" " * 5_000_000})
    assert "as a zip bomb does" in refused(whole, path)
    path = documents.packed(tmp_path / "c.zip", {f"{number}.txt": os.urandom(1000).hex() for number in range(20)})
    assert refused(whole, path, limits=Limits(size=30_000)).startswith("It unpacks to more than 0 MB.")
    assert refused(whole, path, limits=Limits(members=19)).startswith("It holds more than 19 files.")


def test_zips_in_a_zip_count_together(tmp_path, whole):
    inner = documents.packed(tmp_path / "i.zip", {"a.txt": os.urandom(5_000).hex()}).read_bytes()
    path = documents.packed(tmp_path / "a.zip", {f"{number}.zip": inner for number in range(9)})
    found = whole(path, limits=Limits(size=90_000))
    assert len({piece.titles for piece in found.pieces}) == 3
    assert [warning.partition(".")[0] for warning in found.warnings] == ["3", "4", "5", "6", "7", "8"]


def test_a_mail_with_a_broken_attachment_gives_the_rest(tmp_path, whole):
    path = documents.mail(tmp_path / "a.eml", {"a.txt": b"Sound.", "b.pdf": b"%PDF-1.4 broken", "c.txt": b"Also sound."})
    data = path.read_bytes()
    path.write_bytes(data.replace(b'Content-Type: text/plain; charset="utf-8"', b'Content-Type: text/plain; charset="no-such"'))
    found = whole(path)
    assert [piece.text.strip() for piece in found.pieces[1:]] == ["The meeting is on Tuesday.", "Sound.", "Also sound."]
    assert [warning.partition(":")[0] for warning in found.warnings] == ["b.pdf"]


def test_a_zip_that_lies_about_its_sizes_gives_no_more_than_it_says(tmp_path, whole):
    path = documents.packed(tmp_path / "a.zip", {"a.txt": b"word " * 100_000, "b.txt": "Sound."})
    data = path.read_bytes().replace((500_000).to_bytes(4, "little"), (10).to_bytes(4, "little"))
    path.write_bytes(data)
    found = whole(path)
    advice = "Open it in the program it is from and save it anew, or as text."
    assert (found.text, found.warnings) == ("Sound.", [f"a.txt: It is damaged, or not quite a zip (BadZipFile). {advice}"])


def test_zips_in_zips_are_read_to_a_depth(tmp_path, whole):
    inner = b"Words."
    for depth in range(4):
        inner = documents.packed(tmp_path / "a.zip", {f"{depth}.zip" if depth else "a.txt": inner}).read_bytes()
    assert refused(whole, tmp_path / "a.zip") == (
        "There is no text in it. 3.zip: 2.zip: It lies in 2 other files. Unpack those and read it again."
    )


def test_names_in_a_zip_lead_nowhere_and_links_are_not_followed(tmp_path, whole):
    secret = tmp_path / "secret.txt"
    secret.write_text("secret")
    path = tmp_path / "box" / "a.zip"
    path.parent.mkdir()
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("../../evil.txt", "Evil.")
        archive.writestr("C:\\x\\..\u202e\nname.txt", "Odd.")
        link = zipfile.ZipInfo("link.txt")
        link.external_attr = 0o120777 << 16
        archive.writestr(link, str(secret))
    found = whole(path)
    assert [(piece.titles, piece.text) for piece in found.pieces] == [(("evil.txt",), "Evil."), (("C:/x/.. name.txt",), "Odd.")]
    assert found.warnings == ["link.txt: a link to another file is not followed."]
    assert sorted(each.name for each in tmp_path.rglob("*")) == ["a.zip", "box", "secret.txt"]


def test_what_is_broken_in_a_zip_leaves_the_rest(tmp_path, whole):
    path = documents.packed(
        tmp_path / "a.zip",
        {
            "a.txt": "Sound.",
            "b.pdf": b"%PDF-1.4 broken",
            "c.docx": documents.packed(tmp_path / "c.docx", {"[Content_Types].xml": "x", "word/document.xml": "x"}).read_bytes(),
            "d.xlsx": documents.packed(tmp_path / "d.xlsx", {"[Content_Types].xml": "x", "xl/workbook.xml": "x"}).read_bytes(),
            "e.epub": documents.packed(tmp_path / "e.epub", {"META-INF/container.xml": "x"}).read_bytes(),
            "f.json": '{"a": "sound", "b": tru',
            "g.jsonl": '{"a": 1}\n{"b": \n{"c": 3}\n',
            "h.txt": "Also sound.",
        },
    )
    found = whole(path)
    assert [piece.text for piece in found.pieces] == ["Sound.", "a: sound", "a: 1", "c: 3", "Also sound."]
    assert [warning.split(" (")[0] for warning in found.warnings] == [
        "b.pdf: It is a damaged PDF. Open it in a PDF reader, print it into a new PDF, and read that.",
        "c.docx: It is damaged, or not quite a Word document",
        "d.xlsx: It is damaged, or not quite an Excel workbook",
        "e.epub: It is damaged, or not quite EPUB",
        "f.json: It is no valid JSON: what follows the first mistake was left out. A JSON checker shows where it is.",
        "g.jsonl: 1 lines are no valid JSON, or too long, and were left out.",
    ]


def test_entities_and_macros_of_office_files_do_nothing(tmp_path, whole):
    path = tmp_path / "a.docx"
    docx.Document().save(str(path))
    laughing = f"{LAUGHS}<w:document {documents.W}><w:body><w:p><w:r><w:t>&c;&file;</w:t></w:r></w:p></w:body></w:document>"
    documents.rewritten(path, {"word/document.xml": laughing}, {})
    assert refused(whole, path).startswith("It declares XML entities")
    path = documents.workbook(tmp_path / "a.xlsx")
    documents.rewritten(path, {"xl/sharedStrings.xml": f"{LAUGHS}<sst><si><t>&c;</t></si></sst>".encode("utf-16").decode("latin-1")}, {})
    assert refused(whole, path)
    path = documents.word(tmp_path / "b.docm")
    main = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml"
    macros = "application/vnd.ms-word.document.macroEnabled.main+xml"
    documents.rewritten(path, {"word/vbaProject.bin": "macro"}, {"[Content_Types].xml": (main, macros)})
    found = whole(path)
    assert (found.under("Building")[0], found.warnings) == ("Building", ["It has macros, which are ignored."])


def test_entities_of_a_book_and_of_a_page_do_nothing(tmp_path, written, whole):
    found = whole(documents.book(tmp_path / "a.epub", {"a.xhtml": f"{LAUGHS}<html><body><p>Words. &c; &file;</p></body></html>"}))
    assert (len(found.text) < 100, found.text.startswith("Words.")) == (True, True)
    hostname = documents.packed(
        tmp_path / "b.epub", {"META-INF/container.xml": f'{LAUGHS}<container><rootfile full-path="&file;"/></container>'}
    )
    assert refused(whole, hostname).startswith("It is damaged, or not quite EPUB")


def test_a_book_that_is_protected_is_refused_and_encrypted_fonts_are_not(tmp_path, whole):
    encryption = '<encryption><CipherReference URI="{}"/></encryption>'
    path = documents.book(
        tmp_path / "a.epub", {"a.xhtml": "<p>Words."}, extra={"META-INF/encryption.xml": encryption.format("OPS/a.xhtml")}
    )
    assert refused(whole, path) == "It is protected against copying (DRM), so it cannot be read."
    path = documents.book(tmp_path / "b.epub", {"a.xhtml": "<p>Words."}, extra={"META-INF/encryption.xml": encryption.format("OPS/x.otf")})
    assert whole(path).text == "Words."


@pytest.mark.parametrize(
    ("name", "content", "text"),
    [
        ("deep.html", "<div>" * 200_000 + "Words." + "</div>" * 200_000, "Words."),
        ("deep.json", "[" * 100_000 + "1" + "]" * 100_000, None),
        ("deep.jsonl", '{"a": 1}\n' + "[" * 100_000 + "]" * 100_000 + "\n", "a: 1"),
        ("deep.md", "> " * 20_000 + "words", None),
        ("deep.md", "[" * 50_000 + "words", None),
        ("deep.rst", "".join(" " * number + "* words\n\n" for number in range(400)), None),
        (
            "deep.eml",
            "From: a\nTo: b\nSubject: c\nContent-Type: multipart/mixed; boundary=x\n\n" + "--x\nContent-Type: message/rfc822\n\n" * 3_000,
            None,
        ),
    ],
)
def test_what_is_nested_without_end_costs_no_more_than_itself(written, whole, name, content, text):
    path = written(name, content)
    if text:
        assert whole(path).text == text
    else:
        with suppress(UnreadableDocument):
            assert len(whole(path).text) < len(content) + 100


def test_odd_characters_of_a_text_are_taken_out_or_replaced(written, whole):
    content = "Be\u00adfore \u202eevil\u202c\u200b\0 \x1b[1m\U000e0041end\r\nCafe\u0301 ﬁne\u2028x\x0cnext \u00a0 page 👩‍👩‍👧".encode()
    assert whole(written("a.txt", content)).text == "Before evil [1mend\nCafé fine\nx\n\nnext   page 👩‍👩‍👧"
    assert whole(written("a.json", b'{"a": "lone \\ud800 one"}')).pieces[0].text.isprintable()
    found = whole(written("b.txt", ("Grüße. " * 20_000).encode() + b"\xff\xfe broken"))
    assert found.text.endswith("Grüße. \ufffd\ufffd broken")
    assert found.warnings == ["2 characters could not be decoded. Save it as UTF-8 and read it again."]


def test_a_malformed_table_gives_the_rows_that_make_sense(written, whole):
    rows = "a,b\n1,2\n3\n4,5,6\n" + "7,8\n" * 30 + '9,"not closed\n' + "x,y\n" * 10
    found = whole(written("a.csv", rows))
    assert [piece.text for piece in found.pieces[:3]] == ["a: 1 | b: 2", "a: 3", "a: 4 | b: 5 | 6"]
    assert found.pieces[-1].text.startswith("a: 9 | b: not closed x,y")
    assert found.warnings == ["2 rows have more or fewer cells than most."]
    found = whole(written("b.csv", 'a,b\n1,2\n3,"' + "x,y\n" * 260_000))
    assert [piece.text for piece in found.pieces[:1]] == ["a: 1 | b: 2"]
    assert "rows are malformed and were left out. Perhaps a quote is not closed." in found.warnings[0]


def test_a_file_that_is_too_large_is_refused_before_it_is_read(tmp_path, whole):
    path = tmp_path / "a.txt"
    with path.open("wb") as file:
        file.truncate(1_000_000_000)  # a hole: it takes no space
    assert refused(whole, path) == "It is larger than 1000 MB. Cut it into parts."
    with pytest.raises(UnreadableDocument, match="larger than 0 MB"):
        read(BytesIO(b"x" * 1000), "a.txt", limits=Limits(size=1000))


def test_what_is_no_file_is_refused_without_waiting(tmp_path, whole):
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", "."):
        assert refused(whole, tmp_path / name) == "It is no file but a folder, a device or a pipe."
    with pytest.raises(FileNotFoundError):
        read(tmp_path / "absent.txt")


def test_a_reader_that_hangs_or_needs_too_much_memory_is_ended(tmp_path, written, whole):
    deep = written("slow.md", "*a **b " * 60_000)
    assert refused(whole, deep, limits=Limits(patience=0.5)).startswith("Nothing came of it for 0.5 seconds.")
    large = written("large.srt", b"1\n00:00:01,000 --> 00:00:02,000\n" + b"x" * 80_000_000)
    assert refused(whole, large, limits=Limits(memory=200_000_000)).startswith("It needs too much memory.")


def test_reading_is_stopped_where_the_person_says_so(written):
    path = written("a.txt", "Some words and more.\n\n" * 200_000)
    stop = threading.Event()
    reading = read(path, stop=stop.is_set)
    pieces = iter(reading)
    assert next(pieces).start == 0
    stop.set()
    with pytest.raises(Stopped):
        list(pieces)
    assert reading._process.returncode is not None
    with read(path) as closed:
        next(iter(closed))
    assert closed._process.returncode is not None


def test_of_many_warnings_the_first_are_kept(tmp_path, whole):
    path = documents.packed(tmp_path / "a.zip", {"a.txt": "Sound.", **{f"{number}.bin": b"\x89PNG" for number in range(103)}})
    warnings = whole(path).warnings
    assert (len(warnings), warnings[0][:20], warnings[-1]) == (101, "0.bin: It is a pictu", "And 3 more.")


def test_reading_says_how_far_it_has_come(tmp_path, written):
    for path in (written("a.txt", "Some words and more.\n\n" * 50_000), documents.pdf(tmp_path / "a.pdf", ["Words."] * 50)):
        with read(path) as reading:
            shares = [reading.share for _ in reading]
        assert shares == sorted(shares)
        assert (shares[0] < 0.3, shares[-1] > 0.9) == (True, True)


def test_a_long_markdown_is_read_as_plain_text_and_that_is_said(written, whole):
    found = whole(written("a.md", "# One\n\nwords\n" * 100), limits=Limits(parsed=1000))
    assert (found.text.count("# One"), found.kind) == (100, "markdown")
    assert found.warnings == ["It is longer than 0 MB, so its headings were not looked for."]


def test_a_long_text_streams_in_little_memory(tmp_path, whole):
    path = tmp_path / "a.txt"
    with path.open("w") as file:
        for _ in range(600):
            file.write("A line of words that goes on and on.\n" * 3_000)
    found = whole(path, limits=Limits(memory=300_000_000))
    assert sum(len(piece.text) for piece in found.pieces) == path.stat().st_size
    assert max(len(piece.text) for piece in found.pieces) <= 16_384
