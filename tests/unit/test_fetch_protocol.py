"""Fetches: our bytes are aiokafka's, and of its bytes we read what it reads."""

from io import BytesIO

import pytest
from aiokafka.protocol.fetch import FetchRequest, FetchRequest_v11, FetchResponse_v11
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.kafka.consumer.fetch_protocol import CompactRequest, CompactResponse, CompactStruct

INT16 = st.integers(-(2**15), 2**15 - 1)
INT32 = st.integers(-(2**31), 2**31 - 1)
INT64 = st.integers(-(2**63), 2**63 - 1)
TOPIC = st.text(max_size=20)

ASKED = st.lists(st.tuples(TOPIC, st.lists(st.tuples(INT32, INT64, INT32), max_size=5)), max_size=3)

ANSWERED = st.tuples(
    INT32,
    INT16,
    INT64,
    INT64,
    INT64,
    st.none() | st.lists(st.tuples(INT64, INT64), max_size=3),
    INT32,
    st.none() | st.binary(max_size=40),
)


@given(INT32, INT32, INT32, st.integers(0, 1), ASKED, TOPIC)
def test_a_request_is_the_same_bytes(
    wait: int,
    least: int,
    most: int,
    isolation: int,
    asked: list[tuple[str, list[tuple[int, int, int]]]],
    rack: str,
) -> None:
    request = FetchRequest(wait, least, most, isolation, asked, rack)
    ours = CompactRequest.of(request)
    assert ours.topics == request.topics
    built = ours.prepare({1: (4, 17)})
    assert isinstance(built, CompactStruct)
    assert built.encode() == request.build(FetchRequest_v11).encode()


def test_an_older_broker_gets_the_request_of_its_version() -> None:
    request = FetchRequest(1, 1, 1, 1, [("transactions", [(0, 5, 100)])])
    ours = CompactRequest.of(request).prepare({1: (0, 7)})
    assert (ours.API_VERSION, ours.encode()) == (7, request.prepare({1: (0, 7)}).encode())


@given(INT32, INT16, INT32, st.lists(st.tuples(TOPIC, st.lists(ANSWERED, max_size=4)), max_size=3))
def test_an_answer_is_read_the_same(
    throttle: int, error: int, session: int, topics: list[tuple[str, list[tuple[object, ...]]]]
) -> None:
    answer = FetchResponse_v11(throttle, error, session, topics).encode()
    assert CompactResponse.decode(BytesIO(answer)) == FetchResponse_v11.decode(BytesIO(answer))


@given(
    st.lists(st.tuples(TOPIC, st.lists(ANSWERED, max_size=3)), min_size=1, max_size=2), st.data()
)
def test_an_answer_that_ends_too_soon_is_an_error(
    topics: list[tuple[str, list[tuple[object, ...]]]], data: st.DataObject
) -> None:
    answer = FetchResponse_v11(0, 0, 0, topics).encode()
    cut = data.draw(st.integers(0, len(answer) - 1))
    with pytest.raises(ValueError, match="ends too soon|end of data"):
        CompactResponse.decode(answer[:cut])
