"""`familiar import-chat`, `familiar chats` and `familiar people`."""

from __future__ import annotations

import pytest

FAMILY = "[04.03.21, 21:05:00] Ann: hi\n[04.03.21, 21:05:30] Fam: \u200eBob joined\n[14.03.21, 21:06:00] Bob: ho\n"


@pytest.fixture
def export(tmp_path):
    """A folder with an export of a chat and one that is damaged."""
    folder = tmp_path / "exports"
    folder.mkdir()
    (folder / "WhatsApp Chat with Fam.txt").write_text(FAMILY)
    return folder


def test_a_preview_shows_what_is_in_a_file_and_keeps_nothing(familiar, export):
    ran = familiar("import-chat", export, "--preview")
    assert (ran.code, ran.out.splitlines()) == (
        0,
        [
            "WhatsApp Chat with Fam.txt (whatsapp): 2 messages, 2 people, 2021-03-04 to 2021-03-14",
            "    Ann 1, Bob 1",
            "    left out: 1 system message",
        ],
    )
    assert not (familiar.data_dir / "diary.sqlite").exists()


def test_a_chat_is_imported_listed_and_removed(familiar, export):
    (found,) = familiar("import-chat", export, "--json").json
    assert (found["format"], found["lines"], found["dropped"], found["refused"]) == ("whatsapp", 2, {"system message": 1}, "")
    assert found["people"] == [{"id": "whatsapp:Ann", "name": "Ann", "lines": 1}, {"id": "whatsapp:Bob", "name": "Bob", "lines": 1}]
    assert found["kept"] == {"added": 2, "changed": 0, "there": 0, "forgotten": 0}
    again = familiar("import-chat", export)
    assert "2 there already" in again.out and "2 people did not say yet whether their words may be learned" in again.err
    (chat,) = familiar("chats", "list", "--json").json
    assert (chat["id"], chat["lines"], chat["people"]) == ("whatsapp:Fam", 2, 2)
    assert "2 messages, 2 people" in familiar("chats", "list").out
    assert familiar("chats", "remove", "whatsapp:Fam", "--json").json == {"removed": {"whatsapp:Fam": 2}}
    assert familiar("chats", "remove", "whatsapp:Fam").code == 1


def test_what_cannot_be_imported_is_said_and_does_not_stop_the_rest(familiar, export, tmp_path):
    broken = export / "a.json"
    broken.write_text('{"guild": {}, "channel": {"id": "1"}, "messages": [{"id"')
    ran = familiar("import-chat", broken, tmp_path / "nothing.zip", export / "WhatsApp Chat with Fam.txt")
    assert (ran.code, "2 added" in ran.out) == (1, True)
    assert "a.json: nothing was taken: it is no JSON, or ends in the middle of it" in ran.err
    assert "Cannot read" in ran.err


def test_people_are_shown_asked_joined_and_forgotten(familiar, export):
    familiar("import-chat", export, "--me", "ann")
    me, bob = familiar("people", "--json").json
    assert (me["id"], me["aliases"], me["consent"], bob["consent"], bob["agreed"]) == ("me", ["whatsapp:Ann"], "given", "unknown", False)
    assert familiar("people").out.splitlines() == [
        "Ann (A, me): 1 message, consent given",
        "Bob (B, whatsapp:Bob): 1 message, consent unknown",
    ]
    assert familiar("people", "consent", "given", "bob", "--json").json[0]["agreed"] is True
    assert familiar("people", "set", "bob", "--name", "Robert", "--exclude", "--json").json["excluded"] is True
    assert "    is also whatsapp:Ann" in familiar("people", "show", "ann").out
    assert familiar("people", "split", "whatsapp:Ann", "--json").json["consent"] == "unknown"
    assert familiar("people", "merge", "whatsapp:Ann", "robert", "--json").json["lines"] == 2
    assert familiar("people", "forget", "robert", stdin=b"n\n").code == 1
    assert familiar("people", "forget", "robert", "--yes", "--json").json == {"id": "whatsapp:Bob", "forgotten": 2}
    assert "2 of people who are forgotten" in familiar("import-chat", export).out
    assert familiar("people", "show", "robert").code == 1


def test_a_name_that_nobody_has_is_said(familiar, export):
    ran = familiar("import-chat", export, "--preview", "--me", "zoe")
    assert (ran.code, "Nobody in these chats is called 'zoe'" in ran.err) == (1, True)
