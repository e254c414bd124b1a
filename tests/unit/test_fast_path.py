"""The fast path and the slow path find the same, whatever the shape and the roles."""

import json
from collections import Counter
from collections.abc import Callable
from functools import cache
from random import Random
from typing import Any

import pytest

from anomaly_app.core.decoding.decoder import Decoder
from anomaly_app.core.decoding.fast_path import REFUSED, FastReader, make_reader
from anomaly_app.core.decoding.layouts import FeatureLayout, RecordLayout
from anomaly_app.core.decoding.slow_path import seconds_of
from anomaly_app.core.roles.roles import Roles
from anomaly_app.errors import RecordRejected
from tests.support.factories import SCHEMA, record

RECORDS = 12_000

LAYOUTS: list[FeatureLayout] = ["named", "flat", "features list", "data list", "data rows"]
PLAIN, RENAMED, NESTED = (
    "key=customer time=ts id=tx",
    "key=customer time=ts timezone=Europe/Berlin amount=amt shop=payload.after.shop",
    "key=shop time=meta.ts id=meta.id amount=meta.amount",
)
ODD = (
    "key=amount time=time id=shop amount=time.amount",
    "key=features amount=data shop=data.shop",
    "time=ts time_format=%d/%m/%Y amount=a shop=a.b",
    "key=entity.id id=entity time=op amount=before.amount",
)
WORDS = ["", PLAIN, RENAMED, NESTED, f"{PLAIN} missing=3,1", *ODD]
HELD: dict[str | None, list[str]] = {
    None: ["", "after", "payload.after", "payload"],
    "plain": [""],
    "debezium": ["after", "payload.after"],
    "detail": ["detail"],
    "payload.after": ["payload.after"],
}
"""Paths at which a payload may be found."""

NAMES = [
    *("id", "entity", "time", "current_time", "customer", "ts", "tx", "amount", "shop", "amt"),
    *("features", "data", "meta", "after", "before", "op", "payload", "schema", "detail", "a"),
    *("b", "a.b", "meta.ts", "meta.amount", "payload.after.shop", "time.amount"),
]
TEXTS = [
    *("c", "d", "food", "12.5", " -3 ", "1e3", "1e999", "nan", "inf", "1_000", "0x10", "", "٣"),
    *("1767268800", "1767268800000", "1712091212345", "20260105", "2026-01-05", "05/01/2026"),
    *("2026-01-05 10:00:00", "2026-01-05T10:00:00Z", "2026-01-05t10:00:00z", "noon"),
    *("2026-03-29 02:30:00", "2026-10-25T02:30:00", "0001-01-01T00:00:00", "9999-12-31T00:00:00"),
]
SCALARS = [None, True, 1, -5, 10**20, 12.5, 1_767_268_800, 1_767_268_800_000, 3.5, 7, *TEXTS]
LISTS = [[1.5, "food"], [["2", "food"]], [[1.0, None]], [], [[1], [2]], [1.0], ["x", 2]]
DEEPEST = 3


def value(random: Random, depth: int) -> Any:
    kind = random.random()
    if depth < DEEPEST and kind < 0.2:
        return fields(random, depth + 1)
    return random.choice(LISTS if kind < 0.3 else SCALARS)


def fields(random: Random, depth: int = 0) -> dict[str, Any]:
    """Make an object that is often nearly a transaction, or an envelope with one."""
    made = {name: value(random, depth) for name in random.sample(NAMES, random.randint(1, 6))}
    likely: dict[str, tuple[float, Callable[[], Any]]] = {
        "amount": (0.4, lambda: random.choice([1.0, "3", 2])),
        "ts": (0.2, lambda: random.choice([1_767_268_800, *TEXTS[-8:]])),
        "op": (0.25, lambda: random.choice("ccud")),
        "schema": (0.15, dict),
        **{
            name: (share if depth < DEEPEST else 0.0, lambda: fields(random, depth + 1))
            for name, share in (("after", 0.3), ("payload", 0.2), ("features", 0.15))
        },
    }
    for name, (share, make) in likely.items():
        if random.random() < share:
            made[name] = make()
    return made


@cache
def decoder(words: str, payload: str | None, *, strict: bool) -> Decoder:
    roles = Roles.parse(words)
    return Decoder(SCHEMA, roles, max_bytes=100_000, payload=payload, strict=strict)


@cache
def readers(words: str, payload: str | None, *, strict: bool) -> list[FastReader]:
    wire = decoder(words, payload, strict=strict).wire
    held = HELD[payload] if payload or wire.recognises_envelopes else [""]
    layouts = [
        RecordLayout(path, features, texts)
        for path in held
        for features in LAYOUTS
        for texts in (False, True)
    ]
    return [make_reader(layout, wire, 100_000) for layout in layouts]


def outcome(read: Any) -> Any:
    try:
        time, row = read()
    except RecordRejected as error:
        return str(error)
    return round(time, 5), tuple(row)


def test_what_the_fast_path_takes_is_what_the_slow_path_finds() -> None:
    random, taken = Random(7), Counter[str]()  # noqa: S311
    for _ in range(RECORDS):
        words, payload = random.choice(WORDS), random.choice([*HELD])
        strict = random.random() < 0.3
        sent = record(json.dumps(fields(random)).encode())
        reading = decoder(words, payload, strict=strict)
        slow = outcome(lambda: slowly(reading, sent))  # noqa: B023
        for reader in readers(words, payload, strict=strict):
            try:
                found = outcome(lambda: typed(reading, reader, sent))  # noqa: B023
            except REFUSED:
                continue
            assert found == slow, (words, payload, strict, reader.layout, sent.value)
            taken[reader.layout.payload] += 1
            taken[reader.layout.features] += 1
    assert set(taken) == {*LAYOUTS, "", "after", "payload", "payload.after", "detail"}
    assert taken["after"] > RECORDS / 1_000


def slowly(reading: Decoder, sent: Any) -> Any:
    found = reading.transaction(sent)
    return found.time, found.row


def typed(reading: Decoder, reader: FastReader, sent: Any) -> Any:
    time, row, _ = reader.read(sent.value, sent)
    return seconds_of(time, sent, reading.wire), row


@pytest.mark.parametrize(
    ("words", "payload", "layout", "held"),
    [
        ("", None, "named", ""),
        ("", None, "data rows", ""),
        (PLAIN, None, "flat", ""),
        (PLAIN, None, "flat", "after"),
        (PLAIN, "debezium", "flat", "payload.after"),
        (PLAIN, "detail", "flat", "detail"),
        (NESTED, None, "flat", ""),
        (RENAMED, None, "named", ""),
    ],
)
def test_the_common_layouts_have_a_typed_parser(
    words: str, payload: str | None, layout: FeatureLayout, held: str
) -> None:
    wire = decoder(words, payload, strict=False).wire
    reader = make_reader(RecordLayout(held, layout, has_texts=False), wire, 10_000)
    assert reader.read.__name__ == "read"
