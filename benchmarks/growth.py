"""Measure how the cost per row grows with trees, features, batch size and partitions."""

import secrets
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from statistics import median

import msgspec
import numpy as np
import polars as pl
from aiokafka.structs import ConsumerRecord
from rich.progress import Progress

from anomaly_app.core.model.model import Model
from anomaly_app.core.scoring.pipeline import Pipeline
from benchmarks.broker import Broker
from benchmarks.catalogue import APP
from benchmarks.model import make_model
from benchmarks.records import marks
from benchmarks.results import Summary
from benchmarks.throughput import Load, measure_throughput
from benchmarks.topics import delete_topics, fill
from benchmarks.wiring import Wiring
from training.fit import FitOptions, fit_model
from training.history import History

TREES = (10, 25, 50, 100, 200, 400)
FEATURES = (2, 5, 10, 25, 50, 100)
BATCHES = (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192)
PARTITIONS = (1, 4, 16, 64)

USUAL_TREES, USUAL_FEATURES, USUAL_BATCH = 100, 10, 4096
TRAINING_ROWS = 5_000
ROUNDS = 3
MIN_SECONDS = 0.3
"""Minimum duration of a timing, over which calls are repeated."""


@dataclass(frozen=True)
class Point:
    """The cost per row at one value of a parameter."""

    panel: str
    at: int
    microseconds: Sequence[float]
    """Cost per row in each round."""

    def to_json(self) -> dict[str, object]:
        """Return the object to write as JSON."""
        cost = self.microseconds
        figure = f"µs per row at {self.at:,}"
        return Summary(
            f"growth with {self.panel}", figure, median(cost), min(cost), max(cost), at_least=False
        ).to_json()


def measure_growth(
    broker: Broker,
    faust: Path,
    folder: Path,
    progress: Progress,
    *,
    out: Path,
    machine: str,
    events: int,
) -> list[Point]:
    """Measure all parameters, and write ``bench-growth.json`` to `out`.

    Parameters
    ----------
    broker
        Broker to measure partitions on; the rest is measured in this process.
    faust
        Faust executable in the environment of the app.
    folder
        Folder for models and logs.
    progress
        Progress bar.
    out
        Folder for the results.
    machine
        Description of the machine.
    events
        Number of records in each topic.
    """
    points = [*_in_process(progress), *_with_partitions(broker, faust, folder, progress, events)]
    head = {"system": "machine", "figure": machine, "median": None, "min": None, "max": None}
    written = msgspec.json.encode([head, *(point.to_json() for point in points)])
    (out / "bench-growth.json").write_bytes(msgspec.json.format(written, indent=2) + b"\n")
    return points


def _in_process(progress: Progress) -> Iterator[Point]:
    cases = [
        *(("trees", trees, trees, USUAL_FEATURES, USUAL_BATCH) for trees in TREES),
        *(("features", count, USUAL_TREES, count, USUAL_BATCH) for count in FEATURES),
        *(("records in a batch", size, USUAL_TREES, USUAL_FEATURES, size) for size in BATCHES),
    ]
    calls = []
    for _, _, trees, features, batch in progress.track(cases, description="fitting"):
        pipeline = Pipeline(_model(trees, features), max_record_bytes=1_048_576, max_reasons=5)
        calls.append(partial(pipeline.judge, _records(features, batch), time.time()))
    # Interleaved rounds, so that noise does not affect all measurements of a case.
    rounds = [
        [_seconds(call) for call in progress.track(calls, description=f"round {number}")]
        for number in range(1, ROUNDS + 1)
    ]
    for case, *seconds in zip(cases, *rounds, strict=True):
        panel, at, *_, batch = case
        yield Point(panel, at, [each / batch * 1e6 for each in seconds])


def _model(trees: int, features: int) -> Model:
    rng = np.random.default_rng(trees)
    frame = pl.DataFrame({f"f{i}": rng.standard_normal(TRAINING_ROWS) for i in range(features)})
    options = FitOptions(
        detector="isolation_forest",
        params={"n_estimators": trees},
    )
    fitted = fit_model(History("growth", frame), options, version="1")
    return Model.from_bytes(fitted.manifest.to_json(), fitted.pickle, where="growth")


def _records(features: int, count: int) -> list[ConsumerRecord]:
    # Half the spread of training: no record is an anomaly, whose reasons would take time.
    rows = np.random.default_rng(1).standard_normal((count, features)).round(3) / 2
    named = [
        dict(zip((f"f{i}" for i in range(features)), row, strict=True)) for row in rows.tolist()
    ]
    return [
        ConsumerRecord(
            "growth", 0, index, 1_767_268_800_000, 0, b"card-1",
            msgspec.json.encode({"id": index, "entity": "card-1", "time": "2026-01-05T10:00:00Z",
                                 "features": each}),
            None, 6, 0, (),
        )
        for index, each in enumerate(named)
    ]  # fmt: skip


def _seconds(call: Callable[[], object]) -> float:
    """Return the 33rd percentile of the time of a call."""
    taken: list[float] = []
    end = time.perf_counter() + MIN_SECONDS
    while time.perf_counter() < end or not taken:
        begin = time.perf_counter()
        call()
        taken.append(time.perf_counter() - begin)
    return float(np.quantile(taken, 1 / 3))


def _with_partitions(
    broker: Broker, faust: Path, folder: Path, progress: Progress, events: int
) -> Iterator[Point]:
    model = make_model(folder / "models")
    for partitions in progress.track(PARTITIONS, description="partitions"):
        name = f"bench-{secrets.token_hex(3)}-{partitions}"
        wiring = Wiring(
            servers=broker.servers,
            topic=name,
            anomalies="",
            group=name,
            partitions=partitions,
            model=model.folder,
            forest=model.forest_file,
            faust=faust,
            folder=folder,
            embedded=broker.embedded,
        )
        warm_up = events // 5
        fill(
            broker.servers,
            name,
            events,
            partitions=partitions,
            marked=marks(events, partitions, warm_up=warm_up),
            advance=lambda _: None,
        )
        try:
            load = Load(name, events, warm_up, ())
            cost = [measure_throughput(APP, wiring, load).cpu_per_event for _ in range(ROUNDS)]
        finally:
            delete_topics(broker.servers, [name])
        yield Point("partitions", partitions, cost)
