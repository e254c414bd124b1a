"""Every detector in a real worker: what it says of a transaction is what it says offline."""

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest

from anomaly_app.core.calibration import score_of
from anomaly_app.core.detectors import DETECTORS
from anomaly_app.model_store import save_model
from tests.support.detectors import fitted, history, model
from tests.support.kafka import Kafka
from training.schema import encode_history

pytestmark = pytest.mark.broker


@pytest.mark.parametrize("name", DETECTORS)
def test_a_worker_scores_as_the_detector_does_offline(
    name: str, broker: str, tmp_path: Path
) -> None:
    made = fitted(name)
    save_model(tmp_path, made.manifest, made.pickle)
    rows = history(600)
    assert rows.times is not None
    values = [
        json.dumps({"id": place, "time": time, "features": row}).encode()
        for place, (time, row) in enumerate(
            zip(rows.times.tolist(), rows.frame.iter_rows(named=True), strict=True)
        )
    ]
    log_p = model(name).log_p_values(encode_history(rows, model(name).schema))
    odd = np.flatnonzero(log_p <= model(name).log_alert_rate)
    offline = {int(place): float(score_of(np.exp(log_p[place]))) for place in odd}

    async def story() -> None:
        kafka = Kafka(broker, tmp_path, tmp_path / made.manifest.name)
        async with kafka.worker():
            await kafka.produce(values)
            anomalies = await kafka.read_anomalies(len(offline))
        worker = {anomaly.transaction["id"]: anomaly.score for anomaly in anomalies}
        assert worker == pytest.approx(offline, abs=1e-6)

    assert len(offline) >= 3
    asyncio.run(story())
