"""The published tutorial's loop: poll, parse, predict one row, produce, flush."""

import json
import os
import signal

import joblib
import numpy as np
from confluent_kafka import Consumer, Producer

from benchmarks.records import FEATURES


def main() -> None:
    """Score records until a signal arrives."""
    clf = joblib.load(os.environ["BENCH_FOREST"])
    consumer = Consumer(
        {
            "bootstrap.servers": os.environ["BENCH_BROKER"],
            "group.id": os.environ["BENCH_GROUP"],
            "auto.offset.reset": "earliest",
        }
    )
    producer = Producer({"bootstrap.servers": os.environ["BENCH_BROKER"]})
    consumer.subscribe([os.environ["BENCH_TOPIC"]])
    running = True

    def stop(*_: object) -> None:
        nonlocal running
        running = False

    signal.signal(signal.SIGTERM, stop)
    while running:
        message = consumer.poll(timeout=0.05)
        if message is None:
            continue
        if message.error():
            raise SystemExit(str(message.error()))
        record = json.loads(message.value().decode("utf-8"))
        data = np.array([[record["features"][name] for name in FEATURES]])
        prediction = clf.predict(data)
        if prediction[0] == -1:
            score = clf.score_samples(data)
            anomaly = {"id": record["id"], "score": float(np.round(score, 3)[0])}
            anomaly["transaction"] = record
            producer.produce(
                topic=os.environ["BENCH_ANOMALIES"],
                key=message.key(),
                value=json.dumps(anomaly).encode("utf-8"),
            )
            producer.flush()
    consumer.close()


if __name__ == "__main__":
    main()
