"""Mutated records: structure is torn and put together by JSON's tokens, the rest by bytes."""

import re
from collections.abc import Callable, Sequence
from itertools import pairwise
from random import Random
from typing import TypeAlias, TypeVar

import msgspec

from anomaly_app.core.decoding.fields import nested
from anomaly_app.core.decoding.wire import Wire
from anomaly_app.kafka.consumer.record_batches import Record
from tests.fuzz.literals import KEYS, TIMES, TIMESTAMPS, TOKENS, VALUES

Choice = TypeVar("Choice")

Tokens: TypeAlias = list[bytes]

TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|[-+.\w]+|\s+|[^\s]', re.DOTALL)

PUNCTUATION = frozenset([*(b"{ } [ ] , :".split()), b" "])

LONGEST = 9_000
"""Bytes of a value: the app's limit is set below it."""

FLOODS, FLOOD = 0.02, 4_000
"""Share of the batches that are one record again and again, and bytes that it is filled with."""

TORN = 0.08
"""Share of the values that are mutated by bytes as well."""

AS_IT_IS = 0.15
"""Share of the values that no token is replaced in."""


def tokens_of(value: bytes) -> Tokens:
    return TOKEN.findall(value)


def _replace(tokens: Tokens, random: Random, _: Sequence[Tokens]) -> None:
    tokens[int(random.random() * len(tokens))] = _one_of(TOKENS, random)


def _replace_value(tokens: Tokens, random: Random, _: Sequence[Tokens]) -> None:
    # What stands before a colon is a name.
    places = [
        i
        for i, (token, after) in enumerate(pairwise(tokens))
        if after != b":" and token not in PUNCTUATION
    ]
    if places:
        tokens[_one_of(places, random)] = _one_of(VALUES, random)


def _drop(tokens: Tokens, random: Random, _: Sequence[Tokens]) -> None:
    del tokens[int(random.random() * len(tokens))]


def _repeat(tokens: Tokens, random: Random, _: Sequence[Tokens]) -> None:
    begin = int(random.random() * len(tokens))
    part = tokens[begin : begin + 1 + int(random.random() * 6)]
    tokens[begin:begin] = part * (1 if random.random() < 0.9 else 40)


def _swap(tokens: Tokens, random: Random, _: Sequence[Tokens]) -> None:
    first, second = int(random.random() * len(tokens)), int(random.random() * len(tokens))
    tokens[first], tokens[second] = tokens[second], tokens[first]


def _splice(tokens: Tokens, random: Random, corpus: Sequence[Tokens]) -> None:
    other = _one_of(corpus, random)
    tokens[int(random.random() * len(tokens)) :] = other[int(random.random() * len(other)) :]


def _wrap(tokens: Tokens, random: Random, _: Sequence[Tokens]) -> None:
    place, depth = int(random.random() * len(tokens)), _one_of((1, 1, 2, 49, 51, 500), random)
    tokens[place] = b"[" * depth + tokens[place] + b"]" * depth


MUTATIONS: list[Callable[[Tokens, Random, Sequence[Tokens]], None]] = [
    *[_replace_value] * 30,
    *(_replace, _drop, _repeat, _swap, _splice, _wrap),
]


def _tear(value: bytes, random: Random) -> bytes:
    place = int(random.random() * len(value))
    kind = int(random.random() * 6)
    if kind == 0:
        return value[:place]
    if kind == 1:
        return (
            value[:place]
            + bytes([value[place] ^ 1 << int(random.random() * 8)])
            + value[place + 1 :]
        )
    if kind == 2:
        return value[:place] + bytes([int(random.random() * 256)]) + value[place:]
    if kind == 3:
        return value[:place] + value[place + 1 + int(random.random() * 8) :]
    if kind == 4:
        return value[:place] + _one_of(TOKENS, random) + value[place:]
    return value[place:]


def mutate(tokens: Sequence[bytes], random: Random, corpus: Sequence[Tokens]) -> bytes:
    """Make one value out of another."""
    made = [*tokens]
    if random.random() >= AS_IT_IS:
        for _ in range(1 + int(random.random() ** 3 * 5)):
            _one_of(MUTATIONS, random)(made, random, corpus)
            if not made:
                break
    value = b"".join(made)
    if value and random.random() < TORN:
        value = _tear(value, random)
    return value[:LONGEST]


