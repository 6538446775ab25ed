"""Tests of levels: whose they are, who may change them, and that nobody ever reaches or grants what they may not."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as tried
from hypothesis import strategies as st

from extension.database import Database
from extension.errors import CommandRefused, Denied, SettingsError
from extension.messages import Person, Place
from extension.permissions.authorizer import Asker, Authorizer
from extension.permissions.level import Level, grantable, level_named, may_change
from extension.permissions.store import Granted, Record
from extension.rules import Rules
from extension.settings import load

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ROOM = Place("discord:room", shared=True)
SPENDING = frozenset({"generate"})


def asker(person, **more):
    return Asker(Person(person), ROOM, **more)


@pytest.fixture
def database(tmp_path):
    database = Database(f"sqlite:///{tmp_path / 'diary.sqlite'}")
    yield database
    database.close()


def authorizer(database, now=NOW, **rules):
    return Authorizer(Granted(database), Record(database), lambda: Rules(**rules), lambda: now)


def test_who_is_named_nowhere_has_the_default_which_is_ignored(database):
    assert authorizer(database).standing(asker("eve")).level == Level.IGNORED
    assert authorizer(database, default="visible").standing(asker("eve")).why == "the default"


def test_who_sits_at_the_machine_owns_it(database):
    assert authorizer(database, deny={"people": ["me"]}).level(asker("me", here=True)) == Level.OWNER


def test_a_level_that_was_given_counts_more_than_that_of_the_settings_but_an_owner_stays_one(database):
    found = authorizer(database, levels={"ada": "mod", "olga": "owner"})
    for person in ("ada", "olga"):
        found.granted.give(person, Level.VISIBLE, Person("olga"))
    assert (found.level(asker("ada")), found.level(asker("olga"))) == (Level.VISIBLE, Level.OWNER)
    assert found.granted.all() == {"ada": Level.VISIBLE, "olga": Level.VISIBLE}


def test_roles_count_on_trusted_servers_only_and_never_for_whom_is_ignored_by_name(database):
    roles = {"S1": {"everyone": "visible", "R9": "admin"}}
    found = authorizer(database, roles=roles, levels={"mallory": "ignored", "ada": "mod"})
    assert found.level(asker("eve", server="S1")) == Level.VISIBLE
    assert found.level(asker("eve", server="S1", roles=("R9",))) == Level.ADMIN
    assert found.level(asker("eve", server="S2", roles=("R9",))) == Level.IGNORED
    assert found.level(asker("ada", server="S1")) == Level.MOD
    assert found.level(asker("mallory", server="S1", roles=("R9",))) == Level.IGNORED


@pytest.mark.parametrize(
    ("rules", "level"),
    [
        ({"deny": {"people": ["ada"]}}, Level.IGNORED),
        ({"deny": {"servers": ["S1"]}}, Level.IGNORED),
        ({"deny": {"channels": ["C7"]}}, Level.IGNORED),
        ({"deny": {"channels": ["discord:room"]}}, Level.IGNORED),
        ({"allow": {"people": ["bob"]}}, Level.IGNORED),
        ({"allow": {"servers": ["S2"]}}, Level.IGNORED),
        ({"allow": {"channels": ["C7"], "servers": ["S1"], "people": ["ada"]}}, Level.VISIBLE),
    ],
)
def test_lists_of_the_settings_allow_and_deny(database, rules, level):
    found = authorizer(database, default="visible", **rules)
    assert found.level(asker("ada", server="S1", channels=("C7",))) == level


def test_a_level_is_changed_only_below_ones_own_and_never_ones_own(database):
    found = authorizer(database, levels={"adam": "admin", "mo": "mod", "olga": "owner"})
    adam, mo, eve = asker("adam"), asker("mo"), asker("eve")
    assert found.change(adam, eve, "mod") == Level.MOD
    assert found.change(adam, eve, "default") == Level.IGNORED
    for by, other, wanted in ((adam, eve, "admin"), (mo, eve, "mod"), (mo, adam, "visible"), (adam, asker("olga"), "0"), (eve, mo, "1")):
        with pytest.raises(Denied, match="must both be below"):
            found.change(by, other, wanted)
    with pytest.raises(Denied, match="their own level"):
        found.change(adam, adam, "visible")
    with pytest.raises(CommandRefused, match="Did you mean `admin`"):
        found.change(adam, eve, "admni")
    assert (found.choices(adam, eve), found.choices(mo, adam), found.choices(adam, adam)) == (
        ["ignored", "visible", "mod", "default"],
        [],
        [],
    )


def test_taking_a_level_back_may_not_raise_anybody_to_ones_own(database):
    found = authorizer(database, levels={"adam": "admin", "bea": "admin"})
    found.granted.give("bea", Level.VISIBLE, Person("olga"))
    with pytest.raises(Denied, match="the new one \\(admin\\)"):
        found.change(asker("adam"), asker("bea"), "default")
    assert found.choices(asker("adam"), asker("bea")) == ["ignored", "visible", "mod"]


def test_levels_are_read_by_name_and_number():
    assert [level_named(text) for text in ("Owner", " 0 ", "mod")] == [Level.OWNER, Level.IGNORED, Level.MOD]
    for text in ("5", "-1", "", "root"):
        with pytest.raises(CommandRefused):
            level_named(text)


PEOPLE = ("olga", "adam", "mo", "eve", "bob")
LEVELS = st.sampled_from(["0", "1", "2", "3", "4", "default"])
CHANGES = st.lists(st.tuples(st.sampled_from(PEOPLE), st.sampled_from(PEOPLE), LEVELS), max_size=25)


@tried(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=CHANGES, default=st.sampled_from(["ignored", "visible", "mod"]))
def test_nobody_ever_reaches_or_grants_a_level_at_or_above_their_own(database, changes, default):
    found = authorizer(database, default=default, levels={"olga": "owner", "adam": "admin", "mo": "mod"})
    for person in PEOPLE:
        found.granted.give(person, None, Person("test"))
    for by, other, wanted in changes:
        before = {person: found.level(asker(person)) for person in PEOPLE}
        try:
            found.change(asker(by), asker(other), wanted)
        except Denied:
            assert {person: found.level(asker(person)) for person in PEOPLE} == before
            continue
        after = {person: found.level(asker(person)) for person in PEOPLE}
        assert {person for person in PEOPLE if after[person] != before[person]} <= {other}
        assert before[other] < before[by]
        assert after[other] < before[by]
    assert found.level(asker("olga")) == Level.OWNER


@given(own=st.sampled_from(Level), present=st.sampled_from(Level), wanted=st.sampled_from(Level))
def test_what_is_offered_is_what_is_legal(own, present, wanted):
    offered = grantable(own, present, oneself=False)
    assert (wanted in offered) == may_change(own, present, wanted, oneself=False) == (max(present, wanted) < own)
    assert grantable(own, present, oneself=True) == []


def test_what_keeps_the_machine_busy_is_limited_by_a_pause_and_by_the_hour(database):
    eve, record = asker("eve"), Record(database)
    authorizer(database).require_budget(eve, Level.VISIBLE, SPENDING)
    for command, outcome in (("generate", "done"), ("generate", "denied"), ("ping", "done")):
        record.add(eve.person, ROOM, "discord", command, Level.VISIBLE, outcome)
    now = record.latest(1)[0].when
    with pytest.raises(Denied, match="Too soon: wait 28 s"):
        authorizer(database, now + timedelta(seconds=2), cooldown=30).require_budget(eve, Level.VISIBLE, SPENDING)
    authorizer(database, now + timedelta(seconds=31), cooldown=30).require_budget(eve, Level.VISIBLE, SPENDING)
    with pytest.raises(Denied, match=r"You had 1 answers within an hour.*in 50 min"):
        authorizer(database, now + timedelta(minutes=10), hourly=1).require_budget(eve, Level.VISIBLE, SPENDING)
    authorizer(database, now + timedelta(minutes=10), hourly=1).require_budget(eve, Level.OWNER, SPENDING)
    authorizer(database, now + timedelta(minutes=10), hourly=2).require_budget(eve, Level.VISIBLE, SPENDING)
    authorizer(database, now + timedelta(minutes=10), hourly=1).require_budget(asker("bob"), Level.VISIBLE, SPENDING)


def test_nothing_is_allowed_while_levels_cannot_be_read(tmp_path):
    (tmp_path / "diary.sqlite").write_bytes(b"no database" * 200)
    found = authorizer(Database(f"sqlite:///{tmp_path / 'diary.sqlite'}"), default="owner")
    with pytest.raises(Denied):
        found.require(asker("eve"), Level.VISIBLE, "`ping`")


def test_the_record_holds_who_did_what_the_newest_first(database):
    record = Record(database)
    for number in range(3):
        record.add(Person(f"p{number}"), ROOM, "discord", "ping", Level.MOD, "done")
    assert [(deed.person, deed.level, deed.place) for deed in record.latest(2)] == [
        ("p2", Level.MOD, "discord:room"),
        ("p1", Level.MOD, "discord:room"),
    ]
    assert [deed.person for deed in record.latest(person="p0")] == ["p0"]


def test_rules_come_from_the_settings_file_or_the_environment(tmp_path):
    (tmp_path / "settings.yaml").write_text("permissions:\n  default: visible\n  levels: {620968: owner}\n")
    assert load({}, data_dir=tmp_path).permissions.levels == {"620968": "owner"}
    text = "{default: mod, levels: {'discord:1': admin}}"
    assert load({"FAMILIAR_PERMISSIONS": text}, data_dir=tmp_path).permissions.default == "mod"


@pytest.mark.parametrize("text", ["[1]", "{default: root}", "{levls: {}}", "{levels: {a: 7}}", "{", "{cooldown: -1}", "owner"])
def test_rules_that_make_no_sense_are_refused_by_name(tmp_path, text):
    with pytest.raises(SettingsError, match="permissions"):
        load({"FAMILIAR_PERMISSIONS": text}, data_dir=tmp_path)
