"""`store verify`: the topics are read into another store, which is compared with this one."""

import time
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from aiokafka import TopicPartition

from anomaly_app.kafka import broker_errors, open_consumer, read_ranges, watermarks
from anomaly_app.settings import Settings
from anomaly_app.store.batch import Place
from anomaly_app.store.comparing import Compared, Read, Told, compare
from anomaly_app.store.engine import open_engine
from anomaly_app.store.retention import DAY
from anomaly_app.store.store import Store
from anomaly_app.store.tombstones import copy_erased

ANSWER_TIMEOUT = 20.0
"""Seconds without an answer of the broker."""

TABLES_OF = (("anomalies",), ("labels", "silences", "audit", "erased"), ("incidents", "members"))
"""The tables with the rows of each topic, in the order of `rows.Topics`."""


async def verify(settings: Settings, say: Callable[[str], None]) -> bool:
    """Compare the store with the topics, say what was found, and return whether all is well.

    Raises
    ------
    StoreError
        The database does not answer, or has no tables of this version.
    BrokerError
        The broker does not answer.
    """
    store = Store.of(settings)
    with TemporaryDirectory(prefix="anomaly-app-verify-") as folder:
        told = Store(
            open_engine(f"sqlite:///{Path(folder) / 'told.db'}"),
            *(store.topics, store.group, store.digests),
        )
        try:
            told.prepare()
            copy_erased(store.engine, told.engine)
            found, whole = await _compare(store, told, settings)
        finally:
            told.close()
            store.close()
    for one in found:
        say(one.line)
    if not whole:
        say(
            "verdicts, incidents of anomalies, and what was taken back are not compared: a topic "
            "does not have all of its messages any more, or something was written meanwhile"
        )
    return all(one.is_same for one in found)


async def _compare(store: Store, told: Store, settings: Settings) -> tuple[list[Compared], bool]:
    before = store.positions()
    read: dict[Place, Read] = {}
    with broker_errors("reading the topics"):
        async with open_consumer(settings) as consumer:
            partitions = [TopicPartition(*place) for place in sorted(before)]
            bounds = await watermarks(consumer, partitions)
            for place in sorted(before):
                partition = TopicPartition(*place)
                begin, end = bounds[partition][0], min(before[place], bounds[partition][1])
                read[place] = Read(begin, end)
                told.place({place: begin})
                begins = {place: begin}
                ranges = {partition: (begin, end)}
                async for chunk in read_ranges(consumer, ranges, answer_timeout=ANSWER_TIMEOUT):
                    if chunk.records:
                        begins |= told.take(chunk.records, begins)
    oldest = time.time() - settings.store_days * DAY if settings.store_days else 0.0
    of_table = {
        table: topic
        for topic, tables in zip(store.topics, TABLES_OF, strict=True)
        for table in tables
    }
    derived_from = {store.topics.incidents, store.topics.feedback}
    whole = store.positions() == before and not any(
        one.begin for place, one in read.items() if place.topic in derived_from
    )
    told_of = Told(told.engine, read, of_table, oldest, whole)
    return compare(store.engine, told_of), whole
