"""Decoding: any bytes in, never an exception, exactly one outcome for each record."""

import json
import timeit
from datetime import timedelta, timezone
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.core.decoding.decoded import Transaction
from anomaly_app.core.decoding.decoder import Decoder
from anomaly_app.core.json_reading import has_slow_numbers, read_json
from anomaly_app.core.model.categories import UNKNOWN_CATEGORY, category_codes
from anomaly_app.core.model.feature import Feature
from anomaly_app.core.model.schema import FeatureSchema
from anomaly_app.core.times import EARLIEST, LATEST, seconds_of
from anomaly_app.errors import RecordRejected, Rejection
from tests.support.factories import NOON, SCHEMA, record, transaction

MAX_BYTES = 10_000
DECODER = Decoder(SCHEMA, max_bytes=MAX_BYTES)


def decode(value: bytes | None, **fields: Any) -> Transaction:
    decoded = DECODER.decode([record(value, **fields)])
    for rejected in decoded.rejected:
        raise rejected.error
    return DECODER.transaction(decoded.records[0])


def rejection(value: bytes | None) -> RecordRejected:
    with pytest.raises(RecordRejected) as caught:
        decode(value)
    return caught.value


@pytest.mark.parametrize(
    ("value", "expected", "words"),
    [
        (None, Rejection.NULL_VALUE, "no value"),
        (b"", Rejection.NOT_JSON, "truncated"),
        (b'{"features": {"amount": 1.0', Rejection.NOT_JSON, "truncated"),
        (b"amount=12", Rejection.NOT_JSON, "malformed"),
        (b'{"features": {"amount": NaN}}', Rejection.NOT_JSON, "malformed"),
        (b'{"features": {"amount": Infinity}}', Rejection.NOT_JSON, "malformed"),
        (b'{"features": {"amount": 1e999}}', Rejection.NOT_FINITE, "out of range"),
        (b'{"features": {"amount": 1' + b"0" * 400 + b"}}", Rejection.NOT_FINITE, "double"),
        (
            b'{"features": {"amount": "twelve"}}',
            Rejection.WRONG_TYPE,
            'is the string "twelve"; send a number',
        ),
        (
            b'{"features": {"amount": [1]}}',
            Rejection.WRONG_TYPE,
            "'amount' is a list; send a number",
        ),
        (
            b'{"features": {"amount": 1, "shop": 1.5}}',
            Rejection.WRONG_TYPE,
            "is the number 1.5; send a string",
        ),
        (
            b'{"features": {"amount": 1, "shop": true}}',
            Rejection.WRONG_TYPE,
            "'shop' is true; send a string",
        ),
        (
            b'{"features": "amount"}',
            Rejection.WRONG_TYPE,
            '`features` is the string "amount"; send an object',
        ),
        (
            b'{"features": {"amount": 1}, "id": {}}',
            Rejection.WRONG_TYPE,
            "`id` is an object; send a string or a number",
        ),
        (
            b'{"features": {"amount": 1}, "entity": []}',
            Rejection.WRONG_TYPE,
            "`entity` is a list; send a string",
        ),
        (
            b'{"features": {"amount": 1}, "time": true}',
            Rejection.WRONG_TYPE,
            "`time` is true; send ISO 8601",
        ),
        (b'{"features": {"amount": 1}, "time": "noon"}', Rejection.BAD_TIME, "ISO 8601"),
        (b'{"features": {"amount": 1}, "time": "9999-12-31"}', Rejection.BAD_TIME, "2100"),
        (b'{"features": {"amount": 1}, "time": -5}', Rejection.BAD_TIME, "1970"),
        (b'{"features": {"amount": 1}, "time": ' + b"9" * 310 + b"}", Rejection.BAD_TIME, "2100"),
        (b'{"features": {"amount": 1}, "time": -' + b"9" * 310 + b"}", Rejection.BAD_TIME, "1970"),
        (b'{"features": {"amount": 1}, "time": ' + b"9" * 4_300 + b"}", Rejection.BAD_TIME, "2100"),
        (
            b'{"features": {"amount": 1}, "time": ' + b"9" * 4_301 + b"}",
            Rejection.NOT_FINITE,
            "out",
        ),
        (b'{"features": {"amount": 1}, "time": 1e308}', Rejection.BAD_TIME, "2100"),
        (b'{"features": {"amount": 1}, "id": ' + b"9" * 5_000 + b"}", Rejection.NOT_FINITE, ""),
        (b'{"features": {"shop": ' + b"9" * 5_000 + b"}}", Rejection.NOT_FINITE, "out of range"),
        (b'{"features": [1.0]}', Rejection.WRONG_LENGTH, "has 1 value, but the model has 2"),
        (
            b'{"data": [[1.0, "food"], [2.0, "fuel"]]}',
            Rejection.WRONG_LENGTH,
            "`data` has 2 rows; send one per",
        ),
        (b"[]", Rejection.NOT_AN_OBJECT, "it is a list; send a JSON object"),
        (b"null", Rejection.NOT_AN_OBJECT, "it is null; send a JSON object"),
        (b"{}", Rejection.NO_FEATURES, "has none of amount, shop: it has no fields"),
        (b'{"features": {}}', Rejection.NO_FEATURES, "`features` has none of amount, shop"),
        (b'{"features": {"amount": 1, "shop": "\xff"}}', Rejection.NOT_UTF8, "byte 36"),
        (b'{"features": {"amount": 1}, "note": "\xff"}', Rejection.NOT_UTF8, "is not UTF-8"),
        (b'{"features": {"amount": 1, "shop": "\\ud800"}}', Rejection.NOT_JSON, ""),
        (b"[" * 9_000, Rejection.NOT_JSON, "nested too deeply"),
        (b'{"features": {"amount": 1}, "x": ' + b"[" * 9_000, Rejection.NOT_JSON, "nested"),
        (b"x" * (MAX_BYTES + 1), Rejection.TOO_LARGE, "10,001 bytes, the limit is 10,000"),
    ],
)
def test_what_is_no_transaction_is_rejected_with_the_reason(
    value: bytes | None, expected: Rejection, words: str
) -> None:
    error = rejection(value)
    assert error.rejection == expected
    assert str(error).startswith(f"{expected}: ")
    assert words in str(error)


