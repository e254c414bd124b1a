"""A plain Faust agent with a typed record and one `predict` per event."""

import os

import faust
import joblib

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
    """Score events one by one."""
    async for transaction in stream:
        data = [[transaction.features[name] for name in FEATURES]]
        if clf.predict(data)[0] == -1:
            score = float(clf.score_samples(data)[0])
            await anomalies.send(
                key=transaction.entity,
                value=Anomaly(id=transaction.id, score=score, transaction=transaction),
            )
