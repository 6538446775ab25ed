"""Markdown as a Word document, read again with python-docx and opened in LibreOffice."""

from __future__ import annotations

import zipfile
from io import BytesIO

import pytest
from docx.oxml.ns import qn
from docx.shared import Pt
from lxml import etree

from extension.documents.word import LONGEST, written
from extension.errors import DocumentRefused

from .conftest import WHEN, Part, Text, bytes_of, lines, made

EVERYTHING = """\
## Chapter one

It was **the best** of *times*,
it was the ~~worst~~ `of` times.

1. first
2. second
   - inner
     1. innermost
3. third

Between the lists.

1. begins anew

> Quoted words.

| Name | Age |
|------|----:|
| Ann | 41 |

```python
print("  spaces stay")
```

---

[the source](https://example.org/)

- [x] done
- [ ] to do
"""


def numbering(paragraph):
    """Return (list, level) of a paragraph in a list."""
    found = paragraph._p.pPr.numPr if paragraph._p.pPr is not None else None
    return None if found is None else (found.numId.val, found.ilvl.val)


def looks(document, words):
    """Return how the run with these words looks."""
    run = next(run for paragraph in document.paragraphs for run in paragraph.runs if run.text == words)
    return run.bold, run.italic, run.font.strike, run.style.name


def links(document):
    """Return (words, address) of the links."""
    found = document.element.body.iter(qn("w:hyperlink"))
    return [("".join(t.text for t in each.iter(qn("w:t"))), document.part.rels[each.get(qn("r:id"))].target_ref) for each in found]


def starts(document):
    """Return where each numbered list begins to count, by the number of the list."""
    root = document.part.numbering_part.element
    return {int(num.get(qn("w:numId"))): int(each.get(qn("w:val"))) for num in root for each in num.iter(qn("w:startOverride"))}


def test_the_title_is_a_title_and_the_properties_say_whose_it_is():
    document = made("Words.")
    assert (document.paragraphs[0].text, document.paragraphs[0].style.name) == ("War and Peace", "Title")
    properties = document.core_properties
    assert (properties.title, properties.author, properties.comments) == ("War and Peace", "Robin", "")
    assert (properties.created, properties.modified) == (WHEN, WHEN)


def test_headings_keep_their_level_and_the_title_does_not_come_twice():
    document = made("# war and peace\n\n## One\n\n### *Two*\n\n###### Six\n\nUnderlined\n=====")
    assert [(each.text, each.style.name) for each in document.paragraphs[1:]] == [
        ("One", "Heading 2"),
        ("Two", "Heading 3"),
        ("Six", "Heading 6"),
        ("Underlined", "Heading 1"),
    ]


def test_each_line_is_a_paragraph_with_six_points_after_it():
    document = made("One\ntwo  \nthree\n\nfour<br>five")
    assert lines(document) == ["One", "two\nthree", "four\nfive"]
    assert document.styles["Normal"].paragraph_format.space_after == Pt(6)


def test_words_are_bold_italic_struck_and_code():
    document = made("**b *bi* b2** *i* ~~s~~ `c`")
    assert looks(document, "bi") == (True, True, None, "Default Paragraph Font")
    assert looks(document, " b2")[:2] == (True, None)
    assert looks(document, "s")[2] is True
    assert looks(document, "c")[3] == "FamiliarCodeWords"


def test_lists_are_nested_and_each_numbered_one_counts_for_itself():
    document = made("1. a\n2. b\n   - c\n     1. d\n3. e\n\nBetween.\n\n4. f\n\nBetween.\n\n- g")
    found = {each.text: numbering(each) for each in document.paragraphs[1:]}
    first, bullets, inner, second = found["a"][0], found["c"][0], found["d"][0], found["f"][0]
    assert found == {
        "a": (first, 0), "b": (first, 0), "c": (bullets, 1), "d": (inner, 2), "e": (first, 0),
        "Between.": None, "f": (second, 0), "g": (bullets, 0),
    }  # fmt: skip
    assert len({first, bullets, inner, second}) == 4
    assert [starts(document)[each] for each in (first, inner, second)] == [1, 1, 4]


