"""A dead letter as it travels: the record's own key and bytes, and headers that say why."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple, Self

from anomaly_app.core.decoding.decoded import Rejected
from anomaly_app.core.scoring.verdict import Message
from anomaly_app.errors import RecordRejected, Rejection

MOST_DIGITS = 19
"""Of a partition or an offset: Kafka's are of 64 bits at most."""


class DeadLetterHeaders(NamedTuple):
    """What of a dead letter travels as Kafka headers; `HEADER_NAMES` has their names."""

    error: str
    """A word that names the class of the fault, a colon, and what was found."""
    topic: str
    """Of the rejected record, as are partition and offset."""
    partition: int
    offset: int

    def write(self) -> dict[str, bytes]:
        """Write the Kafka headers; their values are UTF-8."""
        return {
            header: str(value).encode(errors="backslashreplace")
            for header, value in zip(HEADER_NAMES.values(), self, strict=True)
        }

    @classmethod
    def read(cls, headers: Mapping[str, str]) -> Self:
        """Read Kafka headers; others may be among them.

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
    """Write a rejected record as a dead letter, whatever its error's words hold.

    Returns
    -------
    tuple
        The rejection that the letter tells of, and the letter. Where the words themselves cannot
        be written it is `unscorable`, with the type of what was raised.
    """
    try:
        return rejected, _write(rejected)
    except Exception as fault:  # noqa: BLE001  # no record's words may stop the others
        name = type(fault).__name__
        error = RecordRejected(Rejection.UNSCORABLE, name)
        error.__cause__ = fault
        bare = Rejected(rejected.record, error)
        return bare, _write(bare)


def header_texts(headers: Iterable[tuple[str, bytes | None]]) -> dict[str, str]:
    """Decode Kafka headers by their names; of several with one name, the last counts."""
    return {name: (value or b"").decode(errors="backslashreplace") for name, value in headers}


def whole_number(digits: str) -> int:
    """Read a partition or an offset.

    Raises
    ------
    ValueError
        It is anything but ASCII digits.
    """
    # `int` takes signs, spaces, underscores and the digits of all scripts as well.
    if not (digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS):
        raise ValueError(f"{digits[:40]!r} is not a number")
    return int(digits)


def _write(rejected: Rejected) -> Message:
    record = rejected.record
    headers = DeadLetterHeaders(
        str(rejected.error), record.topic, record.partition, record.offset
    ).write()
    # aiokafka refuses a message that has neither key nor value.
    value = (record.value or b"") if record.key is None else record.value
    return Message(record.key, value, headers)
