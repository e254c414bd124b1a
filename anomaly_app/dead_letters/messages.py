"""The messages of the dead-letter topic: dead letters, and markers of those that were replayed."""

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

from aiokafka.structs import ConsumerRecord

from anomaly_app.core.scoring.dead_letter import DeadLetterHeaders, header_texts, whole_number

REPLAYED = "replayed"
REPLAYED_TO = "replayed-to"
"""Headers of a marker: which record was replayed, and where it went."""

REPLAYED_FROM = "replayed-from"
"""Header of a replayed record: the topic and the position of its dead letter."""


class Position(NamedTuple):
    """The position of a message on the dead-letter topic, written ``partition-offset``."""

    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.partition}-{self.offset}"

    @classmethod
    def parse(cls, text: str) -> "Position":
        """Parse ``partition-offset``, such as 3-1042.

        Raises
        ------
        ValueError
            The text has another form.
        """
        partition, _, offset = text.partition("-")
        return cls(whole_number(partition), whole_number(offset))


@dataclass(slots=True)
class DeadLetter:
    """A dead letter; to the pipeline it looks like the rejected record.

    Parameters
    ----------
    position
        Position of the dead letter itself.
    timestamp
        When it was written, in milliseconds since the epoch.
    error
        The reason, a colon, and the details.
    topic, partition, offset
        Position of the rejected record.
    key, value
        Key and value of the rejected record.
    """

    position: Position
    timestamp: int | None
    error: str
    topic: str
    partition: int
    offset: int
    key: bytes | None
    value: bytes | None

    @property
    def reason(self) -> str:
        """The reason for the rejection, one of `Rejection`."""
        return self.error.partition(":")[0]

    @property
    def detail(self) -> str:
        """The details of the error."""
        return self.error.partition(":")[2].strip()

    @property
    def source(self) -> str:
        """Position of the rejected record: ``topic-partition-offset``."""
        return f"{self.topic}-{self.partition}-{self.offset}"

    @property
    def identity(self) -> str:
        """An identifier that all letters of one record share.

        A worker that crashed before it committed leads to a second letter for a record. The digest
        tells apart records at the same offset of a topic that was deleted and recreated.
        """
        return f"{self.source} {hashlib.sha256(self.value or b'').hexdigest()[:16]}"


class ReplayMarker(NamedTuple):
    """Marks a record as replayed; it is on the same partition as its dead letter."""

    identity: str
    """Identity of the record; see `DeadLetter.identity`."""
    sent_to: str
    """Where it went: ``topic-partition-offset``."""

    @property
    def headers(self) -> list[tuple[str, bytes]]:
        """Kafka headers; apart from them, a marker has only the letter's key."""
        return [(REPLAYED, self.identity.encode()), (REPLAYED_TO, self.sent_to.encode())]


@dataclass(frozen=True)
class Selection:
    """Selects letters by reason *and* position; an empty set selects all."""

    reasons: frozenset[str] = frozenset()
    positions: frozenset[Position] = frozenset()

    def __contains__(self, letter: DeadLetter) -> bool:
        return (not self.reasons or letter.reason in self.reasons) and (
            not self.positions or letter.position in self.positions
        )


def read_message(message: ConsumerRecord) -> DeadLetter | ReplayMarker | None:
    """Read a message of the dead-letter topic; None if it is neither a dead letter nor a marker.

    Anyone may have written anything to the topic, so this never raises.
    """
    headers = header_texts(message.headers)
    if REPLAYED in headers:
        return ReplayMarker(headers[REPLAYED], headers.get(REPLAYED_TO, ""))
    try:
        source = DeadLetterHeaders.read(headers)
    except (KeyError, ValueError):
        return None
    return DeadLetter(
        Position(message.partition, message.offset),
        message.timestamp,
        *source,
        key=message.key,
        value=message.value,
    )
