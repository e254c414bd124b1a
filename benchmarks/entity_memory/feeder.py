"""A process that sends payments at a steady rate until it is ended.

``python -m benchmarks.entity_memory.feeder SERVERS TOPIC CARDS FIRST RATE``
"""

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from confluent_kafka import Producer

from benchmarks.entity_memory.payments import Payments
from benchmarks.records import blocks
from benchmarks.topics import QUIET
from harness.processes import start_process, stop_process

STEP = 0.005
"""Seconds between two bursts."""

FOREVER = 10**12


@contextmanager
def feeding(
    servers: str, topic: str, payments: Payments, first: int, rate: int, log: Path
) -> Iterator[None]:
    """Send payments, from number `first` on, at a rate a second while the block runs."""
    arguments = [servers, topic, *map(str, (payments.cards, first, rate))]
    command = [sys.executable, "-m", "benchmarks.entity_memory.feeder", *arguments]
    process = start_process(command, log=log)
    try:
        yield
    finally:
        stop_process(process)


def feed(servers: str, topic: str, payments: Payments, first: int, rate: int) -> None:
    """Send payments at a rate a second; when the machine is too slow, as fast as it can."""
    producer = Producer({"bootstrap.servers": servers, "linger.ms": 5, "acks": 1, **QUIET})
    begin, sent = time.monotonic(), 0
    for block in blocks(FOREVER, start=first):
        for number, (key, value) in zip(block.ids, payments(block), strict=True):
            while sent >= (time.monotonic() - begin) * rate:
                producer.poll(STEP)
            while True:
                try:
                    producer.produce(topic, value, key, number % payments.partitions)
                    break
                except BufferError:
                    producer.poll(STEP)
            sent += 1


if __name__ == "__main__":
    where, to, cards, begins, speed = sys.argv[1:]
    feed(where, to, Payments(int(cards)), int(begins), int(speed))
