"""Faust's Kafka consumer, with offsets that are committed only for finished work.

Faust keeps track of every acked offset and commits up to the first one that is missing. This has
gaps through which records are lost, or processed again without need:

- it also acks what it skips: events from before a rebalance, and events while a worker stops;
- records requested before a rebalance can arrive after it; without a commit, they are passed on as
  if nothing had happened, or dropped without seeking back;
- acks since the last commit are forgotten when partitions are revoked;
- the last commit before a stop is skipped while another one is in progress;
- a stop in the middle of a rebalance closes the connection before anything is committed.

Here agents *confirm* what they have done, in order within each partition, and nothing else counts:
the offset to commit is the one after the last confirmed. An event is a batch: all waiting records
of a topic, when an agent is ready for more. Partitions can be held back by whoever listens.
"""

import asyncio
import time
from typing import Any
from weakref import WeakSet

from aiokafka.errors import ConsumerStoppedError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, ConsumerMessage, Message
from mode.utils.futures import notify

from anomaly_app.kafka.consumer.fetching import FetchingThread
from anomaly_app.kafka.consumer.inbox import Inbox
from anomaly_app.kafka.consumer.options import ConsumerOptions
from anomaly_app.kafka.consumer.pending import to_message
from anomaly_app.kafka.consumer.record_batches import PartitionRecords, Record
from anomaly_app.kafka.consumer.thread_safe_event import ThreadSafeEvent
from anomaly_app.kafka.exit import exit_without_commit

MAX_IN_FLIGHT = 2
"""Unfinished batches of a topic: one being processed, and the next one for the agent."""

POLL_TIMEOUT = 1.0
"""Seconds of waiting for records after which the consumer checks whether to stop."""


