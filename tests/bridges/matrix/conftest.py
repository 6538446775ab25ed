"""A real Synapse for the tests of Matrix: one for a run, and others for tests that end it or keep its usual limits."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor

import pytest

from tests.servers import address, homeserver

from .friend import process
from .people import Homeserver

MISSING = "There is no Synapse: run `make synapse`, or leave these tests out with -m 'not synapse'."


@pytest.fixture(scope="session")
def synapse() -> str:
    """The address of this run's Synapse."""
    if homeserver() is None:
        pytest.fail(MISSING)
    return address("synapse")


@pytest.fixture(scope="session")
def programs() -> Iterator[ProcessPoolExecutor]:
    """A process for other people's programs that encrypt."""
    with process() as made:
        yield made


@pytest.fixture(scope="session")
def server(synapse: str) -> Iterator[Homeserver]:
    """This run's Synapse."""
    made = Homeserver(synapse)
    yield made
    made.close()
