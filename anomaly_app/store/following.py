"""Reading the topics into the store, beside everything else that a worker does.

The database holds how far it has read, in the same transaction as the rows: one that was restored
from a backup, or emptied, fills itself again from Kafka. What is committed to Kafka only shows the
lag to Kafka's own tools.
"""

import logging
import time
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.errors import IllegalStateError, NoOffsetForPartitionError, OffsetOutOfRangeError
from aiokafka.structs import ConsumerRecord

from anomaly_app.backoff import Backoff
from anomaly_app.core.monitoring.throttle import Throttle
from anomaly_app.errors import AnomalyAppError, PositionsMoved, StoreError
from anomaly_app.kafka import CLIENT_ERRORS, open_consumer, watermarks
from anomaly_app.settings import Settings
from anomaly_app.store.batch import Place
from anomaly_app.store.daemon import in_daemon
from anomaly_app.store.pace import Pace
from anomaly_app.store.partitions import Partitions, starts_of, store_consumer
from anomaly_app.store.retention import Retention
from anomaly_app.store.store import Store

logger = logging.getLogger(__name__)

T = TypeVar("T")
ShouldStop = Callable[[], bool]

POLL_MS = 500

BETWEEN_COMMITS = 1.0
BETWEEN_LINES = 60.0

STARTING, WRITING, WAITING = "starting", "writing", "waiting"
"""What the store does: it waits while the database or the broker does not answer."""