def test_a_rejection_is_short_whatever_was_sent() -> None:
    assert (
        len(str(rejection(json.dumps({"features": {"amount": 1}, "time": "x" * 9_000}).encode())))
        < 200
    )


@pytest.mark.parametrize(
    "value",
    [
        b'{"features": {"amount": 12.5, "shop": "food"}}',
        b'{"features": {"shop": "food", "amount": 12.5, "unknown": [1, {}]}}',
        b'{"features": [12.5, "food"]}',
        b'{"data": [[12.5, "food"]]}',
        b'{"data": [12.5, "food"]}',
        b'{"amount": 12.5, "shop": "food"}',
        b'  {"amount": 12.5, "shop": "food", "extra": null}  ',
    ],
)
def test_every_documented_shape_is_read_alike(value: bytes) -> None:
    assert tuple(decode(value).row) == (12.5, "food")


def test_metadata_is_read() -> None:
    found = decode(transaction(id="tx-9", entity="card-7", time="2026-01-01T13:00:00+01:00"))
    assert (found.id, found.entity, found.time) == ("tx-9", "card-7", NOON)


EPOCHS = [1_767_268_800 * 1_000**power for power in range(4)]
"""`NOON` in seconds, milliseconds, microseconds and nanoseconds."""


@pytest.mark.parametrize(
    "time", ["2026-01-01T12:00:00Z", "2026-01-01 12:00:00", *EPOCHS, *map(float, EPOCHS)]
)
def test_times_are_iso_8601_or_epoch(time: str | float) -> None:
    assert decode(transaction(time=time)).time == NOON


@pytest.mark.parametrize("timestamp", EPOCHS)
def test_kafkas_timestamp_serves_where_there_is_no_time(timestamp: int) -> None:
    assert decode(transaction(), timestamp=timestamp).time == NOON
    in_a_list = b'{"data": [[12.5, "food"]]}'
    assert decode(in_a_list, timestamp=timestamp).time == NOON


def test_a_record_without_a_timestamp_is_of_1970() -> None:
    for timestamp in (None, 0, -1, -(2**63)):
        assert decode(transaction(), timestamp=timestamp).time == 0.0


@pytest.mark.parametrize("needs_hours", [True, False])
@pytest.mark.parametrize(
    "timestamp", [4_102_444_800, 4_102_444_800_000, 4_102_444_800_000_000, 2**62, 2**63 - 1]
)
def test_a_timestamp_of_kafka_beyond_2100_is_a_bad_time_for_whoever_needs_it(
    timestamp: int, needs_hours: bool
) -> None:
    hour = Feature("hour", "hour_of_day")
    schema = FeatureSchema((*SCHEMA.features, *([hour] if needs_hours else [])))
    decoder = Decoder(schema, max_bytes=MAX_BYTES)
    values = [transaction(), b'{"data": [[12.5, "food"]]}', transaction(time=NOON)]
    decoded = decoder.decode([record(value, timestamp=timestamp) for value in values])
    assert [r.value for r in decoded.records] == [values[2]]
    for rejected in decoded.rejected:
        assert rejected.error.rejection == Rejection.BAD_TIME
        assert f"Kafka's timestamp {timestamp} is not between" in str(rejected.error)


@given(st.floats(1.1e8, 4_102_444_799), st.sampled_from([1, 10**3, 10**6, 10**9]))
def test_a_number_has_one_meaning_from_1973_to_2100(seconds: float, unit: int) -> None:
    assert seconds_of(seconds * unit) == pytest.approx(seconds)
    assert seconds_of(int(seconds * unit)) == pytest.approx(int(seconds * unit) / unit)


