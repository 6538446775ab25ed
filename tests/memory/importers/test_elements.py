"""The elements of a JSON array, one after the other."""

from __future__ import annotations

import io
import json

import pytest

from extension.errors import ImportRefused
from extension.memory.importers import elements as module
from extension.memory.importers.elements import elements


def read(data: bytes) -> list[object]:
    return list(elements(io.BytesIO(data)))


@pytest.mark.parametrize(
    ("data", "found"),
    [
        (b"[]", []),
        (b" [ ] \n", []),
        (b'[{"a": 1}]', [{"a": 1}]),
        (b'\xef\xbb\xbf[{"a": "]"} ,\n {"b": [1, 2]}]', [{"a": "]"}, {"b": [1, 2]}]),
        (b'[1, "two", null]', [1, "two", None]),
        (b' {"a": 1} ', [{"a": 1}]),
        ('["Grüße \u2028"]'.encode(), ["Grüße \u2028"]),
    ],
)
def test_each_element_comes_by_itself(data, found):
    assert read(data) == found


def test_elements_longer_than_what_is_read_at_once_come_whole(monkeypatch):
    monkeypatch.setattr(module, "_CHUNK", 7)
    value = [{"text": "ä" * length, "list": list(range(length))} for length in (0, 1, 5, 50, 500)]
    for text in (json.dumps(value), json.dumps(value, indent=3, ensure_ascii=False)):
        assert read(text.encode()) == value


def test_the_first_elements_are_there_before_the_last_ones_are_read():
    class Endless(io.RawIOBase):
        def readable(self):
            return True

        def readinto(self, buffer):
            text = (b'[{"a": 1}' if not self.__dict__.setdefault("begun", []) else b', {"a": 1}') * 1
            self.begun.append(1)
            buffer[: len(text)] = text
            return len(text)

    found = elements(io.BufferedReader(Endless()))
    assert [next(found) for _ in range(1000)] == [{"a": 1}] * 1000


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "no JSON, or the file ends"),
        (b"[", "no JSON, or the file ends"),
        (b"[1", "a comma is missing"),
        (b"[1 2]", "a comma is missing"),
        (b"[,1]", "no JSON"),
        (b"[1,]", "nothing follows a comma"),
        (b'[{"a": "secret]', "the file ends in the middle of it"),
        (b"[1] secret", "something follows"),
        (b'{"a": 1} {', "something follows"),
        (b'["\xff\xfe"]', "not in UTF-8"),
        (b"[" * 100_000, "nested too deeply"),
        (b'[{"a":' * 100_000, "nested too deeply"),
        (b"[" + b"9" * 10_000 + b"]", "a number that is too long"),
    ],
    ids=range(13),
)
def test_what_is_no_array_of_json_is_refused_without_quoting_it(data, why):
    with pytest.raises(ImportRefused, match=why) as caught:
        read(data)
    assert "secret" not in str(caught.value)


def test_an_element_that_is_too_long_is_refused(monkeypatch):
    monkeypatch.setattr(module, "_CHUNK", 100)
    monkeypatch.setattr(module, "LONGEST", 1000)
    assert read(b'["' + b"x" * 900 + b'"]') == ["x" * 900]
    with pytest.raises(ImportRefused, match=r"longer than 0 MB \(character 2\)"):
        read(b'["' + b"x" * 5000 + b'"]')