def test_what_follows_in_a_point_stands_under_it_without_a_number():
    document = made("1. one\n\n   more\n\n   ```\n   code\n   ```\n2. two\n3. > quoted")
    assert [(each.text, numbering(each) is not None) for each in document.paragraphs[1:]] == [
        ("one", True), ("more", False), ("code", False), ("two", True), ("", True), ("quoted", False),
    ]  # fmt: skip
    assert document.paragraphs[2].paragraph_format.left_indent == document.paragraphs[1].paragraph_format.left_indent == Pt(18)


def test_tasks_have_boxes_instead_of_bullets():
    document = made("- [x] done\n- [ ] to *do*\n- [?] neither")
    assert [(each.text, numbering(each) is None) for each in document.paragraphs[1:]] == [
        ("☑\tdone", True), ("☐\tto do", True), ("[?] neither", False),
    ]  # fmt: skip


def test_tables_have_a_head_aligned_columns_and_words_that_look_like_something():
    document = made("| Name | Age |\n|:--|--:|\n| **Ann** \\| Bo | 41 |\n| Cy |\n| 1 | 2 | 3 |")
    (table,) = document.tables
    assert [[cell.text for cell in row.cells] for row in table.rows] == [["Name", "Age"], ["Ann | Bo", "41"], ["Cy", ""], ["1", "2"]]
    assert table.cell(0, 0).paragraphs[0].runs[0].bold is True
    assert table.cell(1, 1).paragraphs[0].alignment.name == "RIGHT"
    assert table.rows[0]._tr.trPr.find(qn("w:tblHeader")) is not None


def test_a_table_that_is_too_wide_loses_no_words():
    many = 70
    document = made(f"|{'h|' * many}\n|{'-|' * many}\n|{'|'.join(map(str, range(many)))}|")
    row = [cell.text for cell in document.tables[0].rows[1].cells]
    assert (len(row), row[0], row[62]) == (63, "0", "62 | 63 | 64 | 65 | 66 | 67 | 68 | 69")


@pytest.mark.parametrize("broken", ["| a | b |\n| 1 | 2 |", "| a |\n|---|---|\n| 1 |", "|||\n|||", "|-|"])
def test_a_broken_table_stays_text(broken):
    document = made(broken)
    assert document.tables == []
    assert "\n".join(lines(document)) == broken


def test_quotes_code_and_rules_have_styles_of_their_own():
    document = made("> a\n>> b\n\n```\n  two\n\tlines\n```\n\n---")
    found = [(each.text, each.style.name, each.paragraph_format.left_indent) for each in document.paragraphs[1:]]
    assert found == [
        ("a", "Quote", Pt(18)),
        ("b", "Quote", Pt(36)),
        ("  two\n\tlines", "FamiliarCode", None),
        ("", "FamiliarRule", None),
    ]


def test_links_can_be_clicked_bare_ones_too():
    document = made("[a *b*](https://example.org/x?y=ü) <mailto:ann@example.org> see https://example.com/z, and main.py")
    assert links(document) == [
        ("a b", "https://example.org/x?y=%C3%BC"),
        ("mailto:ann@example.org", "mailto:ann@example.org"),
        ("https://example.com/z", "https://example.com/z"),
    ]


@pytest.mark.parametrize(
    "url",
    [
        "javascript:alert(1)",
        "JaVaScRiPt:alert(1)",
        "data:text/html,x",
        "file:///etc/passwd",
        "\\\\\\\\host\\share",
        "//host/x",
        "../x",
        "https://",
        "http://[::1",
        "http://x:99999/",
        "http://a b/",
        f"https://x/{'y' * 3000}",
    ],
)
def test_what_is_no_address_of_the_web_cannot_be_clicked_and_is_not_lost(url):
    document = made(f"[words](<{url}>)")
    assert links(document) == []
    (line,) = lines(document)
    assert line.startswith("words (") and line.endswith(")") and len(line) > len("words ()")


