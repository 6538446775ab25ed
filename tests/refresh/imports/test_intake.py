"""Files are taken whole or not at all, those that overlap are one chat, and what is hostile harms nothing."""

from __future__ import annotations

import json
import zipfile

import pytest

from extension.errors import ImportRefused
from extension.refresh.imports.intake import Wish, take
from extension.refresh.recipe.data import Sources

from .files import BERLIN, discord, discord_author, discord_message, put, zipped

ANN, BOB = discord_author(1, "ann"), discord_author(2, "bob")
WISH = Wish(zone=BERLIN)
CHAT = "[04.03.21, 21:05:00] Ann: hi\n[14.03.21, 21:06:00] Bob: ho\n"


def said(chats):
    return [each.text for each in chats.lines(Sources(diary=False))]


def kept(found):
    return None if found.added is None else (found.added.added, found.added.changed, found.added.there)


def test_a_preview_says_what_is_there_and_keeps_nothing(chats, tmp_path):
    path = put(
        tmp_path / "a.json", discord(discord_message(1, ANN, "1"), discord_message(2, BOB, "2"), discord_message(3, ANN, "", type="Call"))
    )
    [found] = take(None, path, WISH)
    assert (found.format, found.lines, found.dropped, found.added) == ("discord", 2, {"system message": 1}, None)
    assert list(found.people.values()) == [("ann", 1), ("bob", 1)]
    assert (found.since.minute, found.until.minute, found.chats[0].title) == (1, 2, "Guild / Text / general")
    assert said(chats) == []


def test_exports_that_overlap_become_one_chat(chats, tmp_path):
    messages = [discord_message(number, ANN, str(number)) for number in range(9)]
    put(tmp_path / "x" / "1.json", discord(*messages[3:]))
    put(tmp_path / "x" / "2.json", discord(*messages[:6]))
    assert [kept(each) for each in take(chats, tmp_path / "x", WISH)] == [(6, 0, 0), (3, 0, 3)]
    assert [kept(each) for each in take(chats, tmp_path / "x", WISH)] == [(0, 0, 6), (0, 0, 6)]
    assert said(chats) == [str(number) for number in range(9)]


def test_a_folder_gives_every_chat_and_leaves_the_rest(chats, tmp_path):
    old = {
        "messages": [{"sender_name": "Ann", "timestamp_ms": 1614888300000, "content": "old"}],
        "participants": [],
        "thread_path": "inbox/a_1",
    }
    new = {
        "messages": [{"sender_name": "Ann", "timestamp_ms": 1614888400000, "content": "new"}],
        "participants": [],
        "thread_path": "inbox/a_1",
    }
    root = tmp_path / "messages"
    put(root / "inbox" / "a_1" / "message_1.json", new)
    put(root / "inbox" / "a_1" / "message_2.json", old)
    put(root / "archived_threads" / "b_2" / "message_1.json", old | {"thread_path": "archived_threads/b_2"})
    put(root / "inbox" / "a_1" / "photos" / "p.jpg", b"\xff\xd8\xff\x00\x01")
    put(root / "autofill_information.json", {"autofill_information_v2": {}})
    put(root / "readme.txt", "Hello.")
    (root / "link.json").symlink_to(root / "inbox" / "a_1" / "message_1.json")
    found = list(take(chats, root, WISH))
    assert [each.name for each in found] == ["archived_threads/b_2/message_1.json", "inbox/a_1/message_1.json", "inbox/a_1/message_2.json"]
    assert [each.chat.id for each in chats.kept()] == ["messenger:a_1", "messenger:b_2"]
    assert said(chats) == ["old", "new", "old"]


def test_a_zip_is_read_without_unpacking_what_leads_elsewhere(chats, tmp_path):
    path = zipped(tmp_path / "WhatsApp Chat - Family.zip", files={"_chat.txt": CHAT, "../../evil.txt": CHAT, "a.jpg": b"\xff\xd8"})
    found = list(take(chats, path, WISH))
    assert sorted(each.name for each in found) == ["WhatsApp Chat - Family.zip/_chat.txt", "WhatsApp Chat - Family.zip/evil.txt"]
    assert {each.chat.id for each in chats.kept()} == {"whatsapp:Family", "whatsapp:evil"}
    assert {each.name for each in tmp_path.parent.rglob("evil*")} == set()


def test_a_folder_of_zips_gives_the_chats_of_the_sound_ones(chats, tmp_path):
    (tmp_path / "x").mkdir()
    zipped(tmp_path / "x" / "WhatsApp Chat - Ann.zip", files={"_chat.txt": CHAT})
    zipped(tmp_path / "x" / "pictures.zip", files={"a.jpg": b"\xff"})
    nothing, found = sorted(take(chats, tmp_path / "x", WISH), key=lambda each: each.lines)
    assert ("no chat" in nothing.refused, kept(found), said(chats)) == (True, (2, 0, 0), ["hi", "ho"])


