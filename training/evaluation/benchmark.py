"""Benchmark detectors on labelled data sets."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import msgspec
from threadpoolctl import threadpool_limits

from anomaly_app.core.arrays import Matrix, Vector
from anomaly_app.core.detectors import make_detector
from training.evaluation.protocols import Protocol, SplitOfSet, all_splits
from training.metrics import rank_metrics

BATCH = 1_000
"""Number of rows scored in one call: about the batch of a worker under load."""

MIN_SECONDS = 0.05
"""Minimum time over which the cost of a score is measured."""


class Measurement(msgspec.Struct, frozen=True):
    """Result of one detector on one split of one set."""

    detector: str
    dataset: str
    protocol: str
    seed: int
    auc: float
    ap: float
    """Average precision."""
    us_per_row: float
    """Microseconds to score a row in batches on one thread, like a worker."""
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
        Names of detectors that need no labels.
    protocols
        See `training.evaluation.protocols.PROTOCOLS`.
    seeds
        Number of splits of each set and protocol.

    Raises
    ------
    DataError
        A file is not a labelled set.
    """
    for one in all_splits(files, protocols, seeds):
        for name in detectors:
            yield _measure(one, name)


def _measure(one: SplitOfSet, name: str) -> Measurement:
    parts = one.parts
    with threadpool_limits(1):  # as in a worker; more threads than matrices this small can use
        started = time.perf_counter()
        detector = make_detector(name, random_state=one.seed).fit(parts.train)
        fit_seconds = time.perf_counter() - started
        ranking = rank_metrics(-detector.score_samples(parts.test), parts.labels)
        return Measurement(
            detector=name,
            dataset=one.file.stem,
            protocol=one.protocol,
            seed=one.seed,
            auc=float(ranking.roc_auc),
            ap=float(ranking.average_precision),
            us_per_row=microseconds_per_row(detector.score_rows, parts.test),
            fit_seconds=fit_seconds,
        )


def microseconds_per_row(score: Callable[[Matrix], Vector], matrix: Matrix) -> float:
    """Return the median time to score a row in batches on one thread, in microseconds."""
    batch = matrix[:BATCH]
    spent: list[float] = []
    with threadpool_limits(1):
        score(batch)
        end = time.perf_counter() + MIN_SECONDS
        while time.perf_counter() < end or len(spent) < 3:  # noqa: PLR2004
            started = time.perf_counter()
            score(batch)
            spent.append(time.perf_counter() - started)
    return statistics.median(spent) / len(batch) * 1e6


class Average(msgspec.Struct, frozen=True):
    """Result of one detector in one protocol, averaged over the sets."""

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
