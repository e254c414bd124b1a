"""Labelled data sets, and how they are split to benchmark detectors."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple, TypeAlias

import numpy as np
import numpy.typing as npt

from anomaly_app.core.arrays import Matrix
from anomaly_app.errors import DataError
from training.tables.npz import read_arrays

Protocol: TypeAlias = Literal["A", "C"]

PROTOCOLS: dict[Protocol, str] = {
    "A": "train on a random half of the ordinary rows, test on the other half and all anomalies",
    "C": "like A, but 2% of the training rows are anomalies, which are not tested on",
}

MAX_ROWS = 10_000
"""Maximum number of rows of a set; larger sets are subsampled at the same rate of anomalies."""

CONTAMINATION = 0.02
"""Share of anomalies among the training rows of protocol C."""


@dataclass(frozen=True)
class LabelledSet:
    """Rows with labels.

    Parameters
    ----------
    name
        Name of the file, without its suffix.
    matrix
        Shape ``(rows, features)``, finite.
    labels
        Whether each row is an anomaly; both kinds occur.
    """

    name: str
    matrix: Matrix
    labels: npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Split:
    """Training rows, and test rows with their labels."""

    train: Matrix
    test: Matrix
    labels: npt.NDArray[np.bool_]


def find_sets(folder: Path) -> list[Path]:
    """Return the npz files of a folder, sorted by name.

    Raises
    ------
    DataError
        The folder has none.
    """
    found = sorted(folder.glob("*.npz"))
    if not found:
        raise DataError(f"{folder} has no npz files: give a folder of files with arrays X and y")
    return found


def read_set(file: Path) -> LabelledSet:
    """Read arrays ``X`` (rows, features) and ``y`` (1 = anomaly).

    Raises
    ------
    DataError
        The file does not have these arrays, or they are unusable.
    """
    try:
        arrays = read_arrays(file)
        matrix = np.asarray(arrays["X"], dtype=np.float64)
        labels = np.asarray(arrays["y"]).astype(bool)
    except (OSError, ValueError, KeyError) as fault:
        raise DataError(f"cannot read {file} as arrays X and y: {fault}") from None
    table = matrix.ndim == 2 and labels.shape == matrix.shape[:1]  # noqa: PLR2004
    if not table or labels.all() or not labels.any():
        raise DataError(f"{file} needs a label in y for each row of X, and labels of both kinds")
    if not np.isfinite(matrix).all():
        raise DataError(f"{file} has missing or infinite values in X")
    return LabelledSet(file.stem, matrix, labels)


def split(labelled: LabelledSet, protocol: Protocol, seed: int) -> Split:
    """Split a set; with the same seed, both protocols have the same ordinary rows.

    Parameters
    ----------
    labelled
        The set.
    protocol
        See `PROTOCOLS`. In C, at least half of the anomalies are kept for the test.
    seed
        Random seed.
    """
    random = np.random.default_rng(seed)
    ordinary = random.permutation(np.flatnonzero(~labelled.labels))
    anomalies = random.permutation(np.flatnonzero(labelled.labels))
    if len(labelled.labels) > MAX_ROWS:
        rate = labelled.labels.mean()
        anomalies = anomalies[: max(round(MAX_ROWS * rate), 2)]
        ordinary = ordinary[: MAX_ROWS - len(anomalies)]
    half = len(ordinary) // 2
    contaminating = 0
    if protocol == "C":
        contaminating = min(
            round(half * CONTAMINATION / (1.0 - CONTAMINATION)), len(anomalies) // 2
        )
    test = np.concatenate([ordinary[half:], anomalies[contaminating:]])
    train = np.concatenate([ordinary[:half], anomalies[:contaminating]])
    return Split(
        labelled.matrix[random.permutation(train)], labelled.matrix[test], labelled.labels[test]
    )


class SplitOfSet(NamedTuple):
    """One split of one set."""

    file: Path
    protocol: Protocol
    seed: int
    parts: Split


def all_splits(
    files: Sequence[Path], protocols: Sequence[Protocol], seeds: int
) -> Iterator[SplitOfSet]:
    """Split each set by each protocol with each seed, in this order.

    Parameters
    ----------
    files
        See `read_set`.
    protocols
        See `PROTOCOLS`.
    seeds
        Number of seeds, from 0.

    Raises
    ------
    DataError
        A file is not a labelled set.
    """
    for file in files:
        labelled = read_set(file)
        for protocol in protocols:
            for seed in range(seeds):
                yield SplitOfSet(file, protocol, seed, split(labelled, protocol, seed))
