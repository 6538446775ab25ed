"""The store of what was chosen, over both databases: layers are kept apart, groups change as a whole, and damage costs one value."""

from __future__ import annotations

import logging
from datetime import UTC, datetime

import pytest
import sqlalchemy as sa

from extension.database import Database
from extension.errors import CommandRefused
from extension.memory.diary import Answer, Diary
from extension.messages import Generation, Person, Place, Turn
from extension.options.layers import Spot
from extension.options.presets import Presets
from extension.options.store import Options
from extension.tables import chosen

ADA = Spot("server", "channel", "thread", "ada")
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
BO = Spot("server", "channel", "thread", "bo")


@pytest.fixture
def options(database):
    return Options(database)


def rows(database):
    with database.read() as connection:
        return sorted(connection.execute(sa.select(chosen.c.layer, chosen.c.holder, chosen.c.name, chosen.c.value)).all())


def keep(database, name, value, chosen_at=0.0):
    with database.write() as connection:
        row = {"layer": "global", "holder": "", "name": name, "value": value, "person_id": "ada", "chosen_at": chosen_at}
        connection.execute(sa.insert(chosen), [row])


def test_what_is_chosen_holds_for_who_it_was_chosen_for(options):
    options.set("temperature", "0.4", "person", ADA, "ada")
    options.set("temperature", "0.9", "server", BO, "bo")
    assert [options.value("temperature", spot).value for spot in (ADA, BO, Spot("other", person="bo"))] == [0.4, 0.9, None]
    assert options.value("temperature", ADA).choice.by == "ada"


def test_choosing_again_replaces_and_default_takes_back(options, database):
    options.set("top_k", "5", "channel", ADA, "ada")
    options.set("top-k", "7", "channel", BO, "bo")
    assert rows(database) == [("channel", "channel", "top_k", "7")]
    options.set("top_k", "default", "channel", ADA, "ada")
    assert rows(database) == []
    assert options.unset("top_k", "channel", ADA) is False


def test_a_decoding_mode_replaces_the_mode_before_and_every_value_set_one_by_one_in_its_layer(options, database):
    for name, text in {"decoding-mode": "beam_search", "temperature": "0.4", "repetition_penalty": "1.2", "max_new_tokens": "99"}.items():
        options.set(name, text, "person", ADA, "ada")
    options.set("min_p", "0.1", "server", ADA, "ada")
    options.set("decoding-mode", "greedy", "person", ADA, "ada")
    assert rows(database) == [
        ("person", "ada", "decoding-mode", '"greedy"'), ("person", "ada", "max_new_tokens", "99"), ("server", "server", "min_p", "0.1"),
    ]  # fmt: skip
    assert options.generation(Generation(temperature=0.8), ADA) == Generation(
        max_new_tokens=99, further=(("do_sample", False),), whole=True
    )


def test_a_group_is_replaced_as_a_whole_or_not_at_all(options, database):
    options.choose({"temperature": 0.4, "min_p": 0.1, "seed": 3}, "channel", ADA, "ada")
    before = rows(database)
    with pytest.raises(CommandRefused, match="top_p"):
        options.choose({"temperature": 1, "top_p": 7}, "channel", ADA, "ada", ["sampling"])
    assert rows(database) == before
    options.choose({"top_p": 0.5}, "channel", ADA, "ada", ["sampling"])
    assert rows(database) == [("channel", "channel", "seed", "3"), ("channel", "channel", "top_p", "0.5")]


def test_another_process_sees_a_choice_at_once(options, stores, data_dir):
    other = Database(stores.url(data_dir))
    assert Options(other).value("lurk", ADA).value == "off"
    options.set("lurk", "0.3", "channel", ADA, "ada")
    assert Options(other).value("lurk", ADA).value == 0.3
    other.close()


@pytest.mark.parametrize(
    ("name", "layer", "spot", "message"),
    [
        ("temperature", "thread", Spot("server", "channel"), "There is no thread here"),
        ("autoreply", "person", ADA, "autoreply can be chosen for global, server, channel, thread, not for a person"),
        ("input-buffer-size", "channel", ADA, "for global, person, not for a channel"),
        ("temprature", "person", ADA, "Did you mean `temperature`"),
        ("temperature", "person", Spot(person="x" * 501), "too long"),
    ],
)
def test_what_cannot_be_chosen_is_refused_and_nothing_kept(options, database, name, layer, spot, message):
    with pytest.raises(CommandRefused, match=message):
        options.set(name, "1", layer, spot, "ada")
    assert rows(database) == []


def test_a_prompt_is_kept_up_to_its_limit_and_with_any_character(options):
    prompt = "„Sei kurz“ 👩‍👩‍👧‍👦\x00\ud800'; DROP TABLE chosen; --"
    options.set("prompt", prompt + "x" * (8000 - len(prompt)), "person", Spot(person="a\x00\ud800"), "b\x00\ud800")
    assert options.value("prompt", Spot(person="a\x00\ud800")).value.startswith(prompt)
    with pytest.raises(CommandRefused, match="8,001 characters"):
        options.set("prompt", "x" * 8001, "person", ADA, "ada")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        *(("temperature", value) for value in ("", "{", '"hot"', "99", "null ,", "[" * 9000, "NaN", "9" * 5000)),
        ("warp_factor", "9"),
        ("decoding-mode", '"telepathy"'),
        ("prompt", '"' + "x" * 100_000 + '"'),
    ],
)
def test_a_value_that_is_not_understood_is_left_out_with_a_warning(options, database, caplog, name, value):
    keep(database, name, value)
    options.set("top_k", "7", "global", ADA, "ada")
    with caplog.at_level(logging.WARNING):
        choices = options.at(ADA)
    assert [each.option.name for each in choices.different()] == ["top_k"]
    assert [record.getMessage() for record in caplog.records] == [
        "What was chosen for an option (global) is not understood and left out; choose it again."
    ]


def test_a_time_that_is_none_costs_nothing_but_that_value(options, database):
    keep(database, "seed", "3", chosen_at=1e300)
    assert options.value("seed", ADA).value is None


def test_what_somebody_chose_goes_with_the_last_of_what_they_said(options, database):
    diary = Diary(database)
    turns = [Turn(Person("ada"), Place("channel"), "Familiar", word, row, NOW) for row, word in enumerate("ab")]
    numbers = [diary.write(turn, Answer("Yes.")) for turn in turns]
    options.choose({"seed": 3, "top_k": 2}, "person", ADA, "ada")
    options.set("seed", "4", "channel", ADA, "ada")
    options.set("seed", "5", "global", ADA, "ada")
    Presets(database).save("mine", options.at(ADA), "ada")
    diary.forget(numbers[:1])
    assert len(rows(database)) == 4
    diary.forget(numbers[1:])
    assert rows(database) == [("global", "", "seed", "5")]
    assert Presets(database).saved("ada") == []


def test_one_query_finds_everything(options, database):
    seen = []
    options.set("seed", "4", "channel", ADA, "ada")
    with database.read() as connection:
        engine = connection.engine
    sa.event.listen(engine, "before_cursor_execute", lambda *args: seen.append(args[2]))
    options.at(ADA).generation(Generation())
    assert len([statement for statement in seen if "chosen" in statement]) == 1
