"""The log of alerts as far as it is retained: read for previews of silences."""

import asyncio

from aiokafka import TopicPartition
from aiokafka.structs import ConsumerRecord

from anomaly_app.core.alerts.log import read_entry
from anomaly_app.core.alerts.policy import Policy
from anomaly_app.core.alerts.preview import Logged, Preview, preview
from anomaly_app.core.alerts.silence import Silence
from anomaly_app.core.times import seconds_of
from anomaly_app.errors import ForeignEvents
from anomaly_app.kafka import broker_errors, open_consumer, read_ranges, watermarks
from anomaly_app.settings import Settings

MOST_ENTRIES = 50_000
"""The latest entries that are replayed: some seconds of CPU."""

ANSWER_TIMEOUT = 10.0
"""Seconds without an answer of the broker."""


async def preview_of(silence: Silence, policy: Policy, settings: Settings) -> Preview:
    """Say what a silence would have hidden of what the log retains.

    Raises
    ------
    BrokerError
        The broker does not answer.
    """
    entries = await read_log(settings)
    # In a thread: it takes seconds of a busy week.
    return await asyncio.to_thread(preview, entries, silence, policy)


async def read_log(settings: Settings, most: int = MOST_ENTRIES) -> list[Logged]:
    """Read the latest entries of the log, in their order; what is none is left out.

    Raises
    ------
    BrokerError
        The broker does not answer.
    """
    log = TopicPartition(settings.alerts_topic_name, 0)
    found = []
    with broker_errors(f"reading {log.topic}"):
        async with open_consumer(settings) as consumer:
            begin, end = (await watermarks(consumer, [log]))[log]
            ranges = {log: (max(begin, end - most), end)}
            async for fetched in read_ranges(consumer, ranges, answer_timeout=ANSWER_TIMEOUT):
                found += fetched.records
    return [entry for record in found if (entry := _entry(record)) is not None]


def _entry(record: ConsumerRecord) -> Logged | None:
    where = f"{record.topic} partition {record.partition} offset {record.offset}"
    try:
        entry = read_entry(record.value, where)
    except ForeignEvents:
        return None
    return Logged(record.offset, seconds_of(record.timestamp or 0) or 0.0, entry)
