"""The dead letter message: the record's own key and bytes, and headers with the reason."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Self

from anomaly_app.core.decoding.decoded import Rejected
from anomaly_app.core.scoring.verdict import Message
from anomaly_app.errors import RecordRejected, Rejection

MOST_DIGITS = 19
"""Maximum digits of a partition or an offset, which have at most 64 bits in Kafka."""


class DeadLetterHeaders(NamedTuple):
    """The Kafka headers of a dead letter; `HEADER_NAMES` has their names."""

    error: str
    """The value of a `Rejection`, a colon, and what was found."""
    topic: str
    """Source of the rejected record, together with partition and offset."""
    partition: int
    offset: int

    def write(self) -> dict[str, bytes]:
        """Encode as Kafka headers; their values are UTF-8."""
        return {
            header: str(value).encode(errors="backslashreplace")
            for header, value in zip(HEADER_NAMES.values(), self, strict=True)
        }

    @classmethod
    def read(cls, headers: Mapping[str, str]) -> Self:
        """Decode from Kafka headers; other headers are ignored.

        Raises
        ------
        KeyError
            One is missing.
        ValueError
            The partition or the offset is not a number.
        """
        error, topic, partition, offset = (headers[name] for name in HEADER_NAMES.values())
        return cls(error, topic, whole_number(partition), whole_number(offset))


HEADER_NAMES = dict(
    zip(
        DeadLetterHeaders._fields,
        ("error", "source-topic", "source-partition", "source-offset"),
        strict=True,
    )
)
"""Names of the Kafka headers, by the fields of `DeadLetterHeaders`."""


def write_dead_letter(rejected: Rejected) -> tuple[Rejected, Message]:
    """Convert a rejected record to a dead letter, whatever the text of its error.

    Returns
    -------
    tuple
        The rejection as reported in the letter, and the letter. If the text cannot be encoded, the
        rejection is `unscorable`, with the type of the exception.
    """
    try:
        return rejected, _write(rejected)
    except Exception as fault:  # noqa: BLE001  # one record's text must not stop the others
        name = type(fault).__name__
        error = RecordRejected(Rejection.UNSCORABLE, name)
        error.__cause__ = fault
        bare = Rejected(rejected.record, error)
        return bare, _write(bare)


def header_texts(headers: Iterable[tuple[str, bytes | None]]) -> dict[str, str]:
    """Decode Kafka headers to a dict by name; the last of several with the same name wins."""
    return {name: (value or b"").decode(errors="backslashreplace") for name, value in headers}


def whole_number(digits: str) -> int:
    """Parse a partition or an offset.

    Raises
    ------
    ValueError
        It is not only ASCII digits.
    """
    # `int` also accepts signs, spaces, underscores and the digits of all scripts.
    if not (digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS):
        raise ValueError(f"{digits[:40]!r} is not a number")
    return int(digits)


def _write(rejected: Rejected) -> Message:
    record = rejected.record
    headers = DeadLetterHeaders(
        str(rejected.error), record.topic, record.partition, record.offset
    ).write()
    # aiokafka refuses a message with neither key nor value.
    value = (record.value or b"") if record.key is None else record.value
    return Message(record.key, value, headers)
