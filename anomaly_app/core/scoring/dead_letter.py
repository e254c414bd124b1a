"""A dead letter as it travels: the record's own key and bytes, and headers that say why."""

from anomaly_app.core.decoding.decoded import Rejected
from anomaly_app.core.scoring.verdict import Message
from anomaly_app.errors import RecordRejected, Rejection

HEADERS = {
    "error": "error",
    "topic": "source-topic",
    "partition": "source-partition",
    "offset": "source-offset",
}
"""What of a dead letter travels as Kafka headers, and the headers' names."""


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


def _write(rejected: Rejected) -> Message:
    record = rejected.record
    headers = write_headers(str(rejected.error), record.topic, record.partition, record.offset)
    # aiokafka refuses a message that has neither key nor value.
    value = (record.value or b"") if record.key is None else record.value
    return Message(record.key, value, headers)


def write_headers(error: str, topic: str, partition: int, offset: int) -> dict[str, bytes]:
    """Write the Kafka headers of a dead letter; their values are UTF-8.

    Parameters
    ----------
    error
        A word that names the class of the fault, a colon, and what was found.
    topic, partition, offset
        Where the record stands in Kafka.
    """
    values = (error, topic, str(partition), str(offset))
    return {
        header: value.encode(errors="backslashreplace")
        for header, value in zip(HEADERS.values(), values, strict=True)
    }
