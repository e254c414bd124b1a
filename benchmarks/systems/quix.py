"""Quix Streams with the same scoring function, event by event, like in its documentation."""

import os
from typing import Any

import joblib
from quixstreams import Application

from benchmarks.records import FEATURES


def main() -> None:
    """Score records until a signal arrives."""
    clf = joblib.load(os.environ["BENCH_FOREST"])

    def judge(transaction: dict[str, Any]) -> dict[str, Any]:
        data = [[transaction["features"][name] for name in FEATURES]]
        if clf.predict(data)[0] != -1:
            return {}
        score = float(clf.score_samples(data)[0])
        return {"id": transaction["id"], "score": score, "transaction": transaction}

    app = Application(
        broker_address=os.environ["BENCH_BROKER"],
        consumer_group=os.environ["BENCH_GROUP"],
        auto_offset_reset="earliest",
    )
    transactions = app.topic(os.environ["BENCH_TOPIC"], value_deserializer="json")
    anomalies = app.topic(os.environ["BENCH_ANOMALIES"], value_serializer="json")
    events = app.dataframe(transactions)
    events = events.apply(judge).filter(bool).to_topic(anomalies)
    app.run()


if __name__ == "__main__":
    main()
