"""Says in the log what the watch over the stream has to say."""

import logging
import time
from collections.abc import Iterable
from typing import Any

import faust

from anomaly_app.context import WorkerContext
from anomaly_app.core.decoding.decoded import Rejected
from anomaly_app.core.monitoring.absences import Absences
from anomaly_app.core.monitoring.watch import Batch, Letter, finish, step
from anomaly_app.core.scoring.verdict import Verdict

logger = logging.getLogger(__name__)

LOOK = 5.0
"""Seconds between two looks at what waits for the end of its minute."""


def define_watching(app: faust.App, context: WorkerContext) -> None:
    """Define the task that says what waits, and what says the rest at a stop."""

    async def watching() -> None:
        while not app.should_stop:
            await app.sleep(LOOK)
            notice(Batch(), context)

    app.task(watching)

    @app.on_before_shutdown.connect
    async def say_the_rest(*_: Any, **__: Any) -> None:
        context.watch, lines = finish(context.watch, time.monotonic())
        _say(lines)


def notice_verdict(verdict: Verdict, context: WorkerContext) -> None:
    """Say what is to be said of a batch that was judged, and is in Kafka."""
    rejected = [*map(to_letter, verdict.rejected)]
    numbers = {name: lacking.number for name, lacking in verdict.absent.items()}

    def similar(name: str) -> str | None:
        try:
            return context.pipeline.decoder.similar(name, verdict.absent[name].example)
        except Exception:  # noqa: BLE001  # the batch is in Kafka: a hint must not undo that
            return None

    absences = Absences(verdict.scored, numbers, similar)
    notice(Batch(verdict.scored, len(verdict.findings), rejected, absences=absences), context)


def notice(batch: Batch, context: WorkerContext) -> None:
    """Say what is to be said of a batch, or after a while."""
    context.watch, lines = step(context.watch, batch, time.monotonic())
    _say(lines)


def to_letter(rejected: Rejected) -> Letter:
    """Write a rejected record as the watch counts it."""
    record, error = rejected
    detail = str(error).removeprefix(f"{error.rejection}: ")
    return Letter(str(error.rejection), record.topic, record.partition, record.offset, detail)


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        logger.warning("%s", line)
