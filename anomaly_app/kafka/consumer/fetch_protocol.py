"""Kafka's fetch request and response, written and read in one pass.

aiokafka writes and reads messages field by field, with more than a hundred Python calls per
partition. For the one pair of messages that is exchanged for every batch, this takes a few calls.
It covers the version that aiokafka uses with all brokers since Kafka 2.3; for older brokers,
aiokafka's own code is used.
"""

from io import BytesIO
from struct import Struct
from struct import error as StructError  # noqa: N812
from typing import Any, Self

from aiokafka.protocol.fetch import FetchRequest, FetchRequest_v11, FetchResponse_v11

REQUEST = Struct(">iiiibii")
"""replica_id, max_wait_ms, min_bytes, max_bytes, isolation_level, session_id, session_epoch"""

ASKED = Struct(">iiqqi")
"""partition, current_leader_epoch, fetch_offset, log_start_offset, max_bytes"""

RESPONSE = Struct(">ihii")
"""throttle_time_ms, error_code, session_id, and how many topics follow"""

ANSWERED = Struct(">ihqqqi")
"""partition, error_code, high_watermark, last_stable_offset, log_start_offset, and how many
aborted transactions follow"""

ABORTED = Struct(">qq")
"""producer_id, first_offset"""

RECORDS = Struct(">ii")
"""preferred_read_replica, and how many bytes of records follow"""

COUNT = Struct(">i")
LENGTH = Struct(">h")


class CompactResponse(FetchResponse_v11):  # type: ignore[misc]
    """aiokafka's response, read in one pass."""

    @classmethod
    def decode(cls, data: BytesIO | bytes) -> Self:
        """Read a response.

        Raises
        ------
        ValueError
            The bytes are truncated.
        """
        answer = data if isinstance(data, bytes) else data.read()
        try:
            *head, count = RESPONSE.unpack_from(answer)
            at, topics = RESPONSE.size, []
            for _ in range(count):
                at, topic = _read_topic(answer, at)
                topics.append(topic)
        except StructError as fault:
            raise ValueError(f"the answer to a fetch ends too soon: {fault}") from None
        return cls(*head, topics)


class CompactStruct(FetchRequest_v11):  # type: ignore[misc]
    """aiokafka's request, written in one pass."""

    RESPONSE_TYPE = CompactResponse

    def encode(self) -> bytes:
        """Write the request, without a session and without forgotten topics."""
        fixed = (self.replica_id, self.max_wait_time, self.min_bytes, self.max_bytes)
        parts = [
            REQUEST.pack(*fixed, self.isolation_level, self.session_id, self.session_epoch),
            COUNT.pack(len(self.topics)),
        ]
        for topic, partitions in self.topics:
            parts += (_string(topic), COUNT.pack(len(partitions)))
            parts += [ASKED.pack(*asked) for asked in partitions]
        parts += (COUNT.pack(0), _string(self.rack_id))
        return b"".join(parts)


class CompactRequest(FetchRequest):  # type: ignore[misc]
    """Builds a request in the version that the broker supports."""

    @classmethod
    def of(cls, request: FetchRequest) -> Self:
        """Copy another request."""
        same = cls.__new__(cls)
        same.__dict__.update(request.__dict__)
        return same

    def build(self, request_struct_class: type[Any]) -> Any:
        """Build the request in a version."""
        compact = request_struct_class is FetchRequest_v11
        return super().build(CompactStruct if compact else request_struct_class)


def _read_topic(answer: bytes, at: int) -> tuple[int, tuple[str, list[tuple[Any, ...]]]]:
    (length,) = LENGTH.unpack_from(answer, at)
    at += LENGTH.size
    topic = answer[at : at + length].decode()
    at += length
    (count,) = COUNT.unpack_from(answer, at)
    at += COUNT.size
    partitions = []
    for _ in range(count):
        *head, transactions = ANSWERED.unpack_from(answer, at)
        at += ANSWERED.size
        # Null unless the request was for committed records only.
        aborted = (
            None
            if transactions < 0
            else [ABORTED.unpack_from(answer, at + n * ABORTED.size) for n in range(transactions)]
        )
        at += max(transactions, 0) * ABORTED.size
        replica, size = RECORDS.unpack_from(answer, at)
        at += RECORDS.size
        records = None if size < 0 else answer[at : at + size]
        if records is not None and len(records) < size:
            raise StructError(f"{size} bytes of records announced, {len(records)} found")
        at += max(size, 0)
        partitions.append((*head, aborted, replica, records))
    return at, (topic, partitions)


def _string(text: str) -> bytes:
    encoded = text.encode()
    return LENGTH.pack(len(encoded)) + encoded
