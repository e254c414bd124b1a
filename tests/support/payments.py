"""Payments as a memory has to bear them, as many and as fast as the machine allows."""

import time
from collections.abc import Iterable, Iterator

import numpy as np
from confluent_kafka import Producer

from tests.support.factories import NOON, transaction
from tests.support.traffic import BAD, TICK

CHUNK = 5_000
"""Payments that are made at once."""

SHOPS = 120

SPACING = 2.0
"""Seconds of the payments' own time between two of them."""

FUTURE = 1_900_000_000.0
"""A time in 2030, which a wrong clock may say."""

Message = tuple[bytes, bytes | None]
"""A key and a value."""


def payments(events: int, entities: int, seed: int = 0) -> Iterator[list[Message]]:
    """Make payments in chunks.

    Half of them are of few busy cards, the others of any card. They are out of order by some
    minutes, now and then hours late, from the future, too large to be added up, or no payments.
    """
    for begin in range(0, events, CHUNK):
        random = np.random.default_rng([seed, begin])
        yield _chunk(random, begin, min(CHUNK, events - begin), entities)


def _chunk(random: np.random.Generator, begin: int, count: int, entities: int) -> list[Message]:
    is_busy = random.random(count) < 0.5
    cards = np.where(is_busy, random.zipf(1.3, count) % 3_000, random.integers(0, entities, count))
    times = NOON + SPACING * np.arange(begin, begin + count) - random.exponential(120.0, count)
    late = random.random(count) < 0.01
    times[late] -= random.uniform(0.0, 90_000.0, int(late.sum()))
    times[(random.random(count) < 2e-4) & ~is_busy] = FUTURE
    amounts = random.gamma(2.0, 15.0, count)
    amounts[random.random(count) < 1e-3] = 3e7
    shops = random.integers(0, SHOPS, count)
    made: list[Message] = [
        (
            b"card-%d" % card,
            b'{"features": {"amount": %.2f, "shop": "shop-%d"}, "time": %.3f}'
            % (amount, shop, moment),
        )
        for card, amount, shop, moment in zip(
            cards.tolist(), amounts.tolist(), shops.tolist(), times.tolist(), strict=True
        )
    ]
    for place in np.flatnonzero(random.random(count) < 0.005).tolist():
        made[place] = made[place][0], BAD[place % len(BAD)]
    return made


def ordinary(events: int, entities: int, *, first: int = 0) -> Iterator[list[Message]]:
    """Make payments of each card by turns, ten at once."""
    for begin in range(first, first + events, 10):
        yield [
            (b"card-%d" % (n % entities), transaction(5.0 + n % 60, "shop", time=NOON + n))
            for n in range(begin, begin + 10)
        ]


def produce_steadily(
    servers: str, topic: str, chunks: Iterable[list[Message]], *, per_second: float = 1e9
) -> None:
    """Produce at a steady rate, whatever happens to the broker; call it in a thread.

    Each record is there once in the end.
    """
    producer = Producer(
        {
            "bootstrap.servers": servers,
            "enable.idempotence": True,
            "linger.ms": 20,
            "batch.num.messages": CHUNK,
            "compression.type": "lz4",
            "message.timeout.ms": 0,
            "queue.buffering.max.messages": 1_000_000,
        }
    )
    begin, sent = time.monotonic(), 0
    for chunk in chunks:
        while sent > (time.monotonic() - begin) * per_second:
            producer.poll(TICK)
        for key, value in chunk:
            while True:
                try:
                    producer.produce(topic, value, key)
                    break
                except BufferError:
                    producer.poll(TICK)
        producer.poll(0)
        sent += len(chunk)
    assert producer.flush(120) == 0
