"""Each program's export is told by its content and read as what it means."""

from __future__ import annotations

import json

import pytest

from .files import discord, discord_author, discord_message, put, seen

ANN, BOB, BOT = discord_author(1, "ann#1", "Ann"), discord_author(2, "bob"), discord_author(3, "MEE6", bot=True)


def test_a_discord_channel_as_json(tmp_path):
    mentioned, picture = {"id": BOB["id"], "name": "bob", "nickname": "Bobby"}, "https://cdn.discordapp.com/attachments/1/a.png"
    messages = (
        discord_message(1, ANN, "hi <@80000000000000002> <:pog:123>", mentions=[mentioned]),
        discord_message(2, BOB, "yes", type="Reply", reference={"messageId": "900000000000000001"},
                        reactions=[{"emoji": {"id": "5", "name": "pog"}, "count": 2}, {"emoji": {"id": "", "name": "👍"}, "count": 1}]),
        discord_message(3, BOT, "beep", attachments=[{"id": "1", "url": picture, "fileName": "a.png"}]),
        discord_message(4, ANN, "joined", type="GuildMemberJoin"),
        {"id": 5},
    )  # fmt: skip
    form, lines, dropped = seen(put(tmp_path / "whatever.dat", discord(*messages)))
    assert (form, dropped) == ("discord", ["system message", "malformed"])
    first, second, third = lines
    assert (first.id, first.conversation, first.author, first.name) == (
        "900000000000000001",
        "discord:7000",
        "discord:80000000000000001",
        "Ann",
    )
    assert (first.text, first.at.isoformat()) == ("hi @Bobby <:pog:123>", "2021-03-04T20:01:11.123000+00:00")
    assert (second.reply_to, second.reactions) == (first.id, ((":pog:", 2), ("👍", 1)))
    assert (third.bot, third.attachments) == (True, (picture,))


@pytest.mark.parametrize(
    "date", ["2021-03-04T20:01:00.0000000+00:00", "04-Mar-21 09:01 PM", "3/4/2021 9:01 PM", "04.03.2021 21:01", "2021-03-04 21:01"]
)
def test_a_discord_channel_as_csv_with_any_date(tmp_path, date):
    later = date.replace("04.03", "14.03").replace("3/4/", "3/14/")
    rows = f'AuthorID,Author,Date,Content,Attachments,Reactions\n"801","ann#1234","{date}","hi, ""Bob""\nthere","","👍 (2)"\n801,ann,{later},x,http://a/b.png,\n'
    form, lines, dropped = seen(put(tmp_path / "Guild - Text - general [70001].csv", rows))
    assert (form, dropped) == ("discord-csv", [])
    assert (lines[0].author, lines[0].name, lines[0].conversation, lines[0].text) == (
        "discord:801",
        "ann",
        "discord:70001",
        'hi, "Bob"\nthere',
    )
    assert (lines[0].at.isoformat(), lines[0].reactions) == ("2021-03-04T20:01:00+00:00", (("👍", 2),))
    assert lines[1].attachments == ("http://a/b.png",)


def test_any_table_that_says_who_wrote_what(tmp_path):
    form, lines, dropped = seen(put(tmp_path / "chat.txt", "UserName;TEXT\nann;hi\nbob;ho;\nann;hi\n;nobody\nann;\n"))
    assert (form, dropped) == ("csv", ["malformed", "empty"])
    assert [(each.author, each.text, each.at) for each in lines] == [
        ("csv:ann", "hi", None),
        ("csv:bob", "ho", None),
        ("csv:ann", "hi", None),
    ]
    assert len({each.id for each in lines}) == 3
    assert [each.id for each in seen(tmp_path / "chat.txt")[1]] == [each.id for each in lines]


def test_a_table_with_date_and_time_in_columns_of_their_own(tmp_path):
    _, lines, _ = seen(put(tmp_path / "c", "Date\tTime\tSender\tMessage\n13/3/2021\t21:05\tAnn\thi\n1/4/2021\t08:00\tAnn\tho\n"))
    assert [each.at.isoformat() for each in lines] == ["2021-03-13T20:05:00+00:00", "2021-04-01T06:00:00+00:00"]
    assert seen(put(tmp_path / "d", "username,text,timestamp\nAnn,hi,long ago\n"))[1:] == ([], ["unreadable time"])


