"""Streams of transactions, with anomalies and with records that are no transactions."""

import asyncio
from collections.abc import Sequence

import numpy as np
from aiokafka import AIOKafkaProducer

from tests.support.factories import transaction
from tests.support.kafka import Kafka

TIME = "2026-01-02T12:00:00Z"

BAD = [
    b'{"features": {"amount": 1',
    b'{"features": {"amount": "twelve"}}',
    b'{"features": {"amount": NaN}}',
    b"[]",
    b"\xff\xfe",
    b'{"features": {"amount": 5.0}, "time": "9999-01-01"}',
    None,
]

TICK = 0.05
"""Seconds between two sends of a steady stream."""


def transactions(count: int, seed: int = 0) -> list[bytes]:
    """Make transactions of which about one in fifty is anomalous."""
    rng = np.random.default_rng(seed)
    ordinary = rng.normal(20.0, 4.0, count)
    amounts = np.where(rng.random(count) < 0.02, ordinary * 40.0, ordinary)
    return [
        transaction(round(float(amount), 2), id=i, time=TIME) for i, amount in enumerate(amounts)
    ]


def mixed(count: int, seed: int = 0) -> list[bytes | None]:
    """Make transactions of which about one in a hundred is bad."""
    rng = np.random.default_rng(seed)
    values: list[bytes | None] = [*transactions(count, seed)]
    for place in np.flatnonzero(rng.random(count) < 0.01):
        values[place] = BAD[int(rng.integers(len(BAD)))]
    return values


async def send_steadily(kafka: Kafka, values: Sequence[bytes | None], *, per_second: int) -> None:
    """Produce records at a steady rate, through whatever happens to the broker."""
    producer = AIOKafkaProducer(
        bootstrap_servers=kafka.servers, enable_idempotence=True, request_timeout_ms=90_000
    )
    await producer.start()
    clock = asyncio.get_running_loop().time
    begin, sent, futures = clock(), 0, []
    try:
        while sent < len(values):
            due = min(int((clock() - begin) * per_second), len(values))
            for place in range(sent, due):
                key = f"card-{place % 97}".encode()
                futures.append(await producer.send(kafka.transactions, values[place], key=key))
            sent = due
            await asyncio.sleep(TICK)
        await asyncio.gather(*futures)
    finally:
        await producer.stop()
