"""Records of a topic as a table of history."""

import json
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.core.roles.roles import Roles
from anomaly_app.errors import DataError
from tests.support.factories import NOON, record
from training.history import record_table
from training.history.record_table import KAFKA_KEY, KAFKA_PLACE, KAFKA_TIMESTAMP, RecordTable
from training.history.topic import TopicAddress, topic_history

ADDRESS = TopicAddress("kafka://host:9092", "payments")


def table_of(*values: object, roles: str = "", payload: str | None = None) -> RecordTable:
    table = RecordTable(Roles.parse(roles), max_bytes=1_000, payload=payload)
    table.add(
        record(value if isinstance(value, bytes | None) else json.dumps(value).encode(), offset=i)
        for i, value in enumerate(values)
    )
    return table


def columns_of(*values: object, roles: str = "", payload: str | None = None) -> Sequence[str]:
    frame = table_of(*values, roles=roles, payload=payload).to_frame()
    return [name for name in frame.columns if not name.startswith("kafka_")]


ROW = {"amt": 12.5, "shop": "books"}


@pytest.mark.parametrize(
    ("value", "payload", "columns"),
    [
        (ROW, None, ["amt", "shop"]),
        ({"cust": "a", **ROW}, None, ["cust", "amt", "shop"]),
        ({"id": 7, "entity": "a", "features": ROW}, None, ["id", "entity", "amt", "shop"]),
        (
            {"features": ROW, "Is Fraud": 1, "event_time": 5, "other": 3},
            None,
            ["Is Fraud", "event_time", "amt", "shop"],
        ),
        ({"id": 7, "features": [1.5, "x"]}, None, ["id", "f0", "f1"]),
        ({"id": 7, "data": [[0.1, 2.3]]}, None, ["id", "f0", "f1"]),
        (
            {"shop": {"name": "x", "at": {"lat": 1.0}}, "tags": [1]},
            None,
            ["shop.name", "shop.at.lat"],
        ),
        ({"op": "c", "before": None, "after": ROW, "ts_ms": 1}, None, ["amt", "shop"]),
        ({"schema": {}, "payload": {"op": "u", "after": ROW}}, None, ["amt", "shop"]),
        ({"op": "c", "after": ROW}, "plain", ["op", "after.amt", "after.shop"]),
        ({"op": "c", "after": 5}, None, ["op", "after"]),
        ({"detail": {"body": ROW}, "source": "x"}, "detail.body", ["amt", "shop"]),
        ({"detail": ROW, "time": "2026-01-05", "x": 1}, "detail", ["time", "amt", "shop"]),
    ],
)
def test_records_of_every_shape_become_columns(
    value: object, payload: str | None, columns: Sequence[str]
) -> None:
    assert columns_of(value, payload=payload) == columns


def test_five_bytes_of_a_schema_registry_stand_in_no_ones_way() -> None:
    assert columns_of(b"\0\0\0\0\7" + json.dumps(ROW).encode()) == ["amt", "shop"]


def test_what_cannot_be_read_is_counted_by_reason() -> None:
    table = table_of(
        ROW,
        None,
        b'{"amt": 1',
        b"\xff\xfe",
        [1, 2],
        {},
        {"op": "d", "after": None},
        {"note": "x" * 2_000},
    )
    assert table.rows == 1
    assert dict(table.unread) == {
        "null-value": 2,
        "not-json": 2,
        "not-an-object": 1,
        "no-features": 1,
        "too-large": 1,
    }
    assert table.reasons().startswith("2 null-value")


def test_columns_of_mixed_kinds_are_texts_and_missing_fields_are_missing() -> None:
    frame = table_of({"a": 1}, {"a": "1.5"}, {"b": True}, {"b": 2.5, "c": 10**30}).to_frame()
    assert frame["a"].to_list() == ["1", "1.5", None, None]
    assert frame["b"].to_list() == [None, None, 1.0, 2.5]
    assert frame["c"].to_list() == [None, None, None, 1e30]


