"""Read the current records of a Kafka topic as history, like a worker."""

import asyncio
import dataclasses
from contextlib import nullcontext
from typing import NamedTuple, Self

import polars as pl
from aiokafka import AIOKafkaConsumer, TopicPartition
from msgspec.structs import replace

from anomaly_app.core.decoding.framing import NO_READERS, schemas_of
from anomaly_app.core.roles.roles import Roles
from anomaly_app.errors import DataError
from anomaly_app.kafka.clients import broker_errors, open_admin, open_consumer
from anomaly_app.kafka.offsets import OffsetRanges, watermarks
from anomaly_app.kafka.reading import Progress, read_ranges
from anomaly_app.kafka.topics import describe_topics
from anomaly_app.schemas.registry import SchemaRegistry, open_registry
from anomaly_app.settings.app import Settings, change_settings
from training.columns.role_inference import infer_roles, with_learnt
from training.history.history import History
from training.history.reading import history_of, verbatim
from training.history.record_table import (
    KAFKA_KEY,
    KAFKA_PLACE,
    KAFKA_TIMESTAMP,
    KAFKAS,
    RecordTable,
)
from training.tables.files import typed
from training.tables.table import Table

SCHEME = "kafka://"


class TopicAddress(NamedTuple):
    """A topic and its broker: ``kafka://host:port/topic``."""

    broker: str
    topic: str

    @classmethod
    def parse(cls, words: str) -> Self:
        """Parse an address; several hosts are separated by commas.

        Raises
        ------
        DataError
            It is malformed.
        """
        hosts, slash, topic = words.removeprefix(SCHEME).partition("/")
        if not words.startswith(SCHEME) or not hosts or not slash or not topic or "/" in topic:
            raise DataError(f"{words!r} is not kafka://HOST:PORT/TOPIC")
        return cls(SCHEME + hosts, topic)

    def __str__(self) -> str:
        return f"{self.broker}/{self.topic}"


def read_topic(
    address: TopicAddress,
    roles: Roles,
    settings: Settings,
    *,
    learnt: Roles | None = None,
    since: float | None = None,
    progress: Progress | None = None,
) -> History:
    """Read the records of a topic as history, up to its current end.

    The key and the timestamp of the Kafka records are used if no field is the key or the time.
    Records of aborted or open transactions are left out.

    Parameters
    ----------
    address
        The topic.
    roles
        Roles of the fields; other roles are inferred from the fields' names.
    settings
        Settings for authentication at the broker, and for the payload of the records.
    learnt
        Roles of a model; they apply as far as the records have such fields.
    since
        Only read records from this timestamp on, in seconds since the epoch.
    progress
        Called with the number of records read, and the total.

    Raises
    ------
    SettingsError
        The broker's address is invalid.
    BrokerError
        The broker does not answer, refuses the app, or has no such topic.
    DataError
        No record can be read, or a field that the user named is missing.
    """
    registry = open_registry(settings)
    table = RecordTable(
        roles if learnt is None else learnt.changed_by(roles),
        max_bytes=settings.max_record_bytes,
        payload=settings.payload,
        since=since,
        readers=registry.readers if registry else NO_READERS,
    )
    there = change_settings(settings, broker=address.broker)
    asyncio.run(_fill(table, address, there, since, progress, registry))
    if not table.rows:
        raise DataError(_nothing(address, table, since))
    return topic_history(address, table, roles, learnt=learnt)


async def _fill(
    table: RecordTable,
    address: TopicAddress,
    settings: Settings,
    since: float | None,
    progress: Progress | None,
    registry: SchemaRegistry | None,
) -> None:
    name = address.topic
    async with open_admin(settings) as admin:
        with broker_errors("asking for the topics"):
            numbers = (await describe_topics(admin, settings, name))[name]
    async with open_consumer(settings, committed_only=True) as consumer, registry or nullcontext():
        partitions = [TopicPartition(name, number) for number in numbers]
        with broker_errors(f"asking for the offsets of {name}"):
            edges: OffsetRanges = await watermarks(consumer, partitions)
            if since is not None:
                edges = await _from(consumer, edges, since)
        total = sum(end - start for start, end in edges.values())
        async for fetched in read_ranges(consumer, edges, answer_timeout=settings.broker_wait):
            if registry is not None:
                await registry.learn(schemas_of(record.value for record in fetched.records))
            table.add(fetched.records)
            if progress is not None:
                progress(fetched.done, total)


async def _from(consumer: AIOKafkaConsumer, edges: OffsetRanges, since: float) -> OffsetRanges:
    """Skip records before a time, as far as the broker can tell."""
    found = await consumer.offsets_for_times({p: int(since * 1000) for p in edges})
    return {
        partition: (max(start, found[partition].offset), end)
        if found.get(partition)
        else (end, end)
        for partition, (start, end) in edges.items()
    }


def _nothing(address: TopicAddress, table: RecordTable, since: float | None) -> str:
    if table.unread:
        return (
            f"cannot read any of the {table.unread.total():,} records of {address} "
            f"({table.reasons()}): docs/bad-input.md explains the reasons"
        )
    return f"{address} has no records" + ("" if since is None else " in that period: widen --last")


def topic_history(
    address: TopicAddress, records: RecordTable, said: Roles, *, learnt: Roles | None = None
) -> History:
    """Convert the records read to history; see `read_topic`."""
    name = f"topic {address.topic}"
    frame = records.to_frame()
    kafkas = frame.select(*KAFKAS)
    fields = Table(name, frame.drop(kafkas.columns), parts=((name, len(frame)),))
    if learnt is not None:
        said = with_learnt(said, learnt, fields.frame.columns)
    table = typed(fields, said, verbatim=verbatim(said))
    # Kafka's key and timestamp are more reliable than a column that may be one.
    found = infer_roles(table.frame, said, by_values=False).roles
    frame, roles = table.frame, said
    for part, column in (("key", KAFKA_KEY), ("time", KAFKA_TIMESTAMP)):
        frame, roles = _with_kafkas(frame, found, roles, part, kafkas[column])
    table = dataclasses.replace(table, frame=frame)
    history = history_of(name, table, roles, places=kafkas[KAFKA_PLACE])
    if not records.unread:
        return history
    unread = records.unread.total()
    line = (
        f"{unread:,} of {unread + records.rows:,} records are unreadable and were left out: "
        f"{records.reasons()}"
    )
    return dataclasses.replace(history, warnings=(line, *history.warnings))


def _with_kafkas(
    frame: pl.DataFrame, found: Roles, said: Roles, part: str, own: pl.Series
) -> tuple[pl.DataFrame, Roles]:
    """Use Kafka's key or timestamp if no field has the role, or if a record lacks the field."""
    field = getattr(found, part)
    if part in said.absent or not own.count():
        return frame, said
    if field is None:
        return frame.with_columns(own), replace(said, **{part: own.name})
    if field in frame.columns and frame[field].null_count():
        filled = _alike(own, frame.schema[field])
        frame = frame.with_columns(frame[field].fill_null(filled))
    return frame, said


def _alike(own: pl.Series, dtype: pl.DataType) -> pl.Series:
    if not own.dtype.is_float() or dtype.is_numeric():
        return own.cast(dtype)
    moments = pl.from_epoch((own * 1e6).cast(pl.Int64), "us")
    return moments.dt.strftime("%FT%T%.fZ") if dtype == pl.String else moments.cast(dtype)
