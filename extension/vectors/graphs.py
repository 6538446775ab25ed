"""The files Chroma keeps its graphs in, looked at from outside: whether they are sound, and what else lies in them."""

from __future__ import annotations

import logging
import struct
import subprocess
import sys
from pathlib import Path

log = logging.getLogger(__name__)

_PROBE = """
import sys, chromadb, numpy
client = chromadb.PersistentClient(sys.argv[1], settings=chromadb.Settings(anonymized_telemetry=False))
for found in client.list_collections():
    starts = range(0, found.count(), 2000)
    for start in {*starts[:: 1 + len(starts) // 8], *starts[-2:]}:
        page = found.get(limit=2000, offset=start, include=["embeddings"])
        if not numpy.allclose(numpy.linalg.norm(page["embeddings"], axis=1), 1, atol=0.01):
            sys.exit("vectors that are not of length one")
        nearest = {"query_embeddings": page["embeddings"][-1:], "n_results": min(10, found.count()), "include": ["distances"]}
        found.query(**nearest)
        found.upsert(ids=page["ids"][-1:], embeddings=page["embeddings"][-1:])
"""
_PROBE_SECONDS, _PROBE_BYTES = 300, 10_000_000
"""How long a look may take: five minutes, and a second for each ten megabytes."""
_HEADER = struct.Struct("<iQQQQ")
"""hnswlib's: format, offset, most elements, elements there are, bytes of one element."""
_SMALL = 4_000_000
"""Bytes of the file of a graph that holds no element yet; it has room for the first hundred."""


def survives(folder: Path) -> bool:
    """Return whether a process survives opening and searching the index: damage in its files can end one at once."""
    command = [sys.executable, "-c", _PROBE, str(folder)]
    try:
        size = sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
        seconds = _PROBE_SECONDS + size // _PROBE_BYTES
        return subprocess.run(command, capture_output=True, timeout=seconds, check=False).returncode == 0  # noqa: S603
    except (OSError, subprocess.TimeoutExpired):
        return False


def scrub(folder: Path) -> None:
    """Overwrite what graphs that hold nothing yet have on disk.

    hnswlib writes room for its first elements out of memory it never filled, and so whatever this process had there
    before, the words of people among it. A graph with elements has no such room.
    """
    for header in folder.glob("*/header.bin"):
        try:
            elements = _HEADER.unpack(header.read_bytes()[: _HEADER.size])[3]
            for path in (header.with_name("data_level0.bin"), header.with_name("length.bin")):
                if not elements and 0 < path.stat().st_size < _SMALL:
                    with path.open("r+b") as file:
                        file.write(bytes(path.stat().st_size))
        except (OSError, struct.error) as exc:
            log.warning("The empty graph in %s could not be overwritten: %s", header.parent, exc)
