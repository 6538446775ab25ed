"""What is read from and written to Matrix, without a server: events, Markdown, sizes, limits, and how far was heard."""

from __future__ import annotations

import json
from datetime import UTC, datetime

import pytest

from extension.bridges.matrix_bridge import content
from extension.bridges.matrix_bridge.account import Account, Cabinet
from extension.bridges.matrix_bridge.allowance import Allowance
from extension.bridges.matrix_bridge.calls import Closed, Refused
from extension.bridges.matrix_bridge.hearing import since_we_came
from extension.bridges.matrix_bridge.ledger import Ledger
from extension.bridges.matrix_bridge.markup import DEEPEST, formatted, sendable
from extension.bridges.matrix_bridge.progress import Progress
from extension.bridges.matrix_bridge.rooms import Spot
from extension.bridges.matrix_bridge.wire import event_of, mentioned, moment, said, without_mention
from extension.errors import StoreError


def event(**more):
    return event_of({"event_id": "$1", "sender": "@ada:x", "type": "m.room.message", "origin_server_ts": 1_000, "content": {}, **more})


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("Just words.\nAnd more.", ""),
        ("a & b < c", ""),
        ("**b** _i_ ~~s~~ `c`", "<p><strong>b</strong> <em>i</em> <del>s</del> <code>c</code></p>"),
        ("one\n**two**", "<p>one<br />\n<strong>two</strong></p>"),
        ("<script>x</script> **b**", "<p>&lt;script&gt;x&lt;/script&gt; <strong>b</strong></p>"),
        ("<div onclick=x>\n\n**b**", "<p>&lt;div onclick=x&gt;</p>\n<p><strong>b</strong></p>"),
        ("```py\nx < 1\n```", '<pre><code class="language-py">x &lt; 1\n</code></pre>'),
        ("[a](https://e.org) [b](javascript:x) [c](data:x)", '<p><a href="https://e.org">a</a> [b](javascript:x) [c](data:x)</p>'),
        ("![a](https://e.org/x.png)", '<p>!<a href="https://e.org/x.png">a</a></p>'),
        ("|a|\n|:-:|\n|1|", "<table>\n<thead>\n<tr>\n<th>a</th>\n</tr>\n</thead>\n<tbody>\n<tr>\n<td>1</td>\n</tr>\n</tbody>\n</table>"),
        ("[a]: https://e.org", ""),
        ("> " * (DEEPEST + 5) + "**deep**", ""),
    ],
)
def test_markdown_becomes_what_rooms_allow_and_nothing_else(markdown, html):
    assert formatted(markdown) == html


@pytest.mark.timeout(20)
@pytest.mark.parametrize("text", ["[" * 8000, "`" * 8000, "*a " * 2600, "> " * 4000, "- " * 4000, "|a" * 2000 + "\n" + "|-" * 2000])
def test_hostile_markdown_is_shown_like_any_other(text):
    assert isinstance(formatted(text), str)


def test_characters_that_no_server_takes_go():
    assert sendable("a\x00b\x1bc\ud800d\r\ne\tf\x7f") == "abc\ufffdd\ne\tf"


@pytest.mark.parametrize("text", ["&" * 8000, '"' * 8000, "é" * 4000, "**a** " * 1333, "\n" * 8000, "東" * 2666])
def test_an_event_never_grows_beyond_what_a_server_takes(text):
    for made in (content.message(text, ()), content.edit("$1", text, ("@a:x",))):
        assert len(json.dumps(made, ensure_ascii=False).encode()) * 4 / 3 < 60_000
    assert content.edit("$1", text, ())["m.new_content"]["body"] == text


def test_a_transaction_is_named_for_its_key_and_others_for_nothing():
    assert content.transaction("a") == content.transaction("a") != content.transaction("b")
    assert content.transaction("") != content.transaction("")
    assert content.transaction("x" * 10_000).isascii()
    assert len(content.transaction("x" * 10_000)) < 64


def test_an_edit_counts_only_from_who_sent_the_message_and_of_the_message_itself():
    message = event(content={"msgtype": "m.text", "body": "a"})
    new = {"m.new_content": {"msgtype": "m.text", "body": "b"}, "m.relates_to": {"rel_type": "m.replace", "event_id": "$1"}}
    assert said(message.edited(event(event_id="$2", content=new))) == "b"
    for odd in (
        event(event_id="$2", content=new, sender="@eve:x"),
        event(event_id="$2", content=new, type="m.sticker"),
        event(event_id="$2", content={**new, "m.relates_to": {"rel_type": "m.replace", "event_id": "$9"}}),
        event(event_id="$2", content={**new, "m.new_content": []}),
    ):
        assert said(message.edited(odd)) == "a"
    twice = event(event_id="$3", content={**new, "body": "c"})
    assert said(twice.edited(event(event_id="$4", content={**new, "m.relates_to": {"rel_type": "m.replace", "event_id": "$3"}}))) == "c"


@pytest.mark.parametrize(
    "given", [None, [], {}, {"event_id": 1}, {"event_id": "$1", "sender": "ada", "type": "x"}, {"event_id": "$" * 300, "sender": "@a:x"}]
)
def test_what_is_no_event_is_none(given):
    assert event_of(given) is None


def test_when_something_was_sent_is_never_later_than_now():
    assert moment(1_000) == datetime(1970, 1, 1, 0, 0, 1, tzinfo=UTC)
    for odd in (10**30, -1, "1", None, 2.5, [1]):
        assert (datetime.now(UTC) - moment(odd)).total_seconds() < 5


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("Familiar: hello", "hello"),
        ("@familiar:x, hello", "hello"),
        ("[Familiar](https://matrix.to/#/@familiar:x) hello", "hello"),
        ("Familiarity is fine", "Familiarity is fine"),
        ("hello Familiar", "hello Familiar"),
        ("Familiar", ""),
    ],
)
def test_a_mention_at_the_beginning_is_taken_off(text, left):
    assert without_mention(text, ("@familiar:x", "familiar", "Familiar", "")) == left


