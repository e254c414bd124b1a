"""Labelled sets split as the benchmark of detectors wants them."""

from dataclasses import dataclass
from pathlib import Path
from typing import Literal, TypeAlias

import numpy as np
import numpy.typing as npt

from anomaly_app.core.arrays import Matrix
from anomaly_app.errors import DataError
from training.tables.npz import read_arrays

Protocol: TypeAlias = Literal["A", "C"]

PROTOCOLS: dict[Protocol, str] = {
    "A": "train on a random half of the ordinary rows, test on the others and all anomalies",
    "C": "as A, with 2% anomalies among the training rows, which are not tested on",
}

MOST_ROWS = 10_000
"""Larger sets are subsampled, with their rate of anomalies kept."""

DIRT = 0.02
"""Share of anomalies among the training rows of protocol C."""


@dataclass(frozen=True)
class LabelledSet:
    """Rows with the truth about them.

    Parameters
    ----------
    name
        Of the file.
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
    """What a detector learns from, and what it is tested on."""

    train: Matrix
    test: Matrix
    labels: npt.NDArray[np.bool_]


def find_sets(folder: Path) -> list[Path]:
    """List the npz files of a folder, by name.

    Raises
    ------
    DataError
        There is none.
    """
    found = sorted(folder.glob("*.npz"))
    if not found:
        raise DataError(f"{folder} holds no npz file: name a folder of files with arrays X and y")
    return found


def read_set(file: Path) -> LabelledSet:
    """Read arrays ``X`` (rows, features) and ``y`` (1 = anomaly).

    Raises
    ------
    DataError
        The file does not hold them.
    """
    try:
        arrays = read_arrays(file)
        matrix = np.asarray(arrays["X"], dtype=np.float64)
        labels = np.asarray(arrays["y"]).astype(bool)
    except (OSError, ValueError, KeyError) as fault:
        raise DataError(f"{file} cannot be read as arrays X and y: {fault}") from None
    table = matrix.ndim == 2 and labels.shape == matrix.shape[:1]  # noqa: PLR2004
    if not table or labels.all() or not labels.any():
        raise DataError(f"{file} needs a label in y for each row of X, and both kinds of rows")
    if not np.isfinite(matrix).all():
        raise DataError(f"{file} holds missing or infinite values in X")
    return LabelledSet(file.stem, matrix, labels)


def split(labelled: LabelledSet, protocol: Protocol, seed: int) -> Split:
    """Split a set; the same seed gives both protocols the same ordinary rows.

    Parameters
    ----------
    labelled
        The set.
    protocol
        See `PROTOCOLS`. In C at least half of the anomalies are left for the test.
    seed
        Of everything random.
    """
    random = np.random.default_rng(seed)
    ordinary = random.permutation(np.flatnonzero(~labelled.labels))
    anomalies = random.permutation(np.flatnonzero(labelled.labels))
    if len(labelled.labels) > MOST_ROWS:
        rate = labelled.labels.mean()
        anomalies = anomalies[: max(round(MOST_ROWS * rate), 2)]
        ordinary = ordinary[: MOST_ROWS - len(anomalies)]
    half = len(ordinary) // 2
    dirt = 0
    if protocol == "C":
        dirt = min(round(half * DIRT / (1.0 - DIRT)), len(anomalies) // 2)
    test = np.concatenate([ordinary[half:], anomalies[dirt:]])
    train = np.concatenate([ordinary[:half], anomalies[:dirt]])
    return Split(
        labelled.matrix[random.permutation(train)], labelled.matrix[test], labelled.labels[test]
    )
