"""The numbers of ``/stats``."""

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from anomaly_app import __version__
from anomaly_app.context import Runtime


class PartitionPosition(NamedTuple):
    """How far this worker is in one of its partitions."""

    topic: str
    partition: int
    offset: int | None
    """The next offset to work on."""
    end: int | None
    """The offset up to which the partition can be read."""
    in_open_transactions: int | None
    """Offsets behind it, which wait for the end of a producer's transaction."""

    @property
    def lag(self) -> int | None:
        """Offsets that can be read and are not done; None where Kafka has not told yet."""
        if self.offset is None or self.end is None:
            return None
        return max(self.end - self.offset, 0)


def worker_stats(runtime: Runtime, positions: Sequence[PartitionPosition]) -> dict[str, Any]:
    """Write a worker's counters as JSON's types.

    Parameters
    ----------
    runtime
        Holds the counters; they begin at zero when the process starts.
    positions
        Of the partitions that are assigned to this worker.
    """
    counters = runtime.counters
    manifest = runtime.model.manifest if runtime.model else None
    return {
        "version": __version__,
        "uptime_seconds": round(time.monotonic() - runtime.started, 3),
        "events": counters.events,
        "scored": counters.scored,
        "anomalies": counters.anomalies,
        "batches": counters.batches,
        "dead_letters": counters.dead_letters.total(),
        "dead_letters_by_reason": dict(counters.dead_letters),
        "lost_to_retention": counters.lost_to_retention.total(),
        "rejected_share": runtime.watch.rejected.share,
        "alert_rate": {
            "asked": manifest.alert_rate if manifest else None,
            "seen": runtime.watch.alerts.seen,
        },
        "absent": {
            name: {
                "count": counters.absent[name],
                "share_of_latest": runtime.watch.absences.share(name),
                "share_in_training": usual,
            }
            for name, usual in runtime.watch.absences.usual.items()
        },
        "advice": runtime.watch.advice,
        "alerts": dict(counters.alerts),
        "alerts_wait_for": runtime.alerts_wait_for(),
        "records_wait_for": runtime.schemas and runtime.schemas.waits_for,
        "latency_seconds": counters.latency.quantiles(),
        "partitions": [
            {
                **position._asdict(),
                "lag": position.lag,
                "lost_to_retention": counters.lost_to_retention[position[:2]],
            }
            for position in sorted(positions)
        ],
        "model": manifest
        and {
            "name": manifest.name,
            "version": manifest.version,
            "sha256": manifest.sha256,
            "threshold": manifest.threshold,
        },
    }
