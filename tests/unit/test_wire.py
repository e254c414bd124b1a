"""Records as other people's topics have them: by roles, in envelopes, with numbers in quotes."""

import json
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.core.decoding.decoded import Transaction
from anomaly_app.core.decoding.decoder import Decoder
from anomaly_app.core.json_reading import number_in
from anomaly_app.core.model.feature import Feature
from anomaly_app.core.model.schema import FeatureSchema
from anomaly_app.core.roles.roles import Roles
from anomaly_app.errors import DataError, RecordRejected, Rejection
from tests.support.factories import NOON, SCHEMA, record

ROLES = "key=customer_id time=timestamp id=tx"
ROW = {"customer_id": "c-1", "timestamp": NOON, "tx": 7, "amount": 12.5, "shop": "food"}
KAFKAS = 1_767_272_400.0
"""An hour after noon."""


def read(value: Any, words: str = "", schema: FeatureSchema = SCHEMA, **options: Any) -> Any:
    """Decode a record twice: on the slow path, and with the parser that this has chosen."""
    decoder = Decoder(schema, Roles.parse(words), max_bytes=1_000_000, **options)
    sent = record(
        value if isinstance(value, bytes) else json.dumps(value).encode(),
        timestamp=int(KAFKAS * 1000),
    )
    matrices = []
    for _ in range(2):
        decoded = decoder.decode([sent])
        for rejected in decoded.rejected:
            raise rejected.error
        matrices.append(decoded.matrix.tobytes())
    assert matrices[0] == matrices[1]
    return decoder.transaction(sent)._replace(json=b"")


def rejection(value: Any, words: str = "", **options: Any) -> str:
    with pytest.raises(RecordRejected) as caught:
        read(value, words, **options)
    return str(caught.value)


EXPECTED = Transaction(7, "c-1", NOON, (12.5, "food"), json=b"")


@pytest.mark.parametrize(
    "value",
    [
        ROW,
        {"id": 7, "entity": "c-1", "time": NOON, "features": {"amount": 12.5, "shop": "food"}},
        {"tx": 7, "customer_id": "c-1", "timestamp": NOON, "features": [12.5, "food"]},
        {"id": 7, "entity": "c-1", "data": [[12.5, "food"]], "current_time": NOON},
        {"op": "c", "before": None, "after": ROW, "ts_ms": 1},
        {"op": "u", "before": {"amount": 1.0}, "after": ROW},
        {"op": "r", "after": ROW},
        {"schema": {"type": "struct"}, "payload": {"op": "c", "after": ROW}},
        {"schema": {"type": "struct"}, "payload": ROW},
        b"\0\0\0\0\7" + json.dumps(ROW).encode(),
        {**ROW, "amount": "12.5"},
        {**ROW, "amount": " 12.50 ", "timestamp": str(NOON)},
        {**ROW, "timestamp": "2026-01-01 12:00:00"},
        {**ROW, "timestamp": "2026-01-01T13:00+01:00"},
        {**ROW, "timestamp": int(NOON * 1000)},
        {**ROW, "features": None, "data": "of another kind"},
    ],
)
def test_a_model_fitted_on_a_tables_columns_reads_its_rows_in_every_shape(value: Any) -> None:
    assert read(value, ROLES) == EXPECTED


@pytest.mark.parametrize(
    ("payload", "value"),
    [
        ("plain", ROW),
        ("debezium", {"op": "c", "after": ROW}),
        ("debezium", {"schema": {}, "payload": {"op": "u", "after": ROW}}),
        ("debezium", {"after": ROW}),
        ("detail", {"id": "event", "detail": ROW}),
        ("payload.after", {"payload": {"op": "d", "after": ROW}}),
        (
            "detail",
            {"detail": {"entity": "c-1", "id": 7, "features": [12.5, "food"]}, "time": NOON},
        ),
        (".".join("a" * 40), {"a": ROW}),
    ],
)
def test_a_payload_is_read_where_the_setting_says(payload: str, value: Any) -> None:
    if payload.startswith("a."):
        for _ in range(payload.count(".")):
            value = {"a": value}
    assert read(value, ROLES, payload=payload) == EXPECTED


