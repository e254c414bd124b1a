"""Judge records as a worker does, with the memory of what came before them."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple
from zlib import crc32

import numpy as np
import numpy.typing as npt
import polars as pl

from anomaly_app.core.memory.layout import Plan
from anomaly_app.core.memory.partition_memory import PartitionMemory
from anomaly_app.core.model.explain import Reason
from anomaly_app.core.model.model import Model
from anomaly_app.core.scoring.anomaly import Anomaly, to_anomaly, write_json
from anomaly_app.core.scoring.pipeline import Pipeline
from benchmarks.alerts.stream import Arrival, Sample
from training.fit import FitOptions, fit_model
from training.history import History
from training.memory import bind, read_preset
from training.memory.remember import events_of, remember
from training.threshold import ThresholdOptions

FITTED_ON = 40_000
"""Rows that a model is fitted on, drawn from the history: more would cost time."""

PARTITIONS = 4
BATCH = 4_096

BETWEEN_SAMPLES, IN_A_SAMPLE = 60.0, 10
"""Seconds between two samples of the traffic, and records in each."""

LEAST_DELAY, MEAN_DELAY = 0.02, 0.2
"""Seconds from a transaction's time until its anomaly is on the topic."""


class JudgedBy(NamedTuple):
    """A pipeline, and what its worker remembers when the stream begins."""

    pipeline: Pipeline
    memories: dict[int, PartitionMemory]
    next_offset: int


@dataclass(slots=True)
class Record:
    """A record as fetched from Kafka, and its row in the stream."""

    topic: str
    partition: int
    offset: int
    timestamp: int | None
    key: bytes | None
    value: bytes | None
    row: int


def learn(
    history: History,
    preset: str,
    *,
    topic: str,
    alert_rate: float,
    seed: int,
    past: History | None = None,
) -> JudgedBy:
    """Fit a model with a preset's memory on a history.

    Parameters
    ----------
    history
        What the model learns from, in the order of time.
    preset
        Name of the memory's preset.
    topic
        Name of the topic, and of the model.
    alert_rate
        Share of ordinary records that are anomalies.
    seed
        Of the detector.
    past
        What the worker remembers when the stream begins; None: the history.
    """
    bound = bind(read_preset(preset), history)
    remembered = remember(history, bound.spec, only_remembered=bound.only_remembered)
    rng = np.random.default_rng(seed)
    some = np.sort(rng.permutation(len(history))[:FITTED_ON])
    options = FitOptions(
        name=topic, threshold=ThresholdOptions(alert_rate=alert_rate), random_state=seed
    )
    fitted = fit_model(remembered.take(some), options, version="1")
    model = Model.from_bytes(fitted.manifest.to_json(), fitted.pickle, where=topic)
    pipeline = Pipeline(model, max_record_bytes=1_048_576, max_reasons=5)
    plan = Plan(bound.spec.keys[0])
    past = history if past is None else past
    events = events_of(past, plan, bound.spec)
    assert past.entities is not None  # noqa: S101
    places = partitions_of(past.entities)
    memories = {}
    for partition in range(PARTITIONS):
        memories[partition] = PartitionMemory(plan)
        memories[partition].observe(events.take(np.flatnonzero(places == partition)))
    return JudgedBy(pipeline, memories, len(past))


def partitions_of(entities: pl.Series) -> npt.NDArray[np.int64]:
    """Return the partition of each entity's records."""
    names = entities.unique().to_list()
    places = {name: crc32(str(name).encode()) % PARTITIONS for name in names}
    found: npt.NDArray[np.int64] = entities.replace_strict(places, return_dtype=pl.Int64).to_numpy()
    return found


