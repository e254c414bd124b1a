"""Quix Streams with its state store, like in its documentation: features only, no model."""

import os
from pathlib import Path
from typing import Any

from quixstreams import Application, State

from benchmarks.systems.payment_past import features_and_past

LARGE = float(os.environ["BENCH_LARGE"])


def remember(payment: dict[str, Any], state: State) -> dict[str, Any]:
    """Return a payment with its features, and keep its card's past."""
    features, past = features_and_past(state.get("past", {}), payment)
    state.set("past", past)
    return {"transaction": payment, "features": features}


def is_large(judged: dict[str, Any]) -> bool:
    """Return whether to send a payment on: it is how the benchmark sees the progress."""
    amount: float = judged["transaction"]["features"]["amount"]
    return amount > LARGE


def main() -> None:
    """Remember payments until a signal arrives."""
    app = Application(
        broker_address=os.environ["BENCH_BROKER"],
        consumer_group=os.environ["BENCH_GROUP"],
        auto_offset_reset="earliest",
        state_dir=Path(os.environ["BENCH_FOLDER"]) / os.environ["BENCH_GROUP"],
    )
    payments = app.topic(os.environ["BENCH_TOPIC"], value_deserializer="json")
    anomalies = app.topic(os.environ["BENCH_ANOMALIES"], value_serializer="json")
    events = app.dataframe(payments)
    events.apply(remember, stateful=True).filter(is_large).to_topic(anomalies)
    app.run()


if __name__ == "__main__":
    main()