def test_a_messenger_thread_with_its_letters_repaired(tmp_path):
    thread = {
        "participants": [{"name": "Zo\u00c3\u00ab"}, {"name": "Bob"}],
        "messages": [
            {"sender_name": "Zo\u00c3\u00ab", "timestamp_ms": 1614888300123, "content": "caf\u00c3\u00a9 \u00f0\u009f\u0098\u0080",
             "type": "Generic",
             "reactions": [{"reaction": "\u00f0\u009f\u0091\u008d", "actor": "Bob"}], "is_geoblocked_for_viewer": False},
            {"sender_name": "Bob", "timestamp_ms": 1614888200000, "photos": [{"uri": "messages/inbox/p.jpg"}]},
            {"sender_name": "Bob", "timestamp_ms": 1614888100000, "content": "Reacted 😀 to your message "},
            {"sender_name": "Bob", "timestamp_ms": 1614888000000, "type": "Call", "content": "Bob called you.", "call_duration": 3},
            {"sender_name": "Bob", "timestamp_ms": 1614887900000, "is_unsent": True, "content": "oops"},
        ],
        "title": "Zo\u00c3\u00ab", "is_still_participant": True, "thread_path": "inbox/zoe_12345", "magic_words": [],
    }  # fmt: skip
    form, lines, dropped = seen(put(tmp_path / "messages" / "inbox" / "zoe_12345" / "message_1.json", thread))
    assert (form, dropped) == ("messenger", ["reaction", "system message", "deleted"])
    zoe, bob = lines
    assert (zoe.name, zoe.author, zoe.conversation, zoe.text, zoe.reactions) == (
        "Zoë",
        "messenger:Zoë",
        "messenger:zoe_12345",
        "café 😀",
        (("👍", 1),),
    )
    assert zoe.at.isoformat() == "2021-03-04T20:05:00.123000+00:00"
    assert (bob.text, bob.attachments) == ("", ("messages/inbox/p.jpg",))


def test_a_messenger_chat_of_the_encrypted_download(tmp_path):
    chat = {
        "participants": ["Zoë", "Bob"], "threadName": "Zoë_7",
        "messages": [
            {"isUnsent": False, "media": [], "reactions": [{"actor": "Bob", "reaction": "❤"}], "senderName": "Zoë", "text": "café",
             "timestamp": 1614888300000, "type": "text"},
            {"isUnsent": False, "media": [{"uri": "./media/a.jpg"}], "reactions": [], "senderName": "Bob", "text": "",
             "timestamp": 1614888200000, "type": "media"},
        ],
    }  # fmt: skip
    form, lines, _ = seen(put(tmp_path / "Zoë_7.json", chat))
    assert (form, [(each.name, each.text, each.conversation) for each in lines]) == (
        "messenger", [("Zoë", "café", "messenger:Zoë_7"), ("Bob", "", "messenger:Zoë_7")],
    )  # fmt: skip


WHATSAPP = {
    "ios_us": (
        "[3/4/21, 9:05:11\u202fPM] Family: \u200eMessages and calls are end-to-end encrypted.\n"
        "[3/4/21, 9:05:11\u202fPM] Ann Smith: Hi\nall: of you\n"
        "\u200e[3/4/21, 9:06:00\u202fPM] Bob: \u200eimage omitted\n"
        "\u200e[3/4/21, 9:07:00\u202fPM] Bob: \u200e<attached: 00000004-PHOTO.jpg>\n"
        "[3/14/21, 10:00:00\u202fAM] Bob: ok \u200e<This message was edited>\n"
    ),
    "android_de": (
        "04.03.21, 21:05 - Nachrichten und Anrufe sind Ende-zu-Ende-verschlüsselt.\n"
        "04.03.21, 21:05 - Ann Smith: Hi\nall: of you\n04.03.21, 21:06 - Bob: <Medien ausgeschlossen>\n"
        "04.03.21, 21:06 - Bob hat den Betreff zu „Urlaub: ja“ geändert\n"
        "04.03.21, 21:06 - Bob: Diese Nachricht wurde gelöscht.\n"
        "04.03.21, 21:07 - Bob: 00000004-PHOTO.jpg (Datei angehängt)\n14.03.21, 10:00 - Bob: ok <Diese Nachricht wurde bearbeitet>\n"
    ),
}  # fmt: skip


@pytest.mark.parametrize("export", WHATSAPP.values(), ids=WHATSAPP)
def test_a_whatsapp_chat(tmp_path, export):
    form, lines, dropped = seen(put(tmp_path / "WhatsApp Chat with Family.txt", export))
    assert (form, set(dropped) - {"deleted"}) == ("whatsapp", {"media", "system message"})
    ann, picture, bob = lines
    assert (ann.author, ann.conversation, ann.text) == ("whatsapp:Ann Smith", "whatsapp:Family", "Hi\nall: of you")
    assert ann.at.isoformat()[:16] == "2021-03-04T20:05"
    assert (picture.text, picture.attachments) == ("", ("00000004-PHOTO.jpg",))
    assert (bob.text, bob.at.isoformat()[:16]) == ("ok", "2021-03-14T09:00")