def test_definitions_of_links_are_used_or_kept_as_lines():
    document = made("See [1].\n\n[1]: https://example.org/used\n[2]: https://example.org/not-used 'Title'")
    assert links(document)[0] == ("1", "https://example.org/used")
    assert lines(document)[-1] == "[2]: https://example.org/not-used 'Title'"


def test_html_is_text():
    assert lines(made("<script>alert(1)</script>\n\na <b>bold</b> &lt;i&gt; &amp;amp;")) == [
        "<script>alert(1)</script>",
        "a <b>bold</b> <i> &amp;",
    ]


def test_what_xml_forbids_becomes_a_replacement_character():
    document = made("a\x00b\x1bc\ud800d\ufffee &#12; `\x07`\r\n\r\nnext", title="T\x00\ud83d")
    assert lines(document) == ["a�b�c�d�e � �", "next"]
    assert document.core_properties.title == document.paragraphs[0].text == "T��"


def test_every_part_of_a_dialogue_has_its_line():
    data = written(Text("Chat", "Robin", WHEN, (Part("Hello.", "Ann, noon"), Part("*Hi.*", "Robin"))))
    assert "FamiliarSpeaker" in zipfile.ZipFile(BytesIO(data)).read("word/document.xml").decode()


@pytest.mark.parametrize(
    "text",
    [
        ">" * 500 + " deep",
        "\n".join("  " * each + "- deep" for each in range(200)),
        "[" * 60_000 + "deep",
        "![" * 30_000,
        "*a **b " * 9_000,
        "`" * 5_000 + " " + "`" * 4_999,
        "| " * 20_000,
        "x" * 500_000,
        "&#" * 50_000,
    ],
    ids=["quotes", "lists", "brackets", "pictures", "stars", "ticks", "pipes", "long", "entities"],
)
def test_what_is_hostile_loses_no_words(text):
    joined = "".join(each.text for each in made(text).paragraphs[1:])
    assert [len(joined) >= len(text) * 0.9 or joined.count("deep") == text.count("deep"), joined[-1:]] == [True, text.strip()[-1:]]


def test_a_text_that_is_too_long_is_refused():
    with pytest.raises(DocumentRefused, match=r"a text of 1,000,001 characters, and a document takes 1,000,000\. Choose fewer"):
        bytes_of("x" * LONGEST, "y")


def test_all_of_its_xml_is_well_formed_and_in_the_order_the_schema_wants():
    data = zipfile.ZipFile(BytesIO(bytes_of(EVERYTHING)))
    for name in data.namelist():
        if name.endswith((".xml", ".rels")):
            etree.fromstring(data.read(name))
    numbering = etree.fromstring(data.read("word/numbering.xml"))
    kinds = [etree.QName(each).localname for each in numbering]
    assert kinds == sorted(kinds)  # abstractNum before num


@pytest.mark.office
@pytest.mark.slow
def test_libreoffice_opens_it_and_shows_everything(printed):
    text = printed(bytes_of(EVERYTHING, title="Krieg und Frieden — Война и мир"))
    shown = [" ".join(line.split()) for line in text.splitlines() if line.strip()]
    assert shown == [
        "Krieg und Frieden — Война и мир",
        "Chapter one",
        "It was the best of times,",
        "it was the worst of times.",
        "1. first",
        "2. second",
        "◦ inner",
        "i. innermost",
        "3. third",
        "Between the lists.",
        "1. begins anew",
        "Quoted words.",
        "Name Age",
        "Ann 41",
        'print(" spaces stay")',
        "the source",
        "☑ done",
        "☐ to do",
    ]
