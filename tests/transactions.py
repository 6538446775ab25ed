"""What a transaction keeps to in every database. A test module inherits from TransactionContract beside its own `database`."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from extension.tables import person


def say(database, name="alice"):
    with database.write() as connection:
        connection.execute(sa.insert(person).values(id=name, name=""))


def people(database):
    with database.read() as connection:
        return list(connection.execute(sa.select(person.c.id).order_by(person.c.id)).scalars())


class TransactionContract:
    """The tests."""

    def test_a_transaction_is_rolled_back_on_an_error(self, database):
        def fail():
            with database.write() as connection:
                connection.execute(sa.insert(person).values(id="alice", name=""))
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            fail()
        assert people(database) == []

    def test_a_reader_sees_one_state_while_another_writes(self, database):
        with database.read() as connection:
            assert connection.execute(sa.select(person.c.id)).all() == []
            say(database)
            assert connection.execute(sa.select(person.c.id)).all() == []
        assert people(database) == ["alice"]
