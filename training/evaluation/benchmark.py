"""Detectors compared over a folder of labelled sets."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from itertools import product
from pathlib import Path

import msgspec
from sklearn.metrics import average_precision_score, roc_auc_score
from threadpoolctl import threadpool_limits

from anomaly_app.core.arrays import Matrix
from anomaly_app.core.detectors import make_detector
from training.evaluation.protocols import LabelledSet, Protocol, read_set, split

BATCH = 1_000
"""Rows scored in one call: about what a worker under load has in hand."""

LEAST_SECONDS = 0.05
"""Time over which a score's cost is measured at least."""


class Measurement(msgspec.Struct, frozen=True):
    """How one detector did on one split of one set."""

    detector: str
    dataset: str
    protocol: str
    seed: int
    auc: float
    ap: float
    """Average precision."""
    us_per_row: float
    """Microseconds to score a row, in batches on one thread: as a worker scores them."""
    fit_seconds: float


def benchmark(
    files: Sequence[Path], detectors: Sequence[str], protocols: Sequence[Protocol], seeds: int
) -> Iterator[Measurement]:
    """Fit and measure each detector on each split of each set.

    Parameters
    ----------
    files
        See `training.evaluation.protocols.read_set`.
    detectors
        Names, of detectors that need no labels.
    protocols
        See `training.evaluation.protocols.PROTOCOLS`.
    seeds
        Splits of each set: seeds 0 up to this, less one.

    Raises
    ------
    DataError
        A file is no labelled set.
    """
    for file in files:
        labelled = read_set(file)
        for protocol, seed, name in product(protocols, range(seeds), detectors):
            yield _measure(labelled, protocol, seed, name)


def _measure(labelled: LabelledSet, protocol: Protocol, seed: int, name: str) -> Measurement:
    parts = split(labelled, protocol, seed)
    with threadpool_limits(1):  # as in a worker; more threads than matrices this small can use
        started = time.perf_counter()
        detector = make_detector(name, random_state=seed).fit(parts.train)
        fit_seconds = time.perf_counter() - started
        scores = -detector.score_samples(parts.test)
        return Measurement(
            detector=name,
            dataset=labelled.name,
            protocol=protocol,
            seed=seed,
            auc=float(roc_auc_score(parts.labels, scores)),
            ap=float(average_precision_score(parts.labels, scores)),
            us_per_row=microseconds_per_row(detector.score_rows, parts.test),
            fit_seconds=fit_seconds,
        )


def microseconds_per_row(score: Callable[[Matrix], Matrix], matrix: Matrix) -> float:
    """Measure what scoring a row costs in batches, on one thread: the median of some calls."""
    batch = matrix[:BATCH]
    spent: list[float] = []
    with threadpool_limits(1):
        score(batch)
        end = time.perf_counter() + LEAST_SECONDS
        while time.perf_counter() < end or len(spent) < 3:  # noqa: PLR2004
            started = time.perf_counter()
            score(batch)
            spent.append(time.perf_counter() - started)
    return statistics.median(spent) / len(batch) * 1e6


class Average(msgspec.Struct, frozen=True):
    """How one detector did in one protocol, averaged over the sets."""

    detector: str
    protocol: str
    auc: float
    ap: float
    us_per_row: float
    """Median over the sets."""
    fit_seconds: float


def averages(measurements: Sequence[Measurement]) -> list[Average]:
    """Average over seeds, then over sets; best average precision first within a protocol."""
    groups: dict[tuple[str, str], list[Measurement]] = {}
    for one in measurements:
        groups.setdefault((one.protocol, one.detector), []).append(one)
    made = [
        Average(
            detector=detector,
            protocol=protocol,
            auc=statistics.fmean(m.auc for m in group),
            ap=statistics.fmean(m.ap for m in group),
            us_per_row=statistics.median(m.us_per_row for m in group),
            fit_seconds=statistics.fmean(m.fit_seconds for m in group),
        )
        for (protocol, detector), group in groups.items()
    ]
    return sorted(made, key=lambda average: (average.protocol, -average.ap))