def test_key_time_and_id_may_be_around_the_payload() -> None:
    detail = {"amount": 12.5, "shop": "food"}
    sent = {"tx": 7, "customer_id": "c-1", "timestamp": NOON, "detail": detail}
    assert read(sent, ROLES, payload="detail") == EXPECTED
    change = {"op": "c", "after": {"amount": 12.5, "shop": "food"}, "ts_ms": int(NOON * 1000)}
    assert read(change, "time=ts_ms").time == NOON


def test_what_a_record_lacks_is_kafkas() -> None:
    found = read({"amount": 12.5}, ROLES)
    assert (found.entity, found.time) == (None, KAFKAS)


@pytest.mark.parametrize(
    ("words", "value"),
    [
        (
            "key=who.id time=meta.ts id=meta.id",
            {"who": {"id": "c-1"}, "meta": {"ts": NOON, "id": 7}},
        ),
        ("key=who.id time=meta.ts id=meta.id", {"who.id": "c-1", "meta.ts": NOON, "meta.id": 7}),
        ("key=features time=data id=op", {"features": "c-1", "data": NOON, "op": 7}),
        ("key=time time=id id=entity", {"time": "c-1", "id": NOON, "entity": 7}),
        ('key="a b\\"" time="q\\\\" id=é', {'a b"': "c-1", "q\\": NOON, "é": 7}),
        ("key=after time=payload id=schema", {"after": "c-1", "payload": NOON, "schema": 7}),
    ],
)
def test_roles_may_be_nested_or_have_any_name(words: str, value: Any) -> None:
    assert read({**value, "amount": 12.5, "shop": "food"}, words) == EXPECTED


@pytest.mark.parametrize(
    ("words", "value"),
    [
        ("amount=amt", {"amt": 12.5, "shop": "food"}),
        ("amount=amt", {"features": {"amt": 12.5, "shop": "food"}}),
        ("amount=p.after.amt", {"p": {"after": {"amt": 12.5}}, "shop": "food"}),
        ("amount=p.amt", {"p.amt": 12.5, "p": {"amt": 1.0}, "shop": "food"}),
        ("amount=a shop=a.b", {"a": 12.5, "a.b": "food"}),
        ("amount=a.b shop=a.b.c", {"a": {"b": 12.5}, "a.b.c": "food"}),
        ("amount=time shop=entity", {"time": 12.5, "entity": "food"}),
        ("amount=features shop=data", {"features": 12.5, "data": "food"}),
        ("amount=features.x shop=data.y", {"features": {"x": 12.5}, "data": {"y": "food"}}),
        ("amount=payload.after.x", {"payload": {"op": "d", "after": {"x": 12.5}}, "shop": "food"}),
        ("key=shop", {"amount": 12.5, "shop": "food"}),
        ("key=amount time=amount id=amount", {"amount": 12.5, "shop": "food"}),
        ('amount="" shop=x', {"amount": 12.5, "x": "food"}),
    ],
)
def test_features_may_have_any_field(words: str, value: Any) -> None:
    assert read(value, words.replace('amount="" ', "")).row == (12.5, "food")


def test_a_key_may_be_any_number_and_a_feature_as_well() -> None:
    assert read({"amount": 12.5, "shop": "food"}, "key=amount").entity == 12.5
    assert read({"amount": 1, "n": 17_850}, "key=n").entity == 17_850


ANY_NAME = st.text(min_size=1, max_size=12).filter(lambda name: not set(name) & set("\ud800"))


@given(st.lists(ANY_NAME, min_size=2, max_size=4, unique=True))
def test_features_of_any_name_are_read(names: list[str]) -> None:
    encodable = [n for n in names if n.encode(errors="ignore").decode() == n]
    schema = FeatureSchema(tuple(Feature(name, "number") for name in encodable))
    if not encodable:
        return
    value = {name: float(place) for place, name in enumerate(encodable)}
    expected = tuple(value.values())
    assert read({"features": value}, schema=schema).row == expected
    assert read({"note": {}, **value}, schema=schema).row == expected


