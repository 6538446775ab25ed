"""What a training would run on: the kind of device, how many there are, and how much memory one has."""

from __future__ import annotations

import os
from dataclasses import dataclass
from importlib.util import find_spec


@dataclass(frozen=True, slots=True)
class Machine:
    """A machine, as far as a training is concerned."""

    device: str
    """`cuda`, `mps` or `cpu`."""
    name: str
    memory: int
    """Bytes that are free: on one graphics card, or of the whole machine where there is none."""
    count: int = 1
    bf16: bool = True
    bitsandbytes: bool = False
    """Whether weights can be kept in 4 or 8 bits."""
    flash: bool = False


def here() -> Machine:
    """Return this machine."""
    import torch

    if torch.cuda.is_available():
        free = min(torch.cuda.mem_get_info(each)[0] for each in range(torch.cuda.device_count()))
        return Machine(
            "cuda",
            torch.cuda.get_device_name(0),
            int(free),
            torch.cuda.device_count(),
            torch.cuda.is_bf16_supported(),
            find_spec("bitsandbytes") is not None,
            find_spec("flash_attn") is not None,
        )
    if torch.backends.mps.is_available():
        return Machine("mps", "Apple GPU", free_memory(), bf16=False)
    return Machine("cpu", f"{os.cpu_count()} cores", free_memory())


def free_memory() -> int:
    """Return the bytes of memory that programs can still have on this machine."""
    try:
        with open("/proc/meminfo", encoding="ascii") as file:  # noqa: PTH123 (not a file on disk)
            known = dict(line.split(":", 1) for line in file)
        return int(known["MemAvailable"].split()[0]) * 1024
    except (OSError, KeyError, ValueError):
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