class ConfirmingConsumer(driver.Consumer):
    """Consumer that commits what was confirmed, and nothing else.

    Parameters
    ----------
    options
        How to fetch, and how many records to pass on together.
    """

    app: Any

    _thread: FetchingThread

    def __init__(self, *args: Any, options: ConsumerOptions, **kwargs: Any) -> None:
        self._options = options
        super().__init__(*args, **kwargs)
        self._done: dict[TP, int] = {}
        self._committed: dict[TP, int] = {}
        self.last_commit: float | None = None
        """When the last acknowledged commit of this assignment was begun, in seconds of
        `time.monotonic`: at that time the partitions were this worker's."""
        self._in_flight: WeakSet[Message] = WeakSet()
        self._is_held_back = False
        """Whether something waits only because enough is in flight."""

    def _new_consumer_thread(self) -> FetchingThread:
        self._inbox = Inbox(self._options.batch_sizes)
        self._arrived = ThreadSafeEvent(self.loop)
        return FetchingThread(
            self,
            inbox=self._inbox,
            arrived=self._arrived,
            options=self._options,
            loop=self.loop,
            beacon=self.beacon,
        )

    def confirm(self, message: Message, last: PartitionRecords | Record) -> None:
        """Count a record of a message, and all before it in its partition, as done."""
        if message.generation_id == self.app.consumer_generation_id:
            self._done[TP(last.topic, last.partition)] = last.end

    def confirmed(self, tp: TP) -> int | None:
        """Return the offset after the last confirmed record of a partition; None if unknown."""
        return self._done.get(tp)

    def end_offset(self, tp: TP) -> int | None:
        """Return the offset of a partition's next new record; None until the first fetch."""
        return self._thread.end_offset(tp)

    def finish(self, message: Message) -> None:
        """Stop waiting for a message; what was not confirmed of it is read again."""
        self._in_flight.discard(message)
        self.unacked.discard(message)
        notify(self._waiting_for_ack)
        if self._is_held_back:
            self._arrived.set()

    def ack(self, message: Message) -> bool:  # noqa: ARG002
        """Count nothing: Faust also acks what it skips."""
        return False

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Do nothing: Faust would keep track of every offset that a batch skips."""

    async def force_commit(self, *_: Any, **__: Any) -> bool:
        """Commit what was confirmed since the last commit."""
        # Faust leaves out what is not assigned, and its answer does not say so.
        done = {tp: end for tp, end in self._done.items() if tp in self.assignment()}
        ahead = {tp: end for tp, end in done.items() if end != self._committed.get(tp)}
        begun = time.monotonic()
        if not ahead or not await self._commit_offsets(ahead):
            return False
        self._committed.update(ahead)
        self.last_commit = begun
        self._options.listener.on_committed(ahead)
        return True

    async def commit_and_end_transactions(self) -> None:
        """Commit for the last time before partitions are given away."""
        # Faust's own would take a commit that is under way for this one.
        await self.maybe_wait_for_commit_to_finish()
        await super().commit_and_end_transactions()

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Finish what is in flight and commit it, also when the worker is stopping."""
        if self.app.should_stop:
            await self.wait_empty()
        else:
            await super().on_partitions_revoked(revoked)
        self._options.listener.on_revoked(revoked)
        self._forget()

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Start over; a worker that is stopping takes no partitions."""
        self._forget()
        self._options.listener.on_assigned(assigned, wake=self._arrived.set)
        if not self.app.should_stop:
            await super().on_partitions_assigned(assigned, generation_id)

    def _forget(self) -> None:
        self._done.clear()
        self._committed.clear()
        self.last_commit = None
        self._inbox.clear()

    async def perform_seek(self) -> None:
        """Seek to the committed offsets, or to the beginning of partitions that have none."""
        committed = await self.seek_to_committed()
        known = {TP(*tp): offset for tp, offset in committed.items() if offset is not None}
        self._done.update(known)
        self._committed.update(known)
        # aiokafka leaves partitions without a commit where they are.
        if unread := [tp for tp, offset in committed.items() if offset is None]:
            await self._thread.seek_to_beginning(*unread)
        # Faust drops records before these offsets.
        self._read_offset.clear()
        self._options.listener.on_positioned(committed)

    def stop_flow(self) -> None:
        """Pass nothing more on, and fetch nothing more."""
        super().stop_flow()
        self._thread.fetch_from(frozenset())
        self._arrived.set()

    async def _drain_messages(self, fetcher: Any) -> None:
        """Pass on the batches that agents are ready for, until the worker stops.

        Faust's own method takes two tasks and four turns of the event loop for each event, so that
        it can cancel one that waits. Nothing waits here: agents get no more than they can take.
        """
        try:
            while not (self.should_stop or fetcher.should_stop):
                await self._hand_on()
        except (ConsumerStoppedError, asyncio.CancelledError):
            if not self.app.should_stop:
                raise

    async def _hand_on(self) -> None:
        batches, _ = await self._wait_next_records(POLL_TIMEOUT)
        # Records taken before a rebalance are dropped by it, and read again afterwards. A
        # rebalance during the wait above is over by now.
        generation = self.app.consumer_generation_id
        for tp, [partitions] in (batches or {}).items():
            if self.flow_active and generation == self.app.consumer_generation_id:
                await self.callback(self._to_message(tp, partitions))

    async def _getmany(
        self,
        active_partitions: set[TP] | None,
        timeout: float,  # noqa: ASYNC109
    ) -> Any:
        end = self.loop.time() + timeout
        while self.flow_active and (left := end - self.loop.time()) > 0:
            try:
                self._thread.raise_fault()
                batches = self._take()
            except Exception as fault:  # noqa: BLE001  # Faust would end without a message
                exit_without_commit("reading from Kafka", fault)
            wanted = frozenset(active_partitions or ()) - self._options.listener.held
            self._thread.fetch_from(wanted)
            if batches:
                return batches
            await self._arrived.wait(left)
        return {} if self.flow_active else None

    def _take(self) -> dict[TP, list[list[PartitionRecords]]]:
        batches: dict[TP, list[list[PartitionRecords]]] = {}
        in_flight = [message.topic for message in self._in_flight]
        self._is_held_back = False
        for topic in self._inbox.topics:
            if in_flight.count(topic) >= MAX_IN_FLIGHT:
                self._is_held_back = True
            elif partitions := self._inbox.take(topic):
                batches[TP(topic, partitions[-1].partition)] = [partitions]
        if batches:
            self._thread.notify_taken()
        return batches

    def _to_message(self, tp: TP, record: list[PartitionRecords]) -> ConsumerMessage:
        message = to_message(tp, record, self.app.consumer_generation_id)
        self._in_flight.add(message)
        return message
