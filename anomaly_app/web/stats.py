"""The numbers of ``/stats``."""

import time
from collections.abc import Sequence
from typing import Any, NamedTuple

from anomaly_app import __version__
from anomaly_app.context import WorkerContext
from anomaly_app.web.incident_stats import incident_stats


class PartitionPosition(NamedTuple):
    """The position of this worker in one of its partitions."""

    topic: str
    partition: int
    offset: int | None
    """The next offset to process."""
    end: int | None
    """The offset up to which the partition can be read."""
    in_open_transactions: int | None
    """Offsets after `end`, which wait for a producer's transaction to finish."""

    @property
    def lag(self) -> int | None:
        """Offsets that can be read but are not done; None if not known yet."""
        if self.offset is None or self.end is None:
            return None
        return max(self.end - self.offset, 0)


def worker_stats(context: WorkerContext, positions: Sequence[PartitionPosition]) -> dict[str, Any]:
    """Return a worker's counters as JSON-compatible values.

    Parameters
    ----------
    context
        The worker's context; its counters start at zero with the process.
    positions
        Positions of the partitions that are assigned to this worker.
    """
    counters = context.counters
    manifest = context.model.manifest if context.model else None
    return {
        "version": __version__,
        "uptime_seconds": round(time.monotonic() - context.started, 3),
        "events": counters.events,
        "scored": counters.scored,
        "anomalies": counters.anomalies,
        "batches": counters.batches,
        "dead_letters": counters.dead_letters.total(),
        "dead_letters_by_reason": dict(counters.dead_letters),
        "lost_to_retention": counters.lost_to_retention.total(),
        "rejected_share": context.watch.rejected.share,
        "alert_rate": {
            "asked": manifest.alert_rate if manifest else None,
            "seen": context.watch.alerts.seen,
        },
        "absent": {
            name: {
                "count": counters.absent[name],
                "share_of_latest": context.watch.absences.share(name),
                "share_in_training": usual,
            }
            for name, usual in context.watch.absences.usual.items()
        },
        "advice": context.watch.advice,
        "alerts": dict(counters.alerts),
        "feedback": dict(counters.feedback),
        "incidents": incident_stats(context),
        "store": context.store and context.store.stats(),
        "records_wait_for": context.schemas and context.schemas.waits_for,
        "memory": context.memories.stats(),
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
