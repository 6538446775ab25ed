"""What the tests of learning from chats share: a real database with imported chats and an index of people."""

from __future__ import annotations

import pytest

from extension.database import Database
from extension.refresh.chats import Chats
from extension.refresh.people import People


@pytest.fixture
def chats(database: Database) -> Chats:
    """No chats yet."""
    return Chats(database)


@pytest.fixture
def people(database: Database) -> People:
    """Nobody yet."""
    return People(database)