@pytest.mark.parametrize(
    ("zone", "text", "expected"),
    [
        ("Europe/Berlin", "2026-01-01 13:00:00", NOON),
        ("Europe/Berlin", "2026-01-01 13:00", NOON),
        ("Europe/Berlin", "2026-01-01T12:00:00Z", NOON),
        ("America/New_York", "2026-01-01T07:00:00", NOON),
        ("Europe/Berlin", "2026-07-01 14:00:00", 1_782_907_200.0),
    ],
)
def test_a_time_without_a_zone_is_of_the_roles_zone(zone: str, text: str, expected: float) -> None:
    hours = FeatureSchema((*SCHEMA.features, Feature("hour_of_day", "hour_of_day")))
    found = read({**ROW, "timestamp": text}, f"{ROLES} timezone={zone}", hours)
    assert found.time == expected


def test_a_time_format_comes_before_the_usual_ones() -> None:
    words = f"{ROLES} 'time_format=%d/%m/%Y %H:%M'"
    assert read({**ROW, "timestamp": "01/01/2026 12:00"}, words) == EXPECTED
    assert read({**ROW, "timestamp": "2026-01-01T12:00:00Z"}, words) == EXPECTED
    assert "is neither %d/%m/%Y %H:%M, ISO 8601 nor a number" in rejection(
        {**ROW, "timestamp": "2026/01"}, words
    )


def test_an_unknown_zone_is_named() -> None:
    with pytest.raises(DataError, match="no time zone 'Mars/Base'"):
        Decoder(SCHEMA, Roles(timezone="Mars/Base"), max_bytes=10)


@pytest.mark.parametrize("text", ["12.5", "-3", "1e3", " 7 ", "+.5", "007"])
def test_numbers_in_quotes_are_numbers(text: str) -> None:
    assert number_in(text) == float(text)
    assert read({"amount": text}).row == (float(text), None)


@pytest.mark.parametrize(
    "text", ["nan", "NaN", "inf", "-Infinity", "1_000", "0x10", "٣", "", " ", "1,5", "9" * 5_000]
)
def test_other_strings_are_no_numbers(text: str) -> None:
    assert number_in(text) is None
    assert rejection({"amount": text}).endswith("; send a number")


def test_a_number_in_quotes_may_be_too_large() -> None:
    assert rejection({"amount": "1e999"}).startswith("not-finite: feature 'amount' is larger")


def test_strict_refuses_numbers_and_epoch_times_in_quotes() -> None:
    said = rejection({"amount": "12.5"}, strict=True)
    assert said == "wrong-type: feature 'amount' is a string; send 12.5, not \"12.5\""
    said = rejection({**ROW, "timestamp": "1767268800"}, ROLES, strict=True)
    assert said == 'bad-time: time is the string "1767268800"; send 1767268800 without quotes'
    assert read({**ROW, "timestamp": "2026-01-01"}, ROLES, strict=True).row == (12.5, "food")


CHANGE = {"before": None, "op": "c", "after": ROW}
OTHERS = {f"n{i}": i for i in range(9)}