def test_batches_of_different_kinds_are_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(record_table, "BATCH", 1)
    frame = table_of({"a": 1, "b": True}, {"a": "x"}, {"b": 2.5}).to_frame()
    assert frame["a"].to_list() == ["1", "x", None]
    assert frame["b"].to_list()[1:] == [None, 2.5]
    assert frame.columns[-3:] == [KAFKA_KEY, KAFKA_TIMESTAMP, KAFKA_PLACE]


def test_a_topic_of_ever_new_names_does_not_grow_without_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(record_table, "BATCH", 10)
    monkeypatch.setattr(record_table, "MAX_FIELDS", 40)
    frame = table_of(*({f"name{i}": i} for i in range(500))).to_frame()
    assert len(frame) == 500
    assert frame.width < 60


def test_kafka_has_key_and_time_where_no_field_does() -> None:
    history = topic_history(ADDRESS, table_of(ROW, ROW), Roles())
    assert (history.roles.key, history.roles.time) == (KAFKA_KEY, KAFKA_TIMESTAMP)
    assert history.entities is not None
    assert list(history.entities) == ["card-1", "card-1"]
    assert history.times is not None
    assert history.times.tolist() == [NOON, NOON]
    assert history.frame.columns == ["amt", "shop"]
    assert history.source == "topic payments"


@pytest.mark.parametrize(
    "said", ["2026-01-05T10:00:00Z", 1_767_607_200, 1_767_607_200_000, 1_767_607_200.0]
)
def test_a_record_without_the_field_has_kafkas_time(said: object) -> None:
    history = topic_history(ADDRESS, table_of({"ts": said, **ROW}, ROW), Roles())
    assert history.roles.time == "ts"
    assert history.times is not None
    assert sorted(history.times.tolist()) == sorted([1_767_607_200.0, NOON])


def test_what_is_said_not_to_be_there_is_not_taken_from_kafka() -> None:
    roles = Roles.parse("key=none time=none")
    history = topic_history(ADDRESS, table_of(ROW, ROW), roles)
    assert history.entities is None
    assert history.times is None
    assert history.frame.columns == ["amt", "shop"]


def test_a_field_that_was_named_and_is_in_no_record_is_told() -> None:
    with pytest.raises(DataError, match="'card'"):
        topic_history(ADDRESS, table_of(ROW), Roles.parse("key=card"))


def test_records_left_out_are_one_line() -> None:
    history = topic_history(ADDRESS, table_of(ROW, ROW, None), Roles())
    assert history.warnings == ("1 of 3 records are unreadable and were left out: 1 null-value",)


@pytest.mark.parametrize(
    ("words", "broker", "topic"),
    [
        ("kafka://host:9092/payments", "kafka://host:9092", "payments"),
        ("kafka://a:1,b:2/x.y-z", "kafka://a:1,b:2", "x.y-z"),
    ],
)
def test_an_address_names_broker_and_topic(words: str, broker: str, topic: str) -> None:
    assert TopicAddress.parse(words) == (broker, topic)
    assert str(TopicAddress.parse(words)) == words


@pytest.mark.parametrize("words", ["kafka://host:9092", "kafka://host:9092/", "kafka:///x", "x"])
def test_what_is_no_address_is_told(words: str) -> None:
    with pytest.raises(DataError, match="kafka://HOST:PORT/TOPIC"):
        TopicAddress.parse(words)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(["a", "features", "data", "op", "after", "payload"]), inner
        )
    ),
    max_leaves=8,
)


@given(st.lists(st.none() | st.binary(max_size=30) | json_values, max_size=6))
def test_whatever_a_topic_holds_is_a_row_or_counted(values: list[object]) -> None:
    table = table_of(*values)
    assert table.rows + table.unread.total() == len(values)
    if table.rows:
        assert len(table.to_frame()) == table.rows
