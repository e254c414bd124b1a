"""Avro becomes JSON by the schema that wrote it, whatever the bytes are."""

import itertools
import json
import math
import struct
import time
from datetime import UTC, date, datetime
from datetime import time as clock_time
from decimal import Decimal
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.core.times import parse_time
from anomaly_app.errors import RecordRejected, SchemaUnreadable
from anomaly_app.schemas.avro import avro_reader
from anomaly_app.schemas.registry import _blaming
from tests.support.avro import long, read, record_of, written

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
UUID_OF_ALL = "c0c4d9a4-6c1b-4c3f-9b38-6a4c2b2f3d11"


def logical(kind: str, meaning: str, **more: Any) -> dict[str, Any]:
    return {"type": kind, "logicalType": meaning, **more}


ENUM = {"type": "enum", "name": "E", "symbols": ["CASH", "CARD"]}
FIXED = {"type": "fixed", "name": "F", "size": 2}


@pytest.mark.parametrize(
    ("schema", "value", "expected"),
    [
        ("null", None, None),
        ("boolean", True, True),
        ("long", -(2**63), -(2**63)),
        ("float", 0.5, 0.5),
        ("double", math.nan, None),
        ("double", -math.inf, None),
        ("string", 'ü "', 'ü "'),
        ("bytes", b"\xff\x00", "/wA="),
        (FIXED, b"ab", "YWI="),
        (ENUM, "CARD", "CARD"),
        (["null", "string", "long"], 7, 7),
        ({"type": "array", "items": ["null", "long"]}, [1, None], [1, None]),
        ({"type": "map", "values": "double"}, {"a": 1.5}, {"a": 1.5}),
        (record_of("long", record_of("string", name="I")), {"f0": 1, "f1": {"f0": "x"}}, None),
        (logical("bytes", "decimal", precision=9, scale=2), Decimal("-12.30"), -12.3),
        (logical("fixed", "decimal", name="D", size=8, precision=9, scale=3), Decimal("1.5"), 1.5),
        (logical("int", "date"), date(2026, 1, 5), "2026-01-05"),
        (logical("int", "time-millis"), clock_time(10, 0, 0, 5000), "10:00:00.005000"),
        (logical("long", "time-micros"), clock_time(10, 0, 0, 5), "10:00:00.000005"),
        (logical("long", "timestamp-millis"), NOON, "2026-01-01T12:00:00Z"),
        (logical("long", "timestamp-micros"), NOON, "2026-01-01T12:00:00Z"),
        (logical("string", "uuid"), UUID(UUID_OF_ALL), UUID_OF_ALL),
        (logical("fixed", "uuid", name="U", size=16), UUID(UUID_OF_ALL).bytes, UUID_OF_ALL),
        (logical("long", "of-tomorrow"), 5, 5),
    ],
    ids=lambda value: str(value)[:40],
)
def test_each_type_has_its_way_into_json(schema: Any, value: Any, expected: Any) -> None:
    found = read(schema, written(schema, value))
    assert found == (value if expected is None and isinstance(value, dict) else expected)


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("timestamp-millis", 1_767_268_800_123),
        ("timestamp-micros", 1_767_268_800_123_000),
        ("timestamp-nanos", 1_767_268_800_123_000_000),
    ],
)
def test_a_timestamp_of_any_unit_is_a_time_that_the_decoder_reads(name: str, count: int) -> None:
    found = read(logical("long", name), long(count))
    assert parse_time(found) == pytest.approx(1_767_268_800.123)
    local = read(logical("long", f"local-{name}"), long(count))
    assert f"{local}Z" == found


@pytest.mark.parametrize(
    ("kind", "name", "count"),
    [
        ("long", "timestamp-millis", 2**63 - 1),
        ("long", "local-timestamp-micros", -(2**63)),
        ("int", "date", 2**31 - 1),
        ("int", "time-millis", -1),
        ("long", "time-micros", 86_400_000_000),
    ],
)
def test_a_number_that_is_no_time_stays_a_number(kind: str, name: str, count: int) -> None:
    assert read(logical(kind, name), long(count)) == count


