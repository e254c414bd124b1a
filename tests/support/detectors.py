"""A history with planted anomalies, and every detector fitted on it."""

from functools import cache

import numpy as np
import polars as pl

from anomaly_app.core.arrays import Matrix
from anomaly_app.core.detectors import NEEDS_LABELS
from anomaly_app.core.model.model import Model
from tests.support.factories import NOON
from training.fit import FitOptions, Fitted, fit_model
from training.history import History
from training.threshold import ThresholdOptions

FEATURES = [f"f{i}" for i in range(6)]
SHOPS = ["food", "fuel", "books"]
ROWS = 1_500
FAR = 30.0
"""A planted value: ten standard deviations from anything."""


def numbers(rows: int, seed: int) -> Matrix:
    """Two groups of rows whose features go together."""
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).normal(size=(6, 6)) / 2 + np.eye(6)
    centres = 4.0 * np.sign(np.arange(rows) % 2 - 0.5)[:, np.newaxis]
    made: Matrix = rng.normal(size=(rows, 6)) @ mixing + centres
    return made


def plant(matrix: Matrix, rows: np.ndarray, seed: int = 0) -> np.ndarray:
    """Make one value of each of these rows odd, and tell which."""
    rng = np.random.default_rng(seed)
    planted = rng.integers(0, 6, len(rows))
    matrix[rows, planted] = FAR * rng.choice([-1.0, 1.0], len(rows))
    return planted


def history(rows: int = ROWS, *, gaps: float = 0.02, anomaly_every: int = 75) -> History:
    rng = np.random.default_rng(3)
    matrix, labels = numbers(rows, seed=0), np.zeros(rows, dtype=bool)
    labels[::anomaly_every] = True
    plant(matrix, np.flatnonzero(labels))
    frame = pl.DataFrame(dict(zip(FEATURES, matrix.T, strict=True)))
    missing = pl.Series(rng.random(rows) < gaps)
    shops = pl.Series("shop", rng.choice(SHOPS, rows, p=[0.6, 0.3, 0.1]))
    f0 = pl.when(missing).then(None).otherwise(pl.col("f0")).alias("f0")
    return History(
        source="made",
        frame=frame.with_columns(f0, shops),
        times=NOON + 60.0 * np.arange(rows, dtype=np.float64),
        labels=labels,
    )


def fit(name: str) -> Fitted:
    """Fit on a history with few anomalies, or with as many as it takes to learn from labels."""
    options = FitOptions(
        detector=name, threshold=ThresholdOptions(alert_rate=0.02), held_back=0.3, random_state=1
    )
    known = history(anomaly_every=10 if name in NEEDS_LABELS else 75)
    return fit_model(known, options, version="1")


fitted = cache(fit)


@cache
def model(name: str) -> Model:
    made = fitted(name)
    return Model.from_bytes(made.manifest.to_json(), made.pickle, where=name)