@pytest.mark.parametrize(
    ("value", "payload", "expected"),
    [
        (
            {"payload": CHANGE, "schema": {}},
            "plain",
            "has none of amount, shop; its fields are payload, schema: "
            "set ANOMALY_PAYLOAD=debezium",
        ),
        (CHANGE, "plain", "its fields are before, op, after: set ANOMALY_PAYLOAD=debezium"),
        ({"detail": ROW}, None, "its fields are detail: set ANOMALY_PAYLOAD=detail"),
        (
            {"a": {"b": ROW}},
            "x",
            "there is no object at x; its fields are a: set ANOMALY_PAYLOAD=a.b",
        ),
        ({"x": [ROW]}, "x", "there is a list at x; its fields are x"),
        ({"x": {"y": [ROW]}}, "x.y", "there is a list at x.y; its fields are x"),
        (ROW, "x", "timestamp, tx, amount, shop: unset ANOMALY_PAYLOAD"),
        (ROW, "debezium", "there is no object at after; its fields are"),
        (
            {"Amount": 1.0, "SHOP ": "food"},
            None,
            "its fields are Amount, SHOP : the records have `Amount`, `SHOP `: train on those "
            "names, or set ANOMALY_ROLES='amount=Amount \\'shop=SHOP \\''",
        ),
        (
            {"Amount": 1.0},
            None,
            "has none of amount, shop; its fields are Amount: the records have `Amount`: train on "
            "that name, or set ANOMALY_ROLES='amount=Amount'",
        ),
        (OTHERS, None, "its fields are n0, n1, n2, n3, n4, n5, …"),
        ({"features": {"Amount": 1}}, None, "`features` has none of amount, shop; its fields are"),
        ({"amount": None}, None, "has no value for any of amount, shop"),
        ({"\x1b[2J": 1}, None, "its fields are \\x1b[2J"),
    ],
)
def test_where_there_are_no_features_the_rejection_says_what_there_is(
    value: Any, payload: str | None, expected: str
) -> None:
    said = rejection(value, payload=payload)
    assert said.startswith("no-features: ")
    assert said.isprintable()
    assert expected.replace("\\'", "'") in said.replace("'\"'\"'", "'")


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({"op": "d", "before": ROW, "after": None}, "null-value: it deletes a row (`op` is d)"),
        ({"schema": {}, "payload": {"op": "d", "after": None}}, "null-value: it deletes a row"),
        ({"op": "u", "after": None}, "null-value: `after` is null"),
        ({"data": 5}, "wrong-type: `data` must be a list; put named values in `features`"),
        (
            {"data": ROW},
            "wrong-type: `data` must be a list; put named values in `features`, or set "
            "ANOMALY_PAYLOAD=data",
        ),
        (
            {"data": [[1.0, "a"], [2.0, "b"]]},
            "wrong-length: `data` has 2 rows; send one per message",
        ),
        (
            {"features": [1, 2, 3]},
            "wrong-length: `features` has 3 values, but the model has 2 features",
        ),
        ({"data": [[None, None]]}, "no-features: all values of `data` are null"),
        (
            {"amount": "twelve"},
            "wrong-type: feature 'amount' is the string \"twelve\"; send a number",
        ),
        ({"amount": {}}, "wrong-type: feature 'amount' is an object; send a number"),
        ({"shop": True}, "wrong-type: feature 'shop' is true; send a string"),
        ({"shop": 1.5}, "wrong-type: feature 'shop' is the number 1.5; send a string"),
        (
            {"amount": 1, "entity": {}},
            "wrong-type: `entity` is an object; send a string or a number",
        ),
        (
            {"amount": 1, "time": [1]},
            "wrong-type: `time` is a list; send ISO 8601, or seconds since",
        ),
    ],
)
def test_what_is_wrong_is_said_in_plain_words(value: Any, expected: str) -> None:
    assert rejection(value).startswith(expected)


def test_what_is_framed_and_no_json_goes_through_its_reader() -> None:
    framed = b"\0\0\0\0\7\xff\xfe"
    assert rejection(framed).startswith(
        "no-schema: the value needs schema 7 of a schema registry: install "
    )
    json_of = {7: lambda body: json.dumps({**ROW, "amount": body[0] / 20}).encode()}
    assert read(framed, ROLES, readers=json_of).row == (12.75, "food")

    def fails(body: bytes) -> bytes:
        raise EOFError("it is cut off")

    said = rejection(framed, readers={7: fails})
    assert said == "schema-mismatch: it does not match its schema 7: EOFError: it is cut off"


def test_hostile_records_are_rejected_in_little_time_and_few_words() -> None:
    names: Any = {f"{'x' * 90}{i}\n\x1b]0;": {} for i in range(7_000)}
    deep: Any = ROW
    for _ in range(400):
        deep = {"a": deep}
    wide: Any = {"a": {f"b{i}": {f"c{j}": {} for j in range(90)} for i in range(90)}}
    for value in (names, deep, wide, {"features": names}):
        for payload in (None, "plain", "debezium", "a", ".".join("a" * 300) + ".x"):
            begin = time.process_time()
            said = rejection(value, payload=payload)
            assert time.process_time() - begin < 1.5
            assert said.startswith(str(Rejection.NO_FEATURES))
            assert said.isprintable()
            assert len(said) < 1_500
