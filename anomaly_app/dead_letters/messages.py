"""Dead letters as they stand on their topic, and the markers of those that were replayed."""

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

from aiokafka.structs import ConsumerRecord

from anomaly_app.core.scoring.dead_letter import DeadLetterHeaders, header_texts, whole_number

REPLAYED = "replayed"
REPLAYED_TO = "replayed-to"
"""Headers of a marker: which record was replayed, and where it went."""

REPLAYED_FROM = "replayed-from"
"""Header of a record that was replayed: the topic and the position of its dead letter."""


class Position(NamedTuple):
    """The position of a message on the dead letters' topic, written ``partition-offset``."""

    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.partition}-{self.offset}"

    @classmethod
    def parse(cls, text: str) -> "Position":
        """Read ``partition-offset``, such as 3-1042.

        Raises
        ------
        ValueError
            The text is something else.
        """
        partition, _, offset = text.partition("-")
        return cls(whole_number(partition), whole_number(offset))


@dataclass(slots=True)
class DeadLetter:
    """A dead letter; for the pipeline it is the record that was rejected.

    Parameters
    ----------
    position
        Of the dead letter itself.
    timestamp
        When it was written, in milliseconds since the epoch.
    error
        A word that names the class of the fault, a colon, and what was found.
    topic, partition, offset
        Where the rejected record stands.
    key, value
        The rejected record's.
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
        """The word that names the class of the fault."""
        return self.error.partition(":")[0]

    @property
    def detail(self) -> str:
        """What was found."""
        return self.error.partition(":")[2].strip()

    @property
    def source(self) -> str:
        """Where the rejected record stands: ``topic-partition-offset``."""
        return f"{self.topic}-{self.partition}-{self.offset}"

    @property
    def identity(self) -> str:
        """The same for all letters of one record.

        A worker that died before it committed leaves a second letter behind. The digest tells
        records apart that stood at the same offset of a topic that was deleted and made anew.
        """
        return f"{self.source} {hashlib.sha256(self.value or b'').hexdigest()[:16]}"


class ReplayMarker(NamedTuple):
    """Says that a record was replayed; it is on the partition of its dead letter."""

    identity: str
    """Of the record; see `DeadLetter.identity`."""
    sent_to: str
    """Where it went: ``topic-partition-offset``."""

    @property
    def headers(self) -> list[tuple[str, bytes]]:
        """Kafka headers; a marker has nothing else but the letter's key."""
        return [(REPLAYED, self.identity.encode()), (REPLAYED_TO, self.sent_to.encode())]


@dataclass(frozen=True)
class Selection:
    """Which letters are meant: those of the reasons *and* the positions; none given means any."""

    reasons: frozenset[str] = frozenset()
    positions: frozenset[Position] = frozenset()

    def __contains__(self, letter: DeadLetter) -> bool:
        return (not self.reasons or letter.reason in self.reasons) and (
            not self.positions or letter.position in self.positions
        )


def read_message(message: ConsumerRecord) -> DeadLetter | ReplayMarker | None:
    """Read a message of the dead letters' topic; None where it is neither dead letter nor marker.

    Anybody may have written anything to the topic: nothing raises.
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