@given(st.integers() | st.integers(0, 10**400) | st.floats(allow_nan=False))
def test_any_number_is_in_range_or_no_time(number: float) -> None:
    seconds = seconds_of(number)
    assert seconds is None or EARLIEST <= seconds < LATEST
    assert number >= 0 or seconds is None


def test_categories_of_digits_without_end_can_be_coded() -> None:
    codes = category_codes(("9" * 5_000, "²", "٣", "311"))
    assert codes["9" * 5_000] == 0.0
    assert codes[311] == 3.0


def test_missing_and_unknown_values_have_their_place_in_the_matrix() -> None:
    values = [
        transaction(None, "casino"),
        transaction(3.0, None),
        transaction(4, "311"),
        transaction(True, 311),
    ]
    matrix = DECODER.decode([record(value) for value in values]).matrix
    np.testing.assert_array_equal(
        matrix, [[np.nan, UNKNOWN_CATEGORY], [3.0, np.nan], [4.0, 2.0], [1.0, 2.0]]
    )


def test_bad_records_leave_the_good_ones_in_order() -> None:
    values = [transaction(1.0), b"{", transaction(2.0), None, transaction(3.0)]
    decoded = DECODER.decode([record(v, offset=i) for i, v in enumerate(values)])
    assert [r.offset for r in decoded.records] == [0, 2, 4]
    assert [r.record.offset for r in decoded.rejected] == [1, 3]
    assert decoded.matrix[:, 0].tolist() == [1.0, 2.0, 3.0]


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
VALUES = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(st.text(), SCALARS, max_size=2)
FEATURES = st.fixed_dictionaries({}, optional={"amount": VALUES, "shop": VALUES}) | VALUES
OFFSETS = st.integers(-1_439, 1_439).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(timezones=st.none() | OFFSETS).map(lambda moment: moment.isoformat())
TRANSACTIONS = st.fixed_dictionaries(
    {},
    optional={
        "id": VALUES,
        "entity": VALUES,
        "time": VALUES | st.floats(0, 4e9) | MOMENTS,
        "features": FEATURES,
        "data": VALUES,
        "amount": VALUES,
    },
)
TEXTS = TRANSACTIONS.map(lambda fields: json.dumps(fields).encode())


@given(st.lists(st.binary() | TEXTS | st.none(), max_size=5))
def test_any_bytes_have_exactly_one_outcome(values: list[bytes | None]) -> None:
    records = [record(value, offset=offset) for offset, value in enumerate(values)]
    decoded = DECODER.decode(records)
    outcomes = [r.offset for r in decoded.records] + [r.record.offset for r in decoded.rejected]
    assert sorted(outcomes) == list(range(len(values)))
    assert decoded.matrix.shape == (len(decoded.records), 2)
    assert not np.isinf(decoded.matrix).any()


@pytest.mark.parametrize("number", [b"1e308", b"-1e308", b"5e-324", b"1E-0308", b"9" * 4_000])
@pytest.mark.parametrize(
    "value",
    [
        b'{"data": [[%b]]}',
        b'{"features": [%b]}',
        b'{"features": {"amount": 1.0}, "note": [%b]}',
        b'{"amount": 1.0, "note": [%b]}',
        b'{"features": {"amount": %b}}',
    ],
)
def test_no_number_is_slow_however_often_it_comes(number: bytes, value: bytes) -> None:
    separator = b',"amount":' if value.endswith(b"%b}}") else b","
    times = 4_000 // (len(number) + len(separator)) + 1
    records = [record(value % separator.join([number] * times))] * 64
    DECODER.decode(records)
    seconds = min(timeit.repeat(lambda: DECODER.decode(records), number=1, repeat=3))
    # A record of 4 kB may take half a millisecond; 1e308 by the thousand once took six.
    assert seconds < 64 * 0.002


@pytest.mark.parametrize("inner", [b"[" * 49 + b"]" * 49, b'{"a":1}', b"[]"])
def test_what_is_not_looked_at_is_not_made_into_objects(inner: bytes) -> None:
    values = b",".join([inner] * (4_000 // len(inner)))
    records = [record(b'{"data": [[%b]]}' % values), record(b'{"note": [%b]}' % values)] * 32
    seconds = min(timeit.repeat(lambda: DECODER.decode(records), number=1, repeat=3))
    assert seconds < 64 * 0.002


def test_slow_numbers_are_read_as_any_others() -> None:
    numbers = [b"1e308", b"-1E-300", b"12.5", b"7", b"5e-324"] * 30
    fields = b",".join(b'"n%d": %b' % pair for pair in enumerate(numbers))
    value = b'{"features": {"amount": 1e307, "shop": "food", %b}}' % fields
    assert has_slow_numbers(value)
    assert tuple(decode(value).row) == (1e307, "food")
    assert read_json(b"[%b]" % b",".join(numbers)) == [float(n) for n in numbers]
    with pytest.raises(ValueError, match="out of range"):
        read_json(b"[%b,1e999]" % b",".join(numbers))
