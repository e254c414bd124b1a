"""The store of one process: a database, and how messages get into it."""

import logging
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Self

from sqlalchemy import Engine

from anomaly_app.core.monitoring.throttle import Throttle
from anomaly_app.errors import (
    AnomalyUnreadable,
    FeedbackUnreadable,
    IncidentUnreadable,
    RowsRefused,
)
from anomaly_app.settings import Settings
from anomaly_app.store import schema
from anomaly_app.store.batch import Batch, Place, Step
from anomaly_app.store.digests import Digests, digests_of
from anomaly_app.store.engine import open_engine, reading, shown, writing
from anomaly_app.store.rows import Made, Message, Topics, rows_of
from anomaly_app.store.writing import positions_in, set_positions, write

logger = logging.getLogger(__name__)

BETWEEN_LINES = 60.0
"""Seconds between two log lines about messages that cannot be stored."""

UNREADABLE = (AnomalyUnreadable, FeedbackUnreadable, IncidentUnreadable)


@dataclass
class StoreCounts:
    """What was done since the start; each only grows."""

    written: Counter[str] = field(default_factory=Counter)
    """Rows that are new or were changed, by table."""
    unreadable: int = 0
    """Messages that are nothing that belongs on their topic."""
    refused: int = 0
    """Messages whose rows the database did not take."""
    cpu: float = 0.0
    """Seconds of this process's CPU, without that of the database."""


class Store:
    """A database and what goes into it. All methods but `close` block until it answers.

    Parameters
    ----------
    engine
        Of the database.
    topics
        What goes into it.
    group
        Whose feedback goes into it.
    digests
        Find what is erased; None: those without a key.
    clock
        Seconds of a monotonic clock.
    """

    def __init__(
        self,
        engine: Engine,
        topics: Topics,
        group: str,
        digests: Digests | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.engine = engine
        self.digests = digests or Digests()
        self.topics = topics
        self.group = group
        self.counts = StoreCounts()
        self._clock = clock
        self._throttle = Throttle(BETWEEN_LINES)

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Return the store of the settings.

        Raises
        ------
        SettingsError
            The address cannot be read.
        """
        password = settings.store_password
        secret = None if password is None else password.get_secret_value()
        engine = open_engine(settings.store, secret)
        return cls(engine, topics_of(settings), settings.group, digests_of(settings))

    @property
    def address(self) -> str:
        """The address without its password."""
        return shown(self.engine)

    def prepare(self) -> None:
        """Make the tables, or check that they are of this version; see `schema.prepare`."""
        schema.prepare(self.engine)

    def positions(self) -> dict[Place, int]:
        """Return the next offset of each partition.

        Raises
        ------
        StoreUnavailable
            The database does not answer.
        """
        with reading(self.engine) as connection:
            return positions_in(connection)

    def place(self, found: Mapping[Place, int]) -> None:
        """Set the next offsets of partitions.

        Raises
        ------
        StoreUnavailable
            The database does not answer.
        """
        with writing(self.engine) as connection:
            set_positions(connection, found)

    def take(self, messages: Sequence[Message], begins: Mapping[Place, int]) -> dict[Place, int]:
        """Write messages, and return the next offsets after them.

        What is no message of its topic, or cannot be written, is counted, logged and left out.

        Parameters
        ----------
        messages
            In the order of their partitions.
        begins
            The next offsets before them.

        Raises
        ------
        PositionsMoved
            The database has not got what was before these messages.
        StoreUnavailable
            The database does not answer; nothing or everything was written.
        """
        counts = StoreCounts()
        begun = time.thread_time()
        try:
            ends = self._take(messages, begins, counts)
        finally:
            self.counts.cpu += time.thread_time() - begun
        self.counts.written.update(counts.written)
        self.counts.unreadable += counts.unreadable
        self.counts.refused += counts.refused
        return ends

    def _take(
        self, messages: Sequence[Message], begins: Mapping[Place, int], counts: StoreCounts
    ) -> dict[Place, int]:
        made, unreadable = self._rows(messages)
        steps = steps_of(messages, begins)
        ends = {place: step.end for place, step in steps.items()}
        try:
            written = write(self.engine, Batch.of(made, steps), self.digests)
            counts.written.update(written)
            if written["erased"]:
                logger.info("what was to be erased is deleted from %s", self.address)
        except RowsRefused as fault:
            if len(messages) > 1:
                # One of them is to blame: it is found by halves.
                half = len(messages) // 2
                first = self._take(messages[:half], begins, counts)
                return ends | self._take(messages[half:], {**begins, **first}, counts)
            self._report(messages[0], fault)
            write(self.engine, Batch(steps=steps))
            counts.refused += 1
        counts.unreadable += unreadable
        return ends

    def _rows(self, messages: Sequence[Message]) -> tuple[list[Made], int]:
        made: list[Made] = []
        unreadable = 0
        for message in messages:
            try:
                made += rows_of(message, self.topics, self.group)
            except UNREADABLE as fault:
                unreadable += 1
                self._report(message, fault)
        return made, unreadable

    def _report(self, message: Message, fault: Exception) -> None:
        if count := self._throttle.count(self._clock()):
            logger.warning(
                "%s partition %d offset %d is not stored: %s; %d such %s since the last line",
                message.topic,
                message.partition,
                message.offset,
                fault,
                count,
                "message" if count == 1 else "messages",
            )

    def close(self) -> None:
        """Close the connections that nobody uses."""
        self.engine.dispose()


def topics_of(settings: Settings) -> Topics:
    """Return the topics that go into the store."""
    return Topics(settings.anomalies_topic, settings.feedback_topic, settings.incidents_topic_name)


def steps_of(messages: Sequence[Message], begins: Mapping[Place, int]) -> dict[Place, Step]:
    """Return how far messages bring their partitions."""
    steps: dict[Place, Step] = {}
    for message in messages:
        place = Place(message.topic, message.partition)
        begin = steps[place].begin if place in steps else begins[place]
        steps[place] = Step(begin, message.offset + 1)
    return steps
