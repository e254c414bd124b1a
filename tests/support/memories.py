"""Models with a memory, and the memories of partitions that tests hold in a dictionary."""

from functools import cache

import numpy as np
import polars as pl
from msgspec.structs import replace

from anomaly_app.core.memory.layout import Plan
from anomaly_app.core.memory.partition_memory import PartitionMemory
from anomaly_app.core.memory.spec import MemorySpec, read_spec
from anomaly_app.core.model.model import Model
from anomaly_app.core.scoring.pipeline import Pipeline
from tests.support.factories import NOON
from training.fit import FitOptions, Fitted, fit_model
from training.history import History
from training.memory.remember import remember

ENTITY = ["count:1h", "sum:amount:1d", "zscore:amount:7d", "since_last", "first:shop"]
COUNTERPART = ["count:1h", "distinct:entity:1d", "mean:amount:1d"]

ENTITY_KEY = {"features": ENTITY}
COUNTERPART_KEY = {
    "name": "counterpart", "field": "shop", "features": COUNTERPART, "capacity": 2**10
}  # fmt: skip


@cache
def spec(*, two_keys: bool = False, capacity: int = 2**12) -> MemorySpec:
    entity = {**ENTITY_KEY, "capacity": capacity}
    return read_spec({"keys": [entity, COUNTERPART_KEY] if two_keys else [entity]})


def payments(rows: int = 2_000, seed: int = 0) -> History:
    random = np.random.default_rng(seed)
    return History(
        source="payments",
        frame=pl.DataFrame(
            {
                "amount": random.gamma(2.0, 10.0, rows).round(2),
                "shop": [f"shop-{i}" for i in random.integers(0, 25, rows)],
            }
        ),
        entities=pl.Series([f"card-{i}" for i in random.integers(0, 40, rows)]),
        ids=pl.Series(range(rows)),
        times=NOON + np.cumsum(random.exponential(60.0, rows)).round(3),
    )


@cache
def fitted_with_memory(
    *, two_keys: bool = False, alert_rate: float = 0.02, capacity: int = 2**12
) -> Fitted:
    history = remember(payments(), spec(two_keys=two_keys, capacity=capacity))
    fitted = fit_model(history, FitOptions(detector="isolation_forest"), version="1")
    # No history asks for as many alerts as some tests want.
    return fitted._replace(manifest=replace(fitted.manifest, alert_rate=alert_rate))


@cache
def model_with_memory(*, two_keys: bool = False, alert_rate: float = 0.02) -> Model:
    made = fitted_with_memory(two_keys=two_keys, alert_rate=alert_rate)
    return Model.from_bytes(made.manifest.to_json(), made.pickle, where="payments")


def pipeline_with_memory(*, two_keys: bool = False, alert_rate: float = 0.02) -> Pipeline:
    model = model_with_memory(two_keys=two_keys, alert_rate=alert_rate)
    return Pipeline(model, max_record_bytes=10_000, max_reasons=5)


class Memories:
    """The memories of all partitions of all topics, made when they are asked for."""

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self.found: dict[tuple[str, int], PartitionMemory] = {}

    def __call__(self, topic: str, partition: int) -> PartitionMemory:
        if (topic, partition) not in self.found:
            self.found[topic, partition] = PartitionMemory(self._plan)
        return self.found[topic, partition]
