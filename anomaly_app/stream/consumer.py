"""Faust's Kafka consumer, with offsets that are committed only for work that is done.

Faust keeps books of every acked offset and commits up to the first one that is missing. That
has holes through which records are lost, or done again without need:

- it also acks what it skips: events of before a rebalance, events while a worker stops;
- records that were asked for before a rebalance can arrive after it; they are handed on as if
  nothing had happened, or dropped without going back, where the partition has no commit yet;
- what was acked since the last commit is forgotten when partitions are revoked;
- the last commit before a stop is left out while another one is under way;
- a stop in the middle of a rebalance closes the connection before anything is committed.

Here agents *confirm* what they have done, each partition's in order, and nothing else counts.
So the offset to commit is the one after the last confirmed, and no books are needed.
"""

import asyncio
from contextlib import suppress
from typing import Any

from aiokafka.errors import IllegalStateError
from faust.transport.drivers import aiokafka as driver
from faust.types import TP, EventT, Message
from mode.utils.futures import notify

PAUSE = 0.001
"""Seconds after a fetch of few records, in which more can arrive for the next.

A fetch costs about 1 ms of CPU however little it brings: without a pause the transactions of
1,000 a second have a fetch each, and a core is busy with nothing else.
"""

FEW = 256
"""Records of a fetch below which there is a pause: a backlog is not held up."""


class ConfirmingConsumer(driver.Consumer):
    """Consumer that commits what was confirmed, and nothing else."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._done: dict[TP, int] = {}
        self._committed: dict[TP, int] = {}
        self._pause = 0.0

    def confirm(self, event: EventT[Any], offset: int) -> None:
        """Count an event's run up to an offset, and all before it in its partition, as done."""
        message = event.message
        if offset == message.offset:
            message.acked = True
            self.let_go(event)
        if message.generation_id == self.app.consumer_generation_id:
            self._done[message.tp] = offset + 1

    def let_go(self, event: EventT[Any]) -> None:
        """Stop waiting for an event; without a `confirm` it will be read again."""
        self._unacked_messages.discard(event.message)
        notify(self._waiting_for_ack)

    def ack(self, message: Message) -> bool:  # noqa: ARG002
        """Count nothing: Faust also acks what it skips."""
        return False

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Do nothing: Faust would book every offset that a run skips."""

    async def force_commit(self, *_: Any, **__: Any) -> bool:
        """Commit what was confirmed since the last commit."""
        ahead = {tp: end for tp, end in self._done.items() if end != self._committed.get(tp)}
        if not ahead or not await self._commit_offsets(ahead):
            return False
        self._committed.update(ahead)
        return True

    async def commit_and_end_transactions(self) -> None:
        """Commit for the last time before partitions are given away."""
        # Faust's own would take a commit that is under way for this one.
        await self.maybe_wait_for_commit_to_finish()
        await super().commit_and_end_transactions()

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Finish what is in hand and commit it, also when the worker is stopping."""
        if self.app.should_stop:
            await self.wait_empty()
        else:
            await super().on_partitions_revoked(revoked)
        self._forget()

    async def on_partitions_assigned(self, assigned: set[TP], generation_id: int = 0) -> None:
        """Begin anew; a worker that is stopping takes no partitions."""
        self._forget()
        if not self.app.should_stop:
            await super().on_partitions_assigned(assigned, generation_id)

    def _forget(self) -> None:
        self._done.clear()
        self._committed.clear()

    async def perform_seek(self) -> None:
        """Go to the committed offsets; to the beginning of partitions that have none."""
        committed = await self.seek_to_committed()
        # aiokafka leaves partitions without a commit where they are.
        if unread := [tp for tp, offset in committed.items() if not offset]:
            await self._thread.seek_to_beginning(*unread)
        # Faust drops what lies before this.
        self._read_offset.clear()

    async def _getmany(
        self,
        active_partitions: set[TP] | None,
        timeout: float,  # noqa: ASYNC109
    ) -> Any:
        await asyncio.sleep(self._pause)
        generation = self.app.consumer_generation_id
        records = await super()._getmany(active_partitions, timeout)
        fetched = sum(len(run.value) for runs in records.values() for run in runs)
        self._pause = PAUSE if 0 < fetched < FEW else 0.0
        if generation != self.app.consumer_generation_id:
            # Asked for before a rebalance, so they may be anywhere in the partitions of now.
            if records:
                with suppress(IllegalStateError):
                    await self.perform_seek()
            return None
        return records if self.flow_active else None