def test_a_decimal_keeps_all_its_digits() -> None:
    schema = json.dumps(logical("bytes", "decimal", precision=38, scale=2))
    body = written(json.loads(schema), Decimal("123456789012345678901234567890.12"))
    assert avro_reader(schema, {})(body) == b"123456789012345678901234567890.12"


def test_types_of_references_are_found_from_anywhere() -> None:
    money = record_of("long", name="shop.Money")
    payment = record_of("shop.Money", name="shop.Payment")
    parsed = {**payment, "fields": [{"name": "f0", "type": money}]}
    body = written(parsed, {"f0": {"f0": 7}})
    assert read(payment, body, money=money) == {"f0": {"f0": 7}}
    # A topic of several kinds of events is a union of nothing but references.
    both = ["shop.Money", "shop.Payment"]
    assert read(both, long(1) + body, money=money, payment=payment) == {"f0": {"f0": 7}}
    assert read("shop.Money", long(7), money=money) == {"f0": 7}


LINKED = {
    "type": "record",
    "name": "Linked",
    "fields": [{"name": "next", "type": ["null", "Linked"]}],
}


def test_a_schema_may_refer_to_itself_and_depth_is_bounded() -> None:
    assert read(LINKED, long(1) * 2 + long(0)) == {"next": {"next": {"next": None}}}
    with pytest.raises(RecursionError):
        read(LINKED, long(1) * 1_000_000 + long(0))


ITEM = record_of("boolean", name="Item")


@pytest.mark.parametrize(
    ("schema", "body"),
    [
        ("string", long(2**60) + b"abc"),
        ("bytes", long(-5) + b"abc"),
        ("string", long(2) + b"\xff\xff"),
        ({"type": "array", "items": ITEM}, long(2**60) + b"\1"),
        ({"type": "array", "items": ITEM}, long(-(2**63)) + b"\1"),
        ({"type": "map", "values": "null"}, long(2**60) + long(1) + b"a"),
        ({"type": "fixed", "name": "F", "size": 2**40}, b"abc"),
        (ENUM, long(7)),
        (["null", "long"], long(7)),
        (logical("bytes", "decimal", precision=9, scale=2), long(10**6) + b"\x7f" * 10**6),
        ("long", long(1) + b"left over"),
        ("long", b""),
        ("double", b"\1\2\3"),
        (ITEM, b""),
    ],
    ids=str,
)
def test_hostile_bytes_are_refused_at_once(schema: Any, body: bytes) -> None:
    begin = time.process_time()
    with pytest.raises((ValueError, EOFError, IndexError, struct.error)):
        read(schema, body)
    assert time.process_time() - begin < 1.0


EMPTY = record_of("null", record_of(name="Inner"), name="Empty")


@pytest.mark.parametrize(
    "items", ["null", EMPTY, {"type": "fixed", "name": "F", "size": 0}, record_of(EMPTY)], ids=str
)
def test_an_array_of_items_without_bytes_could_have_any_length_and_is_refused(items: Any) -> None:
    with pytest.raises(SchemaUnreadable, match="items that take no bytes"):
        read(record_of({"type": "array", "items": items}, name="Outer"), long(2**60))


def test_a_schema_of_too_many_levels_is_refused() -> None:
    schema: Any = "long"
    for _ in range(200):
        schema = {"type": "array", "items": schema}
    with pytest.raises(SchemaUnreadable, match="levels"):
        avro_reader(json.dumps(schema), {})


@pytest.mark.parametrize("text", ["", "[", "{}", "17", '"unheard.Of"', '{"type": 7}'])
def test_what_is_no_schema_is_refused_when_it_is_learnt(text: str) -> None:
    with pytest.raises(Exception, match="."):
        avro_reader(text, {})


def test_a_default_that_does_not_fit_is_nothing_to_a_reader() -> None:
    # Java's library wrote such schemas for years.
    schema = {**ITEM, "fields": [{"name": "f0", "type": "long", "default": None}]}
    assert read(schema, long(7)) == {"f0": 7}