def test_without_a_day_beyond_twelve_a_whatsapp_chat_goes_forward_in_time(tmp_path):
    chat = "".join(f"{month}/{9 - month}/21, 10:00 - Ann: {month}\n" for month in range(2, 6))
    assert [each.at.month for each in seen(put(tmp_path / "a.txt", chat))[1]] == [2, 3, 4, 5]
    chat = "".join(f"{day}/1/21, 10:00 - Ann: {day}\n" for day in (2, 3, 4)) + "1/2/21, 10:00 - Ann: last\n"
    assert [(each.at.month, each.at.day) for each in seen(put(tmp_path / "b.txt", chat))[1]] == [(1, 2), (1, 3), (1, 4), (2, 1)]
    assert seen(put(tmp_path / "c.txt", "3/4/21, 9:05 PM - Ann: hi\n"))[1][0].at.month == 3
    assert seen(put(tmp_path / "d.txt", "3/4/21, 9:05 pm - Ann: hi\n"))[1][0].at.month == 4


@pytest.mark.parametrize(
    "begin",
    ["2021/03/04 21:05 - ", "[2021. 3. 4. 오후 9:05:00] ", "[4/3/21 9:05:00 p. m.] ", "04-03-2021 21:05 - ", "[2021/3/4 下午9:05:00] "],
)
def test_whatsapp_chats_of_other_languages(tmp_path, begin):
    last = begin.replace("4. ", "14. ").replace("/4 ", "/14 ").replace("/04 ", "/14 ").replace("[4/", "[14/").replace("04-", "14-")
    form, lines, _ = seen(put(tmp_path / "a.txt", f"{begin}Ann: hi\n{last}Ann: ho\n"))
    assert (form, [each.text for each in lines], lines[0].at.isoformat()[:16]) == ("whatsapp", ["hi", "ho"], "2021-03-04T20:05")


def telegram_chat(**other):
    messages = [
        {"id": 1, "type": "service", "date": "2021-03-04T21:00:00", "actor": "Ann", "action": "create_group", "text": ""},
        {"id": 2, "type": "message", "date": "2021-03-04T21:05:00", "date_unixtime": "1614888300", "from": "Ann", "from_id": "user11",
         "text": ["see ", {"type": "bold", "text": "this"}, {"type": "link", "text": " http://a.b"}], "text_entities": [],
         "reactions": [{"type": "emoji", "count": 2, "emoji": "👍"}]},
        {"id": 3, "type": "message", "date": "2021-03-04T21:06:00", "from": None, "from_id": "user12", "text": "yes",
         "reply_to_message_id": 2},
        {"id": 4, "type": "message", "date": "2021-03-04T21:07:00", "from": "Ann", "from_id": "user11", "text": "news",
         "forwarded_from": "Cat"},
        {"id": 5, "type": "message", "date": "2021-03-04T21:08:00", "from": "Ann", "from_id": "user11", "text": "",
         "photo": "photos/a.jpg"},
    ]  # fmt: skip
    return {"name": "Friends", "type": "private_group", "id": 99, "messages": messages, **other}


def test_a_telegram_chat_alone_and_among_all(tmp_path):
    everything = {
        "about": "Here is the data you requested.", "personal_information": {"user_id": 11, "first_name": "Ann"},
        "chats": {"about": "", "list": [telegram_chat(), telegram_chat(id=100, name="Others")]},
    }  # fmt: skip
    form, lines, dropped = seen(put(tmp_path / "one.json", telegram_chat()))
    assert (form, dropped) == ("telegram", ["system message", "forwarded"])
    assert [(each.id, each.author, each.name, each.text) for each in lines] == [
        ("2", "telegram:11", "Ann", "see this http://a.b"), ("3", "telegram:12", "Deleted Account", "yes"), ("5", "telegram:11", "Ann", ""),
    ]  # fmt: skip
    assert (lines[0].reactions, lines[1].reply_to, lines[2].attachments) == ((("👍", 2),), "2", ("photos/a.jpg",))
    assert [each.at.isoformat()[11:16] for each in lines] == ["20:05", "20:06", "20:08"]
    form, all_, _ = seen(put(tmp_path / "all.json", everything))
    assert (form, all_[:3], [each.conversation for each in all_[3:]]) == ("telegram", lines, ["telegram:100"] * 3)


