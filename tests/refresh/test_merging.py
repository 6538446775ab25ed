"""Messages in a row are joined, and none is lost, doubled or moved."""

from __future__ import annotations

from datetime import timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from extension.refresh.merging import merged
from extension.refresh.turns import Speaker, Turn

from .talk import NOON

MESSAGES = st.lists(st.tuples(st.sampled_from("ab"), st.one_of(st.none(), st.integers(0, 900))), max_size=30)


@given(MESSAGES, st.sampled_from([0, 7, 1e9]))
def test_every_message_is_in_one_turn_in_its_order(messages, minutes):
    turns, second = [], 0
    for number, (who, silence) in enumerate(messages):
        second += silence or 0
        at = None if silence is None else NOON + timedelta(seconds=second)
        turns.append(Turn(Speaker(who, who), str(number), True, at, (str(number),)))
    found = list(merged(turns, minutes))
    assert [each for turn in found for each in turn.lines] == [str(number) for number in range(len(messages))]
    assert [turn.text for turn in found] == ["\n".join(turn.lines) for turn in found]
    assert [turn.speaker.id for turn in found for _ in turn.lines] == [who for who, _ in messages]
    if minutes == 0:
        assert len(found) == len(messages)
    if minutes == 1e9:
        assert all(one.speaker != other.speaker for one, other in pairwise(found))
