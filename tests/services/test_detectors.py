"""Every detector in a real worker: what it says of a transaction is what it says offline."""

import asyncio
import json
from pathlib import Path

import numpy as np
import pytest

from anomaly_app.core.calibration import score_of
from anomaly_app.core.detectors import DETECTORS
from anomaly_app.registry.artifacts import save_model
from tests.support.detectors import fitted, history, model
from tests.support.kafka import Kafka
from training.encoding import encode_history

pytestmark = pytest.mark.broker

SIDE_BY_SIDE = 4
"""Workers that start together: mostly they wait for their group."""

NAMES = list(DETECTORS)


def values() -> list[bytes]:
    rows = history(600)
    assert rows.times is not None
    return [
        json.dumps({"id": place, "time": time, "features": row}).encode()
        for place, (time, row) in enumerate(
            zip(rows.times.tolist(), rows.frame.iter_rows(named=True), strict=True)
        )
    ]


def found_offline(name: str) -> dict[int, float]:
    """Scores of the anomalies, by the id of their transaction."""
    log_p = model(name).log_p_values(encode_history(history(600), model(name).schema))
    odd = np.flatnonzero(log_p <= model(name).log_alert_rate)
    return {int(place): float(score_of(np.exp(log_p[place]))) for place in odd}


async def found_by_a_worker(name: str, broker: str, folder: Path) -> dict[int, float]:
    made = fitted(name)
    kafka = Kafka(broker, folder, save_model(folder, made.manifest, made.pickle))
    async with kafka.worker():
        await kafka.produce(values())
        anomalies = await kafka.read_anomalies(len(found_offline(name)))
    return {anomaly.transaction["id"]: anomaly.score for anomaly in anomalies}


@pytest.mark.parametrize(
    "names", [NAMES[i : i + SIDE_BY_SIDE] for i in range(0, len(NAMES), SIDE_BY_SIDE)], ids=" ".join
)
def test_workers_score_as_their_detectors_do_offline(
    names: list[str], broker: str, tmp_path: Path
) -> None:
    for name in names:
        (tmp_path / name).mkdir()

    async def story() -> list[dict[int, float]]:
        return await asyncio.gather(
            *(found_by_a_worker(name, broker, tmp_path / name) for name in names)
        )

    for name, found in zip(names, asyncio.run(story()), strict=True):
        assert len(found) >= 3
        assert found == pytest.approx(found_offline(name), abs=1e-6), name
