"""How the bridges are, in figures: for people and the panel as JSON, for Prometheus, and whether that is well. No words of people."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from .. import __version__
from ..bridges.queue import Queue
from .keeper import Condition

if TYPE_CHECKING:
    from prometheus_client.metrics_core import Metric

HEARTBEAT_LIMIT = 120.0
"""Seconds without a sign of life after which a connection counts as dead."""


@dataclass(frozen=True, slots=True)
class Figures:
    """What is known of the program at one moment."""

    started: datetime
    conditions: Sequence[Condition]
    queue: Queue

    @property
    def trouble(self) -> str:
        """Why it is not well, '' where it is."""
        return " ".join(filter(None, map(_trouble, self.conditions)))

    def plain(self) -> dict[str, Any]:
        """Return it as JSON has it."""
        tally = self.queue.tally
        return {
            "version": __version__,
            "pid": os.getpid(),
            "since": _time(self.started),
            "healthy": not self.trouble,
            "trouble": self.trouble,
            "queue": {"waiting": self.queue.waiting, "running": len(self.queue.running)},
            "answers": tally.answers,
            "failures": tally.failures,
            "tokens": tally.tokens,
            "tokens_per_second": round(tally.speed, 2),
            "platforms": {each.platform: _plain(each) for each in self.conditions},
        }

    def metrics(self) -> Iterator[Metric]:
        """Yield it as Prometheus has it."""
        from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily

        tally, now, total = self.queue.tally, GaugeMetricFamily, CounterMetricFamily
        yield now("familiar_queue_waiting", "Messages that wait for a reply.", self.queue.waiting)
        yield now("familiar_queue_running", "Replies that are being written.", len(self.queue.running))
        yield now("familiar_tokens_per_second", "Speed of the last replies.", tally.speed)
        yield total("familiar_answers", "Replies that were sent.", tally.answers)
        yield total("familiar_failures", "Messages that got a sentence instead of a reply.", tally.failures)
        yield total("familiar_tokens", "Tokens that were written.", tally.tokens)
        yield total("familiar_generation_seconds", "Seconds spent on writing them.", tally.seconds)
        yield now("familiar_bridge_start_time_seconds", "When the program was started.", self.started.timestamp())
        for name, counts, help_, value in _PER_PLATFORM:
            family = (total if counts else now)(name, help_, labels=["platform"])
            for each in self.conditions:
                if (found := value(each)) is not None:
                    family.add_metric([each.platform], float(found))
            yield family


_PER_PLATFORM: tuple[tuple[str, bool, str, Callable[[Condition], float | None]], ...] = (
    ("familiar_bridge_connected", False, "Whether the platform is connected.", lambda each: each.vital.connected),
    ("familiar_bridge_heartbeat_age_seconds", False, "Since the platform's last sign of life.", lambda each: each.vital.heartbeat),
    (
        "familiar_bridge_last_inbound_time_seconds",
        False,
        "When the last message came in.",
        lambda each: each.vital.heard.timestamp() if each.vital.heard else None,
    ),
    ("familiar_bridge_reconnects", True, "Connections that were made again.", lambda each: each.vital.reconnects),
    ("familiar_bridge_rate_limit_waits", True, "How often the platform asked for patience.", lambda each: each.vital.waits),
    ("familiar_bridge_rate_limit_wait_seconds", True, "Seconds that this cost.", lambda each: each.vital.waited),
)
"""Names, whether it counts up, what it is, and the value of a platform, None for none."""


def _trouble(each: Condition) -> str:
    title = each.platform.capitalize()
    if each.state != "open":
        return f"{title}: {each.vital.trouble or f'not open ({each.state}).'}"
    if not each.vital.connected:
        return f"{title}: {each.vital.trouble or 'not connected.'}"
    if each.vital.heartbeat is not None and each.vital.heartbeat > HEARTBEAT_LIMIT:
        return f"{title}: no sign of life for {each.vital.heartbeat:.0f} seconds."
    return ""


def _plain(each: Condition) -> dict[str, Any]:
    vital = each.vital
    return {
        "state": each.state,
        "connected": vital.connected,
        "account": vital.account,
        "since": _time(each.since),
        "heartbeat_age": None if vital.heartbeat is None else round(vital.heartbeat, 1),
        "last_inbound": _time(vital.heard),
        "rate_limit_waits": vital.waits,
        "rate_limit_seconds": round(vital.waited, 1),
        "reconnects": vital.reconnects,
        "trouble": vital.trouble,
    }


def _time(when: datetime | None) -> str | None:
    return when.astimezone(UTC).isoformat(timespec="seconds") if when else None
