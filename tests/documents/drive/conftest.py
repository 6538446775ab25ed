"""A Drive on this machine, and clients of it that wait for nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from extension.documents.drive.client import Drive
from tests.documents.drive_double import QUARTER, DriveDouble


@pytest.fixture
def google() -> Iterator[DriveDouble]:
    with DriveDouble() as double:
        yield double


@pytest.fixture
def waited() -> list[float]:
    """The seconds that were waited between tries."""
    return []


@pytest.fixture
def client(google: DriveDouble, waited: list[float]) -> Callable[[Path], Drive]:
    return lambda credentials: Drive(credentials, google.url, QUARTER, waited.append)


@pytest.fixture
def drive(google: DriveDouble, client: Callable[[Path], Drive], tmp_path: Path) -> Drive:
    """A client under a service account."""
    return client(google.service_account(tmp_path / "key.json"))
