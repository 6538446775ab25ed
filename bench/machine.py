"""The machine that benchmarks run on: what a table must say for its figures to mean anything."""

from __future__ import annotations

import os
import platform
from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any


def machine() -> dict[str, Any]:
    """Return what the machine is, what else it does (the load of the last minute), and when and what was measured."""
    return {
        "cores": os.cpu_count(),
        "memory_gib": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30),
        "machine": platform.machine(),
        "load": round(os.getloadavg()[0], 1),
        "python": platform.python_version(),
        "familiar": version("familiar"),
        "date": datetime.now(UTC).strftime("%Y-%m-%d"),
    }


def told(known: dict[str, Any]) -> str:
    """Return a sentence of it, for above a table."""
    words = f"{known['cores']} cores ({known['machine']}), {known['memory_gib']} GiB, no GPU used, Python {known['python']}"
    return f"Familiar {known['familiar']}, {known['date']}, {words}; load before it {known['load']}."
