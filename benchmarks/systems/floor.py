"""The floor: a loop without a framework, with the fastest known implementation of each step.

It fetches with confluent-kafka (C), parses only the ten features with msgspec, scores with the
app's compiled loop, and compares the whole batch with the threshold at once. It does nothing else:
no reasons, no dead letters, no counters, no validation.
"""

import os
import signal
import struct
import time
from typing import Any

import joblib
import msgspec
import numpy as np
from confluent_kafka import Consumer, Producer

from anomaly_app.core.detectors.forest import ForestScorer
from benchmarks.records import FEATURES

BATCH = 1024
COMMIT_EVERY = 1.0

Row = msgspec.defstruct("Row", [(name, float) for name in FEATURES], gc=False)


class Message(msgspec.Struct, gc=False):
    """The part of a record that is read."""

    features: Row  # type: ignore[valid-type]  # made for the features above


def main() -> None:
    """Score records until a signal arrives."""
    servers = os.environ["BENCH_BROKER"]
    anomalies = os.environ["BENCH_ANOMALIES"]
    consumer = Consumer(
        {
            "bootstrap.servers": servers,
            "group.id": os.environ["BENCH_GROUP"],
            "auto.offset.reset": "earliest",
            "enable.auto.commit": False,
            # By default, librdkafka pauses fetching for a second whenever its queue is full,
            "fetch.queue.backoff.ms": 2,
            # and small queues of large fetches were the fastest of those tried.
            "queued.min.messages": 10_000,
            "max.partition.fetch.bytes": 2_097_152,
            "fetch.wait.max.ms": 20,
        }
    )
    producer = Producer({"bootstrap.servers": servers, "linger.ms": 0})
    forest = joblib.load(os.environ["BENCH_FOREST"])
    scorer, threshold = ForestScorer(forest), forest.offset_
    decode = msgspec.json.Decoder(Message).decode
    astuple, pack = msgspec.structs.astuple, struct.Struct(f"{len(FEATURES)}f").pack
    consumer.subscribe([os.environ["BENCH_TOPIC"]])

    stopping = False

    def stop(*_: object) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGTERM, stop)
    committed_at = time.monotonic()
    while not stopping:
        # `consume` would wait for a full batch until its timeout. So wait for the first record,
        # and then take what has arrived.
        first = consumer.poll(0.1)
        if first is not None:
            messages = [first, *consumer.consume(BATCH - 1, 0)]
            values = [message.value() for message in messages]
            rows = bytearray().join([pack(*astuple(decode(value).features)) for value in values])
            matrix: Any = np.frombuffer(rows, dtype=np.float32).reshape(-1, len(FEATURES))
            scores = scorer.score_samples(matrix)
            for index in np.flatnonzero(scores < threshold):
                message = messages[index]
                score = b'{"id": "%s-%d-%d", "score": %.6f, "transaction": ' % (
                    message.topic().encode(),
                    message.partition(),
                    message.offset(),
                    -scores[index],
                )
                producer.produce(anomalies, score + values[index] + b"}", message.key())
            producer.poll(0)
        if time.monotonic() - committed_at > COMMIT_EVERY:
            producer.flush()
            if first is not None:
                consumer.commit(asynchronous=True)
            committed_at = time.monotonic()
    producer.flush()
    consumer.close()


if __name__ == "__main__":
    main()
