"""What identifies people is found in the forms it has, and what only looks like it stays."""

from __future__ import annotations

from itertools import groupby

import pytest

from extension.database import Database
from extension.errors import StoreError
from extension.refresh.people import Member
from extension.refresh.privacy.pseudonyms import Names, Pseudonym, pseudonyms, secret_of
from extension.refresh.privacy.redaction import ORDER, Redaction

REGIONS = ("US", "GB", "DE", "FR", "ES", "IT")


def redacted(text: str, *kinds: str) -> str:
    return Redaction(kinds or ORDER, REGIONS).of(text)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("me@x.org, ME+tag@sub.example.co.uk!", "[email], [email]!"),
        ("call (202) 456-1111 or 030 901820 or +33 1 42 68 53 00", "call [phone] or [phone] or [phone]"),
        ("www.example.com and http://a.example/b?c=d(e)", "[url] and [url]"),
        ("GB29 NWBK 6016 1331 9268 19 AND gb29nwbk60161331926819", "[bank] AND [bank]"),
        ("card 4111 1111 1111 1111 or 5500-0000-0000-0004", "card [bank] or [bank]"),
        ("I was born on 3 May 1990.", "I was born on [birthday]."),
        ("Geburtstag: 03.05.1990, DOB 1990-05-03", "Geburtstag: [birthday], DOB [birthday]"),
        ("at 221B Baker Street, London NW1 6XE tomorrow", "at [address] tomorrow"),
        ("Musterstraße 12, 10115 Berlin", "[address]"),
        ("12 rue de la Paix; Calle Mayor 5; Kerkstraat 9", "[address]; [address]; [address]"),
    ],
)
def test_it_is_put_out(text, expected):
    assert redacted(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "5 of us at 10:30, maybe 2 or 3 more", "order 4111111111111112 is late", "I have 12 new ideas in place", "see you on 3 May 1990",
        "version 1.2.3 of 2026-03-14", "it costs 1,000,000.00", "@ann what?", "DE12 is a road",
    ],
)  # fmt: skip
def test_what_only_looks_like_it_stays(text):
    assert redacted(text) == text


def test_only_what_is_chosen_goes_and_is_counted():
    redaction = Redaction(("email",), REGIONS)
    assert redaction.of("a@x.org b@x.org http://x.org +44 20 7946 0958") == "[email] [email] http://x.org +44 20 7946 0958"
    assert redaction.found == {"email": 2}


def test_a_hostile_text_is_read_to_its_end():
    text = "".join(f"{key * 800} " for key, _ in groupby(["1 ", "DE89 ", "A1 ", "a@", "born 1", "1 rue ", "http://", "+1", "4-"]))
    assert len(redacted(text)) > 1000


def member(number: str, name: str, **values: object) -> Member:
    return Member(number, name, name.split()[0], "", (), (), False, False, "unknown", 1, None, None)


@pytest.mark.embedded
def test_fake_names_follow_the_secret_and_are_of_one_person_only(database: Database):
    some = [member(f"discord:{number}", f"User {number}") for number in range(600)]
    first = pseudonyms(database, some[:599], b"one")
    assert len({each.first_name for each in first.values()}) == 599
    again = pseudonyms(database, [member("discord:-1", "Newer"), *some], b"one")
    assert {number: again[number] for number in first} == first


def test_the_secret_is_made_once_and_for_its_owner_only(tmp_path):
    secret = secret_of(tmp_path / "new")
    assert secret_of(tmp_path / "new") == secret and len(secret) == 64
    assert (tmp_path / "new" / "pseudonyms.key").stat().st_mode & 0o777 == 0o600
    (tmp_path / "new" / "pseudonyms.key").write_bytes(b"\xff")
    with pytest.raises(StoreError, match="Cannot use"):
        secret_of(tmp_path / "new")


def test_names_are_exchanged_as_words_and_common_words_only_as_names():
    names = Names([(member("1", "Will Stone"), Pseudonym("Ada Reed", "Ada")), (member("2", "x_ann.99"), Pseudonym("Eva Hill", "Eva"))])
    assert names.of("Will, will you? @will WILL STONE willing x_ann.99!") == "Ada, will you? @Ada Ada Reed willing Eva Hill!"
    assert Names([(member("3", "Al"), Pseudonym("Ida Fox", "Ida"))]).of("al dente, @Al and Al") == "al dente, @Ida Fox and Al"
    assert Names([]).of("Will") == "Will"
