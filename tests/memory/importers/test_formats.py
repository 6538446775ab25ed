"""Which format a file has, and which files of a folder hold chats."""

from __future__ import annotations

import json
import zipfile

import pytest

from extension.memory.importers.formats import Format, chats_in, recognised

TAVERN = b'{"user_name": "unused", "character_name": "unused", "chat_metadata": {}}\n'
WEBUI = b'{\n    "internal": [],\n    "visible": []\n}'
CHATGPT = b'[{"title": "Cats", "create_time": 1.5, "mapping": {}}]'


@pytest.mark.parametrize(
    ("data", "form"),
    [
        (TAVERN, Format.SILLYTAVERN),
        (b'{"chat_metadata": {"internal": 1}, "user_name": "x"}', Format.SILLYTAVERN),
        (b'{"name": "Ann", "is_user": true, "mes": "Hi"}', Format.SILLYTAVERN),
        (WEBUI, Format.WEBUI),
        (b'\xef\xbb\xbf{"data": [], "data_visible": []}', Format.WEBUI),
        (CHATGPT, Format.CHATGPT),
        (b' \n[\n {"id": 1, "mapping"\n: {}}]', Format.CHATGPT),
        (b'{"title": "Cats", "mapping": {}}', Format.CHATGPT),
        (b'{"kind": "familiar-memories", "format": 1}\n', None),
        (b"[]", None),
        (b'{"last_chats": {}}', None),
        (b"", None),
        (b"PK\x03\x04 no zip", None),
        (b"\x00" * 100, None),
    ],
)
def test_a_file_is_recognised_by_how_it_begins(tmp_path, data, form):
    (tmp_path / "file").write_bytes(data)
    assert recognised(tmp_path / "file") == form


def test_a_zip_is_chatgpts(tmp_path):
    with zipfile.ZipFile(tmp_path / "file", "w") as archive:
        archive.writestr("conversations.json", CHATGPT)
    assert recognised(tmp_path / "file") == Format.CHATGPT


def test_the_chats_of_a_folder_are_found_in_order_with_what_is_broken(tmp_path):
    files = {
        "chats/Wren/b.jsonl": TAVERN,
        "chats/Wren/a.jsonl": b"broken",
        "logs/chat/Robin/1.json": WEBUI,
        "logs/chat/Robin/2.json": b'{"intern',
        "logs/chat_state.json": b'{"last_chats": {}}',
        "notes.txt": TAVERN,
        "x/conversations.json": CHATGPT,
        "x/user.json": json.dumps([{"id": 1}]).encode(),
    }
    for name, data in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(data)
    (tmp_path / "again").symlink_to(tmp_path, target_is_directory=True)
    (tmp_path / "link.jsonl").symlink_to(tmp_path / "chats/Wren/b.jsonl")
    assert [(path.relative_to(tmp_path).as_posix(), form) for path, form in chats_in(tmp_path)] == [
        ("chats/Wren/a.jsonl", None),
        ("chats/Wren/b.jsonl", "sillytavern"),
        ("logs/chat/Robin/1.json", "webui"),
        ("logs/chat/Robin/2.json", None),
        ("x/conversations.json", "chatgpt"),
    ]