def test_a_mention_is_said_by_the_message_itself_where_it_says_anything_of_it():
    assert mentioned(event(content={"body": "hi @me:x"}), "@me:x")
    for given in ({"user_ids": []}, {"user_ids": "all @me:x"}, {"room": True}):
        assert not mentioned(event(content={"body": "hi @me:x", "m.mentions": given}), "@me:x")


def test_a_caption_is_what_is_said_and_the_name_of_a_file_is_not():
    assert said(event(content={"msgtype": "m.image", "body": "a.png"})) == ""
    assert said(event(content={"msgtype": "m.image", "body": "look", "filename": "a.png"})) == "look"


@pytest.mark.parametrize("place", ["matrix:!a:x", "matrix:!a:x/$root", "matrix:!v12"])
def test_a_place_is_found_again_by_its_id(place):
    assert Spot.of(place).id == place


@pytest.mark.parametrize("place", ["discord:1", "matrix:", "matrix:a", "matrix:!" + "x" * 300, "matrix:!a\n", "!a:x"])
def test_what_is_no_place_here_is_none(place):
    assert Spot.of(place) is None


def member(membership, before="", who="@me:x"):
    more = {"unsigned": {"prev_content": {"membership": before}}} if before else {}
    return {"event_id": "$m", "sender": who, "type": "m.room.member", "state_key": who, "content": {"membership": membership}, **more}


def test_what_was_said_before_we_were_invited_was_not_said_to_us():
    old, new, other = {"old": 1}, {"new": 1}, member("join", who="@ada:x")
    assert since_we_came([old, member("invite"), new, member("join", "invite"), other], "@me:x") == [new, member("join", "invite"), other]
    assert since_we_came([old, member("join"), new], "@me:x") == [new]
    assert since_we_came([old, member("join", "invite"), new], "@me:x") == [new]
    assert since_we_came([old, member("join", "join"), other, new], "@me:x") == [old, member("join", "join"), other, new]


def test_passing_edits_leave_two_messages_over_and_go_on_as_the_bucket_fills():
    now = [0.0]
    allowance = Allowance(lambda: now[0])
    sent = 0
    while not allowance.patience():
        allowance.sent()
        sent += 1
    assert (sent, allowance.patience()) == (8, pytest.approx(5.0))
    now[0] = 5.1
    assert allowance.patience() == 0
    allowance.refused()
    assert allowance.patience() == pytest.approx(15.0)


def test_a_server_that_takes_more_is_found_to_allow_more_until_it_refuses():
    now = [0.0]
    allowance = Allowance(lambda: now[0])
    for _ in range(13):
        allowance.sent()
    assert allowance.patience() == 0
    for _ in range(18):
        allowance.sent()
    assert 0 < allowance.patience() < 5
    allowance.refused()
    assert allowance.patience() == pytest.approx(15.0)


def test_how_far_was_heard_is_kept_in_order_and_only_once_all_of_it_was_taken_up():
    kept: list[str] = []
    progress = Progress(kept.append)
    first, second = progress.begin("one"), progress.begin("two")
    calls = [progress.counted(first, lambda: None), progress.counted(first, lambda: 1 / 0)]
    ended = progress.counted(second, _ended)
    progress.done(first)
    progress.done(second)
    calls[0]()
    with pytest.raises(Closed):
        ended()
    assert kept == []
    with pytest.raises(ZeroDivisionError):
        calls[1]()
    assert kept == ["one"]
    progress.drop(progress.begin("three"))
    assert kept == ["one"]


def _ended():
    raise Closed("over")


def test_the_ledger_keeps_what_it_is_told_and_says_what_to_do_where_it_is_broken(tmp_path):
    path = tmp_path / "ledger.sqlite"
    ledger = Ledger(path)
    ledger.keep_since("s1")
    ledger.keep_algorithm("!r", "m.x")
    ledger.wait("$1", "!r", "session", 5.0, {"a": 1})
    ledger.note_thread("$2", "$root")
    ledger.note_reaction("$3", "$2", "👍")
    ledger.owe("!r", ["$4"])
    ledger.close()
    again = Ledger(path)
    assert (again.since(), again.algorithm("!r"), again.algorithm("!q")) == ("s1", "m.x", "")
    assert again.waiting("other") == []
    assert again.waiting("session") == again.waiting() == [("$1", "!r", 5.0, {"a": 1})]
    assert (again.root("$2"), again.reaction("$3"), again.owed()) == ("$root", ("$2", "👍"), [("!r", "$4")])
    again.waited("$1")
    again.paid("$4")
    assert (again.waiting(), again.owed()) == ([], [])
    again.close()
    path.write_bytes(b"broken" * 1000)
    with pytest.raises(StoreError, match="Check the free space, or move the file away"):
        Ledger(path)


def test_an_account_shows_none_of_its_secrets_and_what_a_server_says_is_one_short_line(tmp_path):
    account = Account("@me:x", token="t0ken", pickle_key="p1ckle", seeds={"master": "s33d"}).with_device()
    assert not [each for each in ("t0ken", "p1ckle", "s33d") if each in repr(account)]
    assert Cabinet.of(tmp_path, "@../../me:X").folder.parent == tmp_path / "matrix"
    refused = str(Refused("send this", 403, "M_FORBIDDEN", "no\n\x1b[31m" + "x" * 900, {}))
    assert refused.isprintable()
    assert len(refused) < 400