finite = st.floats(allow_nan=False, allow_infinity=False)
LEAVES: list[tuple[Any, st.SearchStrategy[tuple[Any, Any]]]] = [
    ("null", st.just((None, None))),
    ("boolean", st.booleans().map(lambda x: (x, x))),
    ("int", st.integers(-(2**31), 2**31 - 1).map(lambda x: (x, x))),
    ("long", st.integers(-(2**63), 2**63 - 1).map(lambda x: (x, x))),
    ("float", st.floats(width=32, allow_nan=False, allow_infinity=False).map(lambda x: (x, x))),
    ("double", finite.map(lambda x: (x, x))),
    ("double", st.sampled_from([(math.nan, None), (math.inf, None)])),
    ("string", st.text().map(lambda x: (x, x))),
    (
        logical("long", "timestamp-micros"),
        st.datetimes(datetime(1, 1, 2), datetime(9999, 12, 30)).map(  # noqa: DTZ001
            lambda x: (x.replace(tzinfo=UTC), x.isoformat() + "Z")
        ),
    ),
    (logical("int", "date"), st.dates().map(lambda x: (x, x.isoformat()))),
    (
        logical("bytes", "decimal", precision=20, scale=4),
        st.integers(-(10**14), 10**14).map(lambda x: (Decimal(x).scaleb(-4), x / 10_000)),
    ),
]


NUMBERS = itertools.count()
"""For names: no two types of a schema may have the same."""


@st.composite
def schemas(draw: st.DrawFn, depth: int = 3) -> tuple[Any, st.SearchStrategy[tuple[Any, Any]]]:
    """Give a schema, and the values that it has with what JSON shall have of them."""
    kind = draw(st.sampled_from(["leaf", "leaf", "record", "array", "map", "union"]))
    if depth == 0 or kind == "leaf":
        leaf: tuple[Any, st.SearchStrategy[tuple[Any, Any]]] = draw(st.sampled_from(LEAVES))
        return leaf
    if kind == "record":
        parts = draw(st.lists(schemas(depth - 1), max_size=4))
        name = f"R{next(NUMBERS)}"
        every = st.tuples(*(values for _, values in parts))
        return record_of(*(schema for schema, _ in parts), name=name), every.map(_as_record)
    schema, values = draw(schemas(depth - 1))
    if kind == "array":
        item = ["null", schema] if not isinstance(schema, list) and schema != "null" else "long"
        items = values if item != "long" else st.integers(0, 9).map(lambda x: (x, x))
        lists = st.lists(items, max_size=4)
        return {"type": "array", "items": item}, lists.map(
            lambda pairs: ([one for one, _ in pairs], [json for _, json in pairs])
        )
    if kind == "map":
        return {"type": "map", "values": schema}, st.dictionaries(st.text(), values).map(
            lambda held: (
                {key: one for key, (one, _) in held.items()},
                {key: json for key, (_, json) in held.items()},
            )
        )
    if isinstance(schema, list) or schema == "null":
        return schema, values
    return ["null", schema], st.one_of(values, st.just((None, None)))


def _as_record(pairs: tuple[tuple[Any, Any], ...]) -> tuple[Any, Any]:
    return (
        {f"f{place}": one for place, (one, _) in enumerate(pairs)},
        {f"f{place}": json for place, (_, json) in enumerate(pairs)},
    )


@given(st.data())
def test_what_fastavro_writes_is_read_back(data: st.DataObject) -> None:
    schema, values = data.draw(schemas())
    value, expected = data.draw(values)
    assert read(schema, written(schema, value)) == expected


@given(st.data(), st.binary(max_size=60))
def test_any_bytes_are_read_or_refused_and_do_no_harm(data: st.DataObject, body: bytes) -> None:
    schema, _ = data.draw(schemas())
    reader = _blaming(avro_reader(json.dumps(schema), {}), "Avro schema 17")
    try:
        found = reader(body)
    except RecordRejected as error:
        refused = str(error)
        assert refused.startswith("schema-mismatch: the value does not fit Avro schema 17: ")
    else:
        json.loads(found)
