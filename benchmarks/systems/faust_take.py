"""A Faust agent that takes up to 512 events at a time and scores them in one call."""

import os

import faust
import joblib
import numpy as np

from benchmarks.records import FEATURES
from benchmarks.systems.faust_records import Anomaly, Transaction

app = faust.App(
    os.environ["BENCH_GROUP"],
    broker=f"kafka://{os.environ['BENCH_BROKER']}",
    topic_partitions=int(os.environ["BENCH_PARTITIONS"]),
    consumer_auto_offset_reset="earliest",
    autodiscover=False,
)
transactions = app.topic(os.environ["BENCH_TOPIC"], value_type=Transaction)
anomalies = app.topic(os.environ["BENCH_ANOMALIES"], value_type=Anomaly)
clf = joblib.load(os.environ["BENCH_FOREST"])


@app.agent(transactions)
async def detect(stream: faust.StreamT[Transaction]) -> None:
    """Score events in batches."""
    async for batch in stream.take(512, within=0.05):
        data = np.array([[each.features[name] for name in FEATURES] for each in batch])
        scores = clf.score_samples(data)
        for index in np.flatnonzero(scores < clf.offset_):
            transaction = batch[index]
            await anomalies.send(
                key=transaction.entity,
                value=Anomaly(
                    id=transaction.id, score=float(scores[index]), transaction=transaction
                ),
            )
