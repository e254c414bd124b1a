"""The steps of a replay: read, decide, send, mark."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import AsyncExitStack, nullcontext

from aiokafka.structs import RecordMetadata

from anomaly_app.core.decoding.framing import schemas_of
from anomaly_app.dead_letters.messages import REPLAYED_FROM, DeadLetter, ReplayMarker
from anomaly_app.dead_letters.plan import Account, Plan
from anomaly_app.dead_letters.topic import open_topic
from anomaly_app.errors import BrokerError, RegistryUnreachable, ReplayStopped
from anomaly_app.kafka import CLIENT_ERRORS, Progress, Writer, open_producer
from anomaly_app.schemas import SchemaRegistry
from anomaly_app.settings import Settings

BATCH = 200
BATCH_BYTES = 4_194_304
"""Letters, and bytes of their values, that are sent before waiting for acknowledgements."""


async def replay(
    plan: Plan,
    settings: Settings,
    account: Account,
    *,
    schemas: SchemaRegistry | None,
    dry_run: bool,
    say: Callable[[str], None],
    progress: Progress,
) -> None:
    """Send the records of selected letters back to the topic that they came from.

    A letter is marked once its record is in Kafka: delivery is at least once.

    Parameters
    ----------
    plan
        Decides on each letter.
    settings
        The broker and the topics.
    account
        Kept up to date, so that it is correct even if this is interrupted.
    schemas
        Schemas of letters that are framed for a schema registry.
    dry_run
        Send nothing, and print what would be done with each letter.
    say
        Prints a line.
    progress
        Called with the progress of the first reading, before anything is sent.

    Raises
    ------
    DeadLetterMissing
        There is no letter at a position of the plan; nothing was sent.
    ReplayStopped
        Sending or reading failed; the message says how many letters were replayed before that.
    BrokerError
        The broker or a topic is missing; nothing was sent.
    """
    async with (
        open_topic(settings, plan.topic) as topic,
        schemas or nullcontext(),
        AsyncExitStack() as stack,
    ):
        replayed = await topic.replayed(plan.positions, progress)
        sender = None
        if not dry_run:
            producer = await stack.enter_async_context(open_producer(settings))
            sender = Sender(producer, topic.name, plan.topic, account)
        try:
            async for letter in topic.letters():
                if letter not in plan.selection:
                    account.unselected += letter.position in plan.repairs
                    continue
                await _learn(schemas, plan.value_of(letter))
                value, why = plan.decide(
                    letter, replayed_to=replayed.get(letter.identity), account=account
                )
                if value is not None:
                    replayed[letter.identity] = f"{plan.topic}, from {letter.position}"
                if sender is None:
                    say(f"{letter.position!s:<10}  {why}")
                    account.replayed += value is not None
                elif value is not None:
                    await sender.add(letter, value)
            if sender is not None:
                await sender.flush()
        except (BrokerError, RegistryUnreachable) as fault:
            raise ReplayStopped(
                f"{fault}; {account.replayed:,} were replayed before that"
            ) from None


async def _learn(schemas: SchemaRegistry | None, value: bytes | None) -> None:
    if schemas is not None:
        await schemas.learn(schemas_of([value]))


class Sender:
    """Sends letters in bounded batches, and marks those that were acknowledged.

    Parameters
    ----------
    producer
        A producer that waits for all replicas.
    dead_letters, transactions
        Names of the topics.
    account
        Its ``replayed`` counts the acknowledged letters.
    """

    def __init__(
        self, producer: Writer, dead_letters: str, transactions: str, account: Account
    ) -> None:
        self._producer = producer
        self._dead_letters = dead_letters
        self._transactions = transactions
        self._account = account
        self._batch: list[tuple[DeadLetter, bytes]] = []
        self._bytes = 0

    async def add(self, letter: DeadLetter, value: bytes) -> None:
        """Add a letter and the value to send for it; send the batch when it is full.

        Raises
        ------
        BrokerError
            Not all of the batch could be sent and marked.
        """
        self._batch.append((letter, value))
        self._bytes += len(value)
        if len(self._batch) >= BATCH or self._bytes >= BATCH_BYTES:
            await self.flush()

    async def flush(self) -> None:
        """Send the batch; when this returns, the records and their markers are in Kafka.

        Raises
        ------
        BrokerError
            Not all could be sent and marked. What has arrived is counted, and marked if possible.
        """
        batch, self._batch, self._bytes = self._batch, [], 0
        letters = [letter for letter, _ in batch]
        sent = await _all(self._send(letter, value) for letter, value in batch)
        arrived = [
            (letter, position)
            for letter, position in zip(letters, sent, strict=True)
            if isinstance(position, RecordMetadata)
        ]
        marked = await _all(self._mark(letter, position) for letter, position in arrived)
        self._account.replayed += len(arrived)
        faults = [
            *_first_fault(letters, sent, f"be sent to {self._transactions}"),
            *_first_fault(
                [letter for letter, _ in arrived],
                marked,
                "be marked as replayed, and would be sent again",
            ),
        ]
        if faults:
            raise BrokerError("; ".join(faults))

    async def _send(self, letter: DeadLetter, value: bytes) -> RecordMetadata:
        # No partition: the key decides, as for the sender's own records. No timestamp: an old
        # one might be past the topic's retention, so that the record is deleted before it is read.
        return await self._producer.send_and_wait(
            self._transactions,
            value,
            key=letter.key,
            headers=[(REPLAYED_FROM, f"{self._dead_letters}-{letter.position}".encode())],
        )

    async def _mark(self, letter: DeadLetter, position: RecordMetadata) -> RecordMetadata:
        marker = ReplayMarker(
            letter.identity, f"{position.topic}-{position.partition}-{position.offset}"
        )
        # Empty, not null: aiokafka rejects a message with neither key nor value.
        return await self._producer.send_and_wait(
            self._dead_letters,
            b"",
            key=letter.key,
            partition=letter.position.partition,
            headers=marker.headers,
        )


async def _all(sends: Iterable[Awaitable[RecordMetadata]]) -> list[RecordMetadata | BaseException]:
    return await asyncio.gather(*sends, return_exceptions=True)


def _first_fault(
    letters: Sequence[DeadLetter], outcomes: Sequence[RecordMetadata | BaseException], what: str
) -> list[str]:
    faults = [
        (letter, outcome)
        for letter, outcome in zip(letters, outcomes, strict=True)
        if isinstance(outcome, BaseException)
    ]
    for _, fault in faults:
        if not isinstance(fault, CLIENT_ERRORS):
            raise fault
    more = f" (and {len(faults) - 1:,} more)" if len(faults) > 1 else ""
    return [
        f"letter {letter.position}{more} could not {what}: {type(fault).__name__}"
        for letter, fault in faults[:1]
    ]