def judge(
    by: JudgedBy, frame: pl.DataFrame, values: Sequence[bytes], topic: str, rng: np.random.Generator
) -> list[Arrival]:
    """Judge records in the order of time, and return the anomalies as they reach their topic.

    Parameters
    ----------
    by
        The pipeline, and its memories, which have these records afterwards.
    frame
        The records, with the columns ``entity``, ``time``, ``cause``, and maybe ``later_cause``:
        the cause of an earlier record of the entity, and ``later_oddity``, what was odd in it.
    values
        The records as bytes.
    topic
        Name of the topic of transactions.
    rng
        Source of the delays.
    """
    times = frame["time"].to_numpy()
    places = partitions_of(frame["entity"])
    at = times + LEAST_DELAY + rng.exponential(MEAN_DELAY, len(times))
    for partition in range(PARTITIONS):
        # Results of a partition keep the order of its records.
        rows = np.flatnonzero(places == partition)
        at[rows] = np.maximum.accumulate(at[rows])
    causes = _Causes(frame)
    manifest = by.pipeline.model.manifest
    arrivals: list[Arrival] = []
    records = [*_records(frame, values, places, topic, by.next_offset)]
    for begin in range(0, len(records), BATCH):
        batch = records[begin : begin + BATCH]
        verdict = by.pipeline.judge(batch, float(times[begin]), lambda _, place: by.memories[place])
        assert not verdict.rejected, verdict.rejected[0]  # noqa: S101
        for finding in verdict.findings:
            assert isinstance(finding.record, Record)  # noqa: S101
            row = finding.record.row
            anomaly = to_anomaly(finding, manifest, float(at[row]))
            arrivals.append(Arrival(float(at[row]), write_json(anomaly), causes.of(row, anomaly)))
    return sorted(arrivals, key=lambda arrival: arrival.at)


def sample(frame: pl.DataFrame, values: Sequence[bytes]) -> tuple[Sample, ...]:
    """Return what workers say of the traffic: some records of each minute.

    Parameters
    ----------
    frame, values
        As in `judge`.
    """
    times, entities = frame["time"].to_numpy(), frame["entity"].to_list()
    ends = np.arange(times[0] + BETWEEN_SAMPLES, times[-1], BETWEEN_SAMPLES)
    samples, begin = [], 0
    for at, end in zip(ends.tolist(), np.searchsorted(times, ends).tolist(), strict=True):
        rows = np.linspace(begin, end - 1, min(IN_A_SAMPLE, end - begin)).astype(int).tolist()
        if rows:
            samples.append(Sample(at, tuple((str(entities[row]), values[row]) for row in rows)))
        begin = end
    return tuple(samples)


class _Causes:
    """The causes of records, and of anomalies that are due to earlier records of their entity."""

    def __init__(self, frame: pl.DataFrame) -> None:
        self._causes = frame["cause"].to_list()
        has_later = "later_cause" in frame.columns
        self._later = frame["later_cause"].to_list() if has_later else None
        self._oddities = frame["later_oddity"].to_list() if has_later else None

    def of(self, row: int, anomaly: Anomaly) -> str | None:
        cause: str | None = self._causes[row]
        if cause is None and self._later is not None and self._oddities is not None:
            later, oddity = self._later[row], self._oddities[row]
            if later is not None and _is_left_over(oddity, anomaly.reasons[0]):
                return str(later)
        return cause


def _is_left_over(oddity: str, reason: Reason) -> bool:
    """Whether an entity is odd because its memory still has what was odd before.

    A mean over hours still is. A record's own value is not: it can only look odd the other way,
    since the memory expects more, or less, by now.
    """
    column, _, way = oddity.partition(" ")
    if column not in reason.feature:
        return False
    name = reason.feature.rpartition("/")[2]
    is_own = ":" not in name or name.startswith("relative:")
    actual, expected = reason.value, reason.expected
    if not is_own or not isinstance(actual, int | float) or not isinstance(expected, int | float):
        return True
    return ("up" if actual >= expected else "down") != way


def _records(
    frame: pl.DataFrame,
    values: Sequence[bytes],
    places: npt.NDArray[np.int64],
    topic: str,
    first: int,
) -> Iterator[Record]:
    """Yield the records; offsets have gaps, as in a topic with transactions."""
    keys = frame["entity"].to_list()
    stamps = (frame["time"].to_numpy() * 1_000.0).astype(np.int64).tolist()
    rows = zip(places.tolist(), stamps, keys, values, strict=True)
    for row, (place, stamp, key, value) in enumerate(rows):
        yield Record(topic, place, first + row, stamp, key.encode(), value, row)