def test_a_zip_bomb_and_a_damaged_zip_are_refused(chats, tmp_path):
    bomb = zipped(tmp_path / "bomb.zip", files={"a.json": b"[" + b" " * 50_000_000})
    with pytest.raises(ImportRefused, match="zip bomb"):
        list(take(chats, bomb, WISH))
    good = zipped(tmp_path / "good.zip", files={"a.txt": CHAT * 1000}).read_bytes()
    middle = good.index(b"a.txt") + 20
    broken = put(tmp_path / "broken.zip", good[:middle] + bytes(30) + good[middle + 30 :])
    with pytest.raises(ImportRefused, match="the zip is damaged"):
        list(take(chats, broken, WISH))
    assert said(chats) == []


def test_a_file_that_ends_in_the_middle_leaves_nothing_and_the_next_one_is_taken(chats, tmp_path):
    whole = json.dumps(discord(*(discord_message(number, ANN, "x") for number in range(50))))
    put(tmp_path / "x" / "1.json", whole[:-300])
    put(tmp_path / "x" / "2.txt", CHAT)
    broken, sound = take(chats, tmp_path / "x", WISH)
    assert "ends in the middle" in broken.refused
    assert kept(sound) == (2, 0, 0)
    assert said(chats) == ["hi", "ho"]


@pytest.mark.parametrize(
    "content",
    [
        b"", b"\x00" * 1000, b"just words", b"{" * 70_000, b'{"guild":{},"channel":{},"messages":' + b"[" * 70_000,
        b'{"guild":{},"channel":{},"messages":5}',
        b'{"guild":{},"channel":{"id":[]},"messages":[1,null,"x",{"id":{}},{"id":"1","author":[],"content":1}]}', b'{"author":1,"text":{}}',
        b'{"participants":[],"messages":[{"sender_name":1,"timestamp_ms":1e400},{"sender_name":"a","timestamp_ms":-5,"content":"x"}]}',
        b'{"name":"x","type":"personal_chat","id":1,"messages":[{"id":1,"from_id":"u","text":[[[]]],"date_unixtime":"99999999999999"}]}',
        b'{"room_name":"x","messages":[{"type":"m.room.message","content":{"body":5},"origin_server_ts":"no"}]}',
        b"username,text\n" + b'"' * 3_000_000,
        b'[{"author":"a","text":' + b"[" * 50_000, b"99/99/9999, 99:99 - Ann: hi\n" * 3 + b"\n" * 300_000,
    ],
    ids=range(14),
)  # fmt: skip
def test_nothing_hostile_is_kept_or_ends_the_import(chats, tmp_path, content):
    put(tmp_path / "x" / "1.json", content)
    put(tmp_path / "x" / "2.txt", CHAT)
    found = list(take(chats, tmp_path / "x", WISH))
    assert [kept(each) for each in found][-1] == (2, 0, 0)
    assert all(each.refused or each.lines == 0 for each in found[:-1])
    assert said(chats) == ["hi", "ho"]


def test_what_is_no_chat_is_refused_with_what_to_do(chats, tmp_path):
    for path, format_ in ((put(tmp_path / "a.txt", "Hello."), ""), (tmp_path / "nothing", ""), (tmp_path / "a.txt", "icq")):
        with pytest.raises(ImportRefused, match=r"docs/chats.md|Cannot read|There is no format"):
            list(take(chats, path, Wish(form=format_)))
    [found] = take(chats, tmp_path / "a.txt", Wish(form="csv"))
    assert "no columns" in found.refused


@pytest.mark.embedded
def test_many_messages_go_in_and_out(chats, tmp_path):
    path = tmp_path / "big.csv"
    with path.open("w") as file:
        file.write("username,text,timestamp\n")
        file.writelines(f"user{number % 5},message {number},{1_600_000_000 + number}\n" for number in range(5_000))
    [found] = take(chats, path, WISH)
    assert kept(found) == (5_000, 0, 0)
    assert sum(1 for _ in chats.lines(Sources(diary=False))) == 5_000


def test_a_password_on_a_zip_is_said(chats, tmp_path):
    path = zipped(tmp_path / "a.zip", files={"a.txt": CHAT})
    data = bytearray(path.read_bytes())
    for mark, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(mark) + place] |= 1
    path.write_bytes(bytes(data))
    assert zipfile.is_zipfile(path)
    with pytest.raises(ImportRefused, match="password"):
        list(take(chats, path, WISH))