class Mutator:
    """Makes records for one pipeline.

    Parameters
    ----------
    wire
        Where it reads what.
    """

    def __init__(self, wire: Wire) -> None:
        values = [*documented_shapes(wire), *shapes_of_others(wire)]
        self.corpus = [tokens_of(value) for value in values]

    def batch(self, size: int, random: Random) -> list[Record]:
        """Make records; the same random numbers give the same records."""
        if random.random() < FLOODS:
            same = self._flood(random)
            return [Record("transactions", 0, offset, *same) for offset in range(size)]
        return [Record("transactions", 0, offset, *self._content(random)) for offset in range(size)]

    def _flood(self, random: Random) -> tuple[int | None, bytes | None, bytes | None]:
        # What takes long is found where a record holds nothing else, and a batch no other record.
        tokens = [*_one_of(self.corpus, random)]
        colons = [place for place, token in enumerate(tokens) if token == b":"]
        place, value = _one_of(colons, random) + 1, _one_of(VALUES, random)
        times = max(FLOOD // (len(value) + len(tokens[place - 2]) + 2), 1)
        if random.random() < 0.5:
            tokens[place] = b"[%b]" % b",".join([value] * times)
        else:
            field = tokens[place - 2] + b":"
            tokens[place] = value + b"".join([b"," + field + value] * times)
        return _one_of(TIMESTAMPS, random), _one_of(KEYS, random), b"".join(tokens)[:LONGEST]

    def _content(self, random: Random) -> tuple[int | None, bytes | None, bytes | None]:
        timestamp, key = _one_of(TIMESTAMPS, random), _one_of(KEYS, random)
        if random.random() < 0.002:
            return timestamp, key, None
        return timestamp, key, mutate(_one_of(self.corpus, random), random, self.corpus)


def documented_shapes(wire: Wire) -> list[bytes]:
    """Write transactions of every documented shape, ordinary and odd."""
    random = Random(0)  # noqa: S311
    values = []
    for _ in range(60):
        row = _row(wire, random)
        names = [msgspec.json.encode(name)[1:-1] for name in wire.fields]
        fields = b",".join(b'"%b":%b' % pair for pair in zip(names, row, strict=True))
        listed = b",".join(row)
        texts = [b'"%b"' % text for text in TIMES[:3]]
        time = _one_of([b"1767268800", b"1767268800000", *texts], random)
        values += [
            b'{"id":7,"entity":"card-1","time":%b,"features":{%b}}' % (time, fields),
            b'{"id": 7, "time": %b, "features": {%b}, "note": "kept"}' % (time, fields),
            b'{"features":{%b}}' % fields,
            b'{"id":"tx-7","entity":7,"time":%b,"features":[%b]}' % (time, listed),
            b'{"id":7,"data":[[%b]],"current_time":%b}' % (listed, time),
            b'{"data":[%b]}' % listed,
            b"{%b}" % fields,
        ]
    return values


def _row(wire: Wire, random: Random) -> list[bytes]:
    return [
        random.choice([b'"food"', b'"fuel"', b'"books"', b'"casino"', b"311"])
        if feature.kind == "category"
        else b"%.2f" % (random.gauss(20.0, 4.0) * random.choice([1, 1, 1, 50]))
        for feature in wire.features
    ]


def shapes_of_others(wire: Wire) -> list[bytes]:
    """Write records as the roles name their fields, in each envelope, with text for numbers."""
    random = Random(1)  # noqa: S311
    values = []
    for place in range(40):
        row = _row(wire, random)
        if place % 4 == 0:
            row = [value if value.startswith(b'"') else b'"%b"' % value for value in row]
        parts = {name: b'"card-1"' for name in (wire.roles.key, wire.roles.id) if name}
        if wire.roles.time:
            parts[wire.roles.time] = _one_of([b"1767268800", b'"2026-01-01 12:00:00"'], random)
        fields = {**parts, **dict(zip(wire.fields, row, strict=True))}
        written = nested({name: msgspec.Raw(value) for name, value in fields.items()})
        flat = msgspec.json.encode(written)
        path = wire.payload if wire.payload not in {None, "plain", "debezium"} else "detail"
        *around, last = path.split(".")
        held = b'{"%b":%b}' % (last.encode(), flat)
        for name in reversed(around):
            held = b'{"%b":%b}' % (name.encode(), held)
        change = b'{"before":null,"after":%b,"op":"%b","ts_ms":1767268800000}' % (
            flat,
            _one_of([b"c", b"u", b"r", b"d"], random),
        )
        values += [
            flat,
            flat,
            change,
            held,
            b'{"schema":{"type":"struct"},"payload":%b}' % change,
            b'{"schema":{"type":"struct"},"payload":%b}' % flat,
            b"\x00\x00\x00\x00\x07" + flat,
            b"\x00\x00\x00\x00\x08" + flat,
        ]
    return values


def _one_of(choices: Sequence[Choice], random: Random) -> Choice:
    return choices[int(random.random() * len(choices))]