class Follower:
    """Writes what is new on the topics into the store, and waits for it while it is away.

    Parameters
    ----------
    settings
        The store, the topics, and the broker.
    backoff
        Between attempts to reach the database.

    Raises
    ------
    SettingsError
        The address of the store cannot be read.
    """

    def __init__(self, settings: Settings, backoff: Backoff | None = None) -> None:
        self.store = Store.of(settings)
        self.state = STARTING
        self.why: str | None = None
        self.lost = 0
        """Offsets that retention deleted before they were stored."""
        self.lag: int | None = None
        self._settings = settings
        self._backoff = backoff or Backoff(0.2, 10.0)
        self._partitions = Partitions()
        self._retention = Retention(self.store.engine, settings.store_days)
        self._pace = Pace()
        self._throttle = Throttle(BETWEEN_LINES)
        self._committed: dict[Place, int] = {}
        self._next_commit = 0.0

    def stats(self) -> dict[str, Any]:
        """Return what was done since the start, as JSON-compatible values."""
        counts = self.store.counts
        return {
            "state": self.state,
            "why": self.why,
            "written": dict(counts.written),
            "unreadable": counts.unreadable,
            "refused": counts.refused,
            "lost_to_retention": self.lost,
            "lag": self.lag,
        }

    async def run(self, should_stop: ShouldStop) -> None:
        """Follow the topics until the worker stops; nothing that fails here stops it."""
        pauses = self._backoff.pauses()
        try:
            while not should_stop():
                try:
                    await self._follow(should_stop)
                except (*CLIENT_ERRORS, AnomalyAppError) as fault:
                    if not should_stop():
                        self._wait(fault)
                except Exception as fault:  # an error in the store is none of scoring
                    self._wait(fault)
                    logger.exception("storing begins anew")
                await self._backoff.wait(next(pauses), should_stop)
        finally:
            self.store.close()

    async def _follow(self, should_stop: ShouldStop) -> None:
        await self._insist(self.store.prepare, should_stop)
        consumer = store_consumer(self._settings)
        consumer.subscribe(list(self.store.topics), listener=self._partitions)
        try:
            await consumer.start()
            while not should_stop():
                await self._step(consumer, should_stop)
        finally:
            self._partitions.on_partitions_revoked(())
            await consumer.stop()

    async def _step(self, consumer: AIOKafkaConsumer, should_stop: ShouldStop) -> None:
        if self._partitions.waiting:
            await self._place(consumer, should_stop)
        try:
            fetched = await consumer.getmany(timeout_ms=POLL_MS)
        except (OffsetOutOfRangeError, NoOffsetForPartitionError):
            self._partitions.ask_again()
            return
        records = self._expected(fetched)
        if records:
            spent = self.store.counts.cpu
            await self._write(records, should_stop)
            pause = self._pace.pause(self.store.counts.cpu - spent, len(records))
            await self._backoff.wait(pause, should_stop)
        elif self._retention.is_due:
            await self._insist(self._retention.step, should_stop)
        self.lag = self._partitions.behind(consumer)
        await self._commit(consumer)

    def _expected(
        self, fetched: dict[TopicPartition, list[ConsumerRecord]]
    ) -> list[ConsumerRecord]:
        """Return the records that are next; none if a partition goes back to where it was."""
        found = []
        for partition, records in fetched.items():
            begin = self._partitions.next.get(Place(*partition))
            if begin is None:
                # It was assigned a moment ago: it is read again from where the store goes on.
                continue
            if records[0].offset < begin:
                self._partitions.ask_again()
                return []
            found += records
        return found

    async def _place(self, consumer: AIOKafkaConsumer, should_stop: ShouldStop) -> None:
        """Ask the database where to go on, and go there."""
        partitions = self._partitions
        generation, waiting = partitions.generation, sorted(partitions.waiting)
        known = await self._insist(self.store.positions, should_stop)
        # A client without a group: the embedded broker tells ends only to one that polls there.
        async with open_consumer(self._settings) as other:
            starts, lost = starts_of(known, await watermarks(other, waiting))
        changed = {place: start for place, start in starts.items() if known.get(place) != start}
        if changed:
            await self._insist(lambda: self.store.place(changed), should_stop)
        if partitions.generation != generation:
            return
        self.lost += lost
        for partition in waiting:
            consumer.seek(partition, starts[Place(*partition)])
        partitions.next |= starts
        partitions.waiting -= set(waiting)

    async def _write(self, records: Sequence[ConsumerRecord], should_stop: ShouldStop) -> None:
        generation, begins = self._partitions.generation, dict(self._partitions.next)
        try:
            ends = await self._insist(lambda: self.store.take(records, begins), should_stop)
        except PositionsMoved as moved:
            logger.warning("%s", moved)
            self._partitions.ask_again()
            return
        # What was given away meanwhile is written as well, and does no harm.
        if self._partitions.generation == generation:
            self._partitions.next |= ends

    async def _insist(self, call: Callable[[], T], should_stop: ShouldStop) -> T:
        """Return what a call of the database returns, as soon as it does."""
        pauses = self._backoff.pauses()
        while True:
            try:
                answer = await in_daemon(call, should_stop)
            except PositionsMoved:
                raise
            except StoreError as fault:
                if should_stop():
                    raise
                self._wait(fault)
                if await self._backoff.wait(next(pauses), should_stop):
                    raise
                # Somebody may have deleted the tables.
                if call != self.store.prepare:
                    await self._insist(self.store.prepare, should_stop)
            else:
                if self.state != WRITING:
                    logger.info("anomalies are stored in %s", self.store.address)
                self.state, self.why = WRITING, None
                return answer

    async def _commit(self, consumer: AIOKafkaConsumer) -> None:
        ahead = {p: o for p, o in self._partitions.next.items() if self._committed.get(p) != o}
        now = time.monotonic()
        if not ahead or now < self._next_commit:
            return
        self._next_commit = now + BETWEEN_COMMITS
        try:
            await consumer.commit({TopicPartition(*place): end for place, end in ahead.items()})
            self._committed |= ahead
        except (*CLIENT_ERRORS, IllegalStateError) as fault:
            logger.debug("what is stored is not committed: %r", fault)

    def _wait(self, fault: Exception) -> None:
        self.state, self.why = WAITING, str(fault) or type(fault).__name__
        if self._throttle.count(time.monotonic()):
            logger.warning("storing waits, and scoring and alerts do not: %s", self.why)
