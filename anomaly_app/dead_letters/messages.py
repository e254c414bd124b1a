"""Dead letters as they stand on their topic, and the marks of those that were replayed."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from aiokafka.structs import ConsumerRecord

from anomaly_app.core.scoring.dead_letter import HEADERS

MOST_DIGITS = 19
"""Of an offset: Kafka's are of 64 bits."""

REPLAYED = "replayed"
REPLAYED_TO = "replayed-to"
"""Headers of a mark: which record was replayed, and where it went."""

REPLAYED_FROM = "replayed-from"
"""Header of a record that was replayed: the topic and the place of its dead letter."""


class Place(NamedTuple):
    """Where a message stands on the dead letters' topic, written ``partition-offset``."""

    partition: int
    offset: int

    def __str__(self) -> str:
        return f"{self.partition}-{self.offset}"

    @classmethod
    def parse(cls, text: str) -> "Place":
        """Read ``partition-offset``, such as 3-1042.

        Raises
        ------
        ValueError
            The text is something else.
        """
        partition, _, offset = text.partition("-")
        return cls(_number(partition), _number(offset))


@dataclass(slots=True)
class Letter:
    """A dead letter; for the pipeline it is the record that was rejected.

    Parameters
    ----------
    place
        Where the letter itself stands.
    timestamp
        When it was written, in milliseconds since the epoch.
    error
        A word that names the class of the fault, a colon, and what was found.
    topic, partition, offset
        Where the rejected record stands.
    key, value
        The rejected record's.
    """

    place: Place
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


class Mark(NamedTuple):
    """Says that a record was replayed; it stands on the partition of its letter."""

    identity: str
    """Of the record; see `Letter.identity`."""
    sent_to: str
    """Where it went: ``topic-partition-offset``."""

    @property
    def headers(self) -> list[tuple[str, bytes]]:
        """Kafka headers; a mark has nothing else but the letter's key."""
        return [(REPLAYED, self.identity.encode()), (REPLAYED_TO, self.sent_to.encode())]


@dataclass(frozen=True)
class Selection:
    """Which letters are meant: those of the reasons *and* the places; none given means any."""

    reasons: frozenset[str] = frozenset()
    places: frozenset[Place] = frozenset()

    def __contains__(self, letter: Letter) -> bool:
        return (not self.reasons or letter.reason in self.reasons) and (
            not self.places or letter.place in self.places
        )


def read_message(message: ConsumerRecord) -> Letter | Mark | None:
    """Read a message of the dead letters' topic; None where it is neither letter nor mark.

    Anybody may have written anything to the topic: nothing raises.
    """
    headers = _texts(message.headers)
    try:
        if REPLAYED in headers:
            return Mark(headers[REPLAYED], headers.get(REPLAYED_TO, ""))
        return Letter(
            place=Place(message.partition, message.offset),
            timestamp=message.timestamp,
            error=headers[HEADERS["error"]],
            topic=headers[HEADERS["topic"]],
            partition=_number(headers[HEADERS["partition"]]),
            offset=_number(headers[HEADERS["offset"]]),
            key=message.key,
            value=message.value,
        )
    except (KeyError, ValueError):
        return None


def _texts(headers: Iterable[tuple[str, bytes | None]]) -> dict[str, str]:
    return {name: (value or b"").decode(errors="backslashreplace") for name, value in headers}


def _number(digits: str) -> int:
    # `int` takes signs, spaces, underscores and the digits of all scripts as well.
    if not (digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS):
        raise ValueError(f"{digits[:40]!r} is not a number")
    return int(digits)
