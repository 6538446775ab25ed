"""Commands about memory: look, add, forget, and what is kept of somebody."""

from __future__ import annotations

import json
from datetime import UTC, datetime

from ...errors import CommandRefused, StoreError
from ...memory.diary import Answer, Filter
from ...memory.selection import Selection
from ...messages import Exchange, Turn, digest
from ...options.kinds import Either, OneOf, Whole, Words
from ...refresh.chats import Chats
from ...refresh.lines import Line
from ...refresh.people import Consent, People
from ..block import brief
from ..call import Call
from ..command import Argument, Command, File, Outcome

_SHOWN = 8
_STATES: dict[Consent, str] = {
    "unknown": "Nobody trains a model on your words: you have not agreed to it.",
    "given": "A model may be trained on your words: you agreed to it.",
    "refused": "No model is trained on your words: you refused it.",
}
_ANSWERS: dict[str, tuple[Consent, str]] = {
    "agree": ("given", "Noted: a model may be trained on your words. `privacy refuse` takes that back."),
    "refuse": ("refused", "Noted: no model is trained on your words from now on."),
}


def memory(call: Call) -> Outcome:
    """Search what was said."""
    found = call.app.memories.search(call["words"], call.person, call.scene.companion, call.app.settings.scope, _SHOWN, call.place)
    lines = [_line(each.exchange, each.score) for each in found]
    return Outcome("\n".join(lines) or "Nothing like that is remembered.", private=not call.place.shared)


def _line(exchange: Exchange, score: float | None = None) -> str:
    how = "" if score is None else f"  {score:.2f}"
    return f"#{exchange.id}{how}  {exchange.when:%Y-%m-%d}  {exchange.person.shown}: {brief(exchange.said, 160)}"


def remember(call: Call) -> Outcome:
    """Keep a text as said by who gives the command."""
    app, text = call.app, call["text"]
    branch = digest(call.person.id, call.scene.companion, text)
    turn = Turn(call.person, call.place, call.scene.companion, text, app.memories.next_row(call.place.id), datetime.now(UTC), branch)
    number = app.memories.remember(turn, Answer(""))
    if number is None:
        raise StoreError("The diary could not be written; the text is kept aside and written later.")
    return Outcome(f"Remembered as #{number}.")


def forget(call: Call) -> Outcome:
    """Forget something for good: an exchange by its number, the last one here, or all that was said here."""
    app, what = call.app, call["what"]
    mine = Filter(person=call.person.id, place=call.place.id)
    if call.scene.message is not None:
        selection = Selection(ids=(call.scene.message,))
    elif what == "here":
        selection = Selection(mine)
    elif what in (None, "last"):
        newest = app.memories.diary.browse(mine, limit=1)
        if not newest:
            raise CommandRefused("There is nothing here to forget.")
        selection = Selection(ids=(newest[0].id,))
    else:
        selection = Selection(ids=(int(what),))
    plan = app.memories.forgetting.plan(selection, own=call.person.id)
    if not plan.ids:
        raise CommandRefused("That is not yours to forget, or it is not there any more.")
    gone = app.memories.forgetting.carry_out(plan)
    many = "exchange is" if gone.exchanges == 1 else "exchanges are"
    return Outcome(f"{gone.exchanges} {many} forgotten for good.", private=True)


def privacy(call: Call) -> Outcome:
    """Say what is kept of who asks, or hand it over; note whether they agree that a model learns to write as they do."""
    diary, people = call.app.memories.diary, People(call.app.memories.database, call.app.settings.person)
    if call["what"] in _ANSWERS:
        consent, said = _ANSWERS[call["what"]]
        people.answer(call.person.id, consent)
        return Outcome(said, private=True)
    ids, consent = people.identity(call.person.id)
    imported = Chats(call.app.memories.database).written_by(ids)
    mine = Filter(person=call.person.id)
    if call["what"] == "export":
        lines = [json.dumps(_plain(each), ensure_ascii=False) for each in diary.browse(mine, limit=None)]
        files = [File("what-i-said.jsonl", "\n".join(lines).encode("utf-8"))]
        if imported:
            written = [json.dumps(_imported(each), ensure_ascii=False) for each in imported]
            files.append(File("what-was-imported.jsonl", "\n".join(written).encode("utf-8")))
        return Outcome(f"{len(lines)} exchanges, one a line.", tuple(files), private=True)
    here = diary.count(Filter(person=call.person.id, place=call.place.id))
    kept = "What you say here can be recalled here, by whoever talks here." if call.place.shared else "Only you are told of it."
    lines = [
        f"Of what you said, {diary.count(mine):,} exchanges are kept, {here:,} of them from here. {kept}",
        "`privacy export` hands them over. `forget last`, `forget NUMBER` and `forget here` remove them for good.",
        *([f"{len(imported):,} messages of yours were imported from other chats."] if imported else []),
        f"{_STATES[consent]} `privacy agree` and `privacy refuse` say what you want.",
    ]
    return Outcome("\n".join(lines), private=True)


def _imported(each: Line) -> dict[str, object]:
    return {"chat": each.conversation, "when": each.at.isoformat() if each.at else None, "said": each.text}


def _plain(each: Exchange) -> dict[str, object]:
    return {
        "id": each.id,
        "when": each.when.isoformat(),
        "place": each.place.title or each.place.id,
        "companion": each.companion,
        "said": each.said,
        "reply": each.reply,
    }


GROUP = (
    Command("memory", "Search what is remembered.", memory, (Argument("words", Words(2000), "what it is about", rest=True),)),
    Command("remember", "Keep something in memory.", remember, (Argument("text", Words(20_000), "what to keep", rest=True),), changes=True),
    Command(
        "forget",
        "Forget for good: the last exchange here, one by its number, or all you said here.",
        forget,
        (Argument("what", Either(Whole(1, 2**53), OneOf(("last", "here"))), "last, a number, or here", required=False),),
        changes=True,
        on_message=True,
    ),
    Command(
        "privacy",
        "Say what is kept of you, or hand it over; say whether a model may learn to write as you do.",
        privacy,
        (Argument("what", OneOf(("show", "export", "agree", "refuse")), "show, export, agree or refuse", required=False),),
    ),
)