def test_a_matrix_room_with_its_edits_and_reactions(tmp_path):
    def event(number, kind, content, **other):
        return {"type": kind, "sender": "@ann:example.org", "content": content, "event_id": f"$e{number}", "room_id": "!r:example.org",
                "origin_server_ts": 1614888300000 + number, **other}  # fmt: skip

    events = [
        event(0, "m.room.member", {"membership": "join", "displayname": "Ann S"}, state_key="@ann:example.org"),
        event(1, "m.room.message", {"msgtype": "m.text", "body": "teh"}),
        event(2, "m.room.message", {"msgtype": "m.text", "body": "> <@ann:example.org> teh\n\nyes",
                                    "m.relates_to": {"m.in_reply_to": {"event_id": "$e1"}}},
              sender="@bob:example.org"),
        event(3, "m.room.message", {"msgtype": "m.text", "body": "* the", "m.new_content": {"body": "the"},
                                    "m.relates_to": {"rel_type": "m.replace", "event_id": "$e1"}}),
        event(4, "m.reaction", {"m.relates_to": {"rel_type": "m.annotation", "event_id": "$e1", "key": "👍"}}),
        event(5, "m.room.encrypted", {"algorithm": "x"}),
        event(6, "m.room.message", {"msgtype": "m.image", "body": "a.png", "url": "mxc://x/y"}),
        event(7, "m.room.message", {}),
    ]  # fmt: skip
    export = {
        "room_name": "Kitchen",
        "room_creator": "@ann:example.org",
        "topic": "",
        "export_date": "",
        "exported_by": "",
        "messages": events,
    }
    form, lines, dropped = seen(put(tmp_path / "export.json", export))
    assert (form, dropped) == ("matrix", ["system message", "edit", "reaction", "encrypted", "deleted"])
    assert [(each.id, each.author, each.name, each.text) for each in lines] == [
        ("$e1", "matrix:@ann:example.org", "Ann S", "the"), ("$e2", "matrix:@bob:example.org", "bob", "yes"),
        ("$e6", "matrix:@ann:example.org", "Ann S", ""),
    ]  # fmt: skip
    assert (lines[0].reactions, lines[1].reply_to, lines[2].attachments) == ((("👍", 1),), "$e1", ("mxc://x/y",))


def test_json_lines_of_messages(tmp_path):
    ann = '{"author": "Ann", "text": "hi", "at": "2021-03-04T20:05:00Z", "conversation": "c1"}\n'
    rows = ann + 'no json\n{"author": "Bob", "text": "ho", "conversation": "c1"}\n{"author": "Bob", "text": ""}\n'
    form, lines, dropped = seen(put(tmp_path / "chat.jsonl", rows))
    assert (form, dropped) == ("jsonl", ["malformed", "empty"])
    assert [(each.author, each.conversation, each.text) for each in lines] == [
        ("jsonl:Ann", "jsonl:chat/c1", "hi"),
        ("jsonl:Bob", "jsonl:chat/c1", "ho"),
    ]
    assert (lines[0].at.isoformat(), lines[1].at) == ("2021-03-04T20:05:00+00:00", None)


def test_a_record_that_begins_with_a_name_is_no_chat_of_sillytavern(tmp_path):
    form, lines, _ = seen(put(tmp_path / "a.jsonl", '{"name": "Ann", "text": "hi"}\n'))
    assert (form, [each.author for each in lines]) == ("jsonl", ["jsonl:Ann"])
    header = {"user_name": "Ann", "character_name": "Robin", "create_date": "2024-5-3@14h33m22s"}
    said = [{"name": "Ann", "is_user": True, "mes": "hi"}, {"name": "Robin", "is_user": False, "mes": "ho"}]
    form, lines, _ = seen(put(tmp_path / "b.jsonl", "\n".join(json.dumps(each) for each in (header, *said))))
    assert (form, [(each.author, each.name, each.text) for each in lines]) == (
        "sillytavern", [("me", "Ann", "hi"), ("companion:Robin", "Robin", "ho")],
    )  # fmt: skip


@pytest.mark.parametrize(
    "content",
    [
        '{"messages": [{"role": "system", "content": "Be."}, {"role": "user", "content": "hi"}, {"role": "assistant", "content": "ho"}]}\n',
        [{"id": "7", "conversations": [{"from": "human", "value": "hi"}, {"from": "gpt", "value": "ho"}]}],
    ],
)
def test_conversations_of_training_sets(tmp_path, content):
    form, lines, _ = seen(put(tmp_path / "set.json", content))
    assert (form, [(each.author, each.text) for each in lines]) == ("jsonl", [("me", "hi"), ("companion:Assistant", "ho")])


def test_the_hosts_own_logs_are_what_me_and_the_companion_said(tmp_path):
    log = {"internal": [["<|BEGIN-VISIBLE-CHAT|>", "Hello!"], ["hi", "ho"]], "visible": [["", "Hello!"], ["hi", "ho"]]}
    form, lines, _ = seen(put(tmp_path / "logs" / "chat" / "Robin" / "20240503-14-33-22.json", log))
    assert (form, [(each.author, each.name, each.text, each.conversation) for each in lines]) == (
        "webui",
        [
            ("me", "me", "hi", "webui:chat/Robin/20240503-14-33-22"),
            ("companion:Robin", "Robin", "ho", "webui:chat/Robin/20240503-14-33-22"),
        ],
    )
