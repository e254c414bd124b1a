"""Logging of the warnings from the watch over the stream."""

import logging
import time
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import faust

from anomaly_app.context import WorkerContext
from anomaly_app.core.decoding.decoded import Rejected
from anomaly_app.core.monitoring.absences import Absences
from anomaly_app.core.monitoring.watch import Batch, Letter, finish, step
from anomaly_app.core.scoring.verdict import Verdict

if TYPE_CHECKING:
    # It imports scikit-learn and numba, which take more than a second.
    from anomaly_app.core.scoring.pipeline import Pipeline

logger = logging.getLogger(__name__)

POLL_INTERVAL = 5.0
"""Seconds between two checks for counts whose minute has ended."""


def define_watching(app: faust.App, context: WorkerContext) -> None:
    """Define the task that logs pending warnings when they are due, and the rest at a stop."""

    async def watching() -> None:
        while not app.should_stop:
            await app.sleep(POLL_INTERVAL)
            notice(Batch(), context)

    app.task(watching)

    @app.on_before_shutdown.connect
    async def log_the_rest(*_: Any, **__: Any) -> None:
        context.watch, lines = finish(context.watch, time.monotonic())
        _log(lines)


def notice_verdict(verdict: Verdict, pipeline: "Pipeline", context: WorkerContext) -> None:
    """Log warnings about a batch that was judged, and whose results are in Kafka.

    Parameters
    ----------
    verdict
        The verdict on the batch.
    pipeline
        The pipeline that judged it. The worker may use another one by now, with other features.
    context
        The worker's context, which holds the watch.
    """
    rejected = [*map(to_letter, verdict.rejected)]
    numbers = {name: lacking.number for name, lacking in verdict.absent.items()}

    def similar(name: str) -> str | None:
        try:
            return pipeline.decoder.similar(name, verdict.absent[name].example)
        except Exception:  # noqa: BLE001  # the batch is done: a failed hint must not stop the worker
            return None

    absences = Absences(verdict.scored, numbers, similar)
    notice(Batch(verdict.scored, len(verdict.findings), rejected, absences=absences), context)


def notice(batch: Batch, context: WorkerContext) -> None:
    """Log warnings about a batch, at once or later."""
    context.watch, lines = step(context.watch, batch, time.monotonic())
    _log(lines)


def to_letter(rejected: Rejected) -> Letter:
    """Return a rejected record in the form that the watch counts."""
    record, error = rejected
    detail = str(error).removeprefix(f"{error.rejection}: ")
    return Letter(str(error.rejection), record.topic, record.partition, record.offset, detail)


def _log(lines: Iterable[str]) -> None:
    for line in lines:
        logger.warning("%s", line)
