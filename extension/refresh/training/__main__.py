"""`python -m extension.refresh.training RUN_FOLDER`: trains, in the process of its own that `run.start` or a cluster's scheduler makes."""

from __future__ import annotations

import sys
from pathlib import Path

from .attempts import attempted

if __name__ == "__main__":
    sys.exit(attempted(Path(sys.argv[1])))
