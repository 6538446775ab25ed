"""Turns for tests, by the minutes at which they were said."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from extension.refresh.turns import Conversation, Speaker, Turn

ANN, BOB = Speaker("1", "Ann"), Speaker("2", "Bob")
START = datetime(2024, 1, 1, tzinfo=UTC)


def said(*minutes, learned=True):
    """Return turns at these minutes, None where the time is not known, with texts 0, 1, 2, ..."""
    return tuple(
        Turn(ANN, str(number), learned, None if at is None else START + timedelta(minutes=at), (f"m{number}",))
        for number, at in enumerate(minutes)
    )


def texts(parts):
    return [" ".join(turn.text for turn in getattr(part, "turns", part)) for part in parts]


GAPS = st.lists(st.none() | st.integers(-5, 400), max_size=60)


@st.composite
def chats(draw):
    """A chat whose gaps are anything: times that are missing, equal, or run backwards."""
    at, turns = 0, []
    for number, gap in enumerate(draw(GAPS)):
        at += gap or 0
        when = None if gap is None else START + timedelta(minutes=at)
        turns.append(Turn(draw(st.sampled_from([ANN, BOB])), f"t{number}", draw(st.booleans()), when, (f"m{number}",)))
    return Conversation(f"c{draw(st.integers(0, 10**6))}", tuple(turns))
