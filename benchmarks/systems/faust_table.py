"""A plain Faust agent with a table, in memory and with its changelog: features only, no model."""

import os
from typing import Any

import faust

from benchmarks.systems.payment_past import features_and_past

LARGE = float(os.environ["BENCH_LARGE"])

app = faust.App(
    os.environ["BENCH_GROUP"],
    broker=f"kafka://{os.environ['BENCH_BROKER']}",
    topic_partitions=int(os.environ["BENCH_PARTITIONS"]),
    consumer_auto_offset_reset="earliest",
    autodiscover=False,
)
payments = app.topic(os.environ["BENCH_TOPIC"], key_type=str, value_serializer="json")
anomalies = app.topic(os.environ["BENCH_ANOMALIES"], value_serializer="json")
pasts = app.Table("past", default=dict)


@app.agent(payments)
async def remember(stream: faust.StreamT[dict[str, Any]]) -> None:
    """Remember payments one by one, and send large ones: how the benchmark sees the progress."""
    async for payment in stream:
        features, pasts[payment["entity"]] = features_and_past(pasts[payment["entity"]], payment)
        if payment["features"]["amount"] > LARGE:
            await anomalies.send(value={"transaction": payment, "features": features})
