"""How much longer the host takes to start with the extension: starts it by turns with and without, and prints JSON.

python -m tests.host.start_time CHECKOUT [RUNS]
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path

from ..models import smollm2_folder
from .environment import install, python_for
from .server import HostServer, copy_of


def measure(checkout: Path, runs: int, folder: Path) -> dict[str, list[float]]:
    """Return the seconds from the start of the process until page and API answered, by which extensions were on."""
    webui, python = copy_of(checkout, folder / "webui", smollm2_folder()), python_for(checkout)
    install(webui, python)
    found: dict[str, list[float]] = {"without": [], "with": []}
    for _ in range(runs):
        for name, extensions in (("without", []), ("with", ["familiar"])):
            with HostServer(webui, python, extensions=extensions, FAMILIAR_DATA_DIR=str(folder / "data")) as server:
                found[name].append(round(server.started_in, 2))
    return found


def main() -> None:
    """Measure and print."""
    checkout, runs = Path(sys.argv[1]).resolve(), int(sys.argv[2]) if len(sys.argv) > 2 else 3
    with tempfile.TemporaryDirectory() as folder:
        found = measure(checkout, runs, Path(folder))
    best = {name: min(seconds) for name, seconds in found.items()}
    print(json.dumps({"seconds": found, "best": best, "slower_by": round(best["with"] - best["without"], 2)}))


if __name__ == "__main__":
    main()
