"""One Isolation Forest for all systems: as an artifact of the app, and alone for the others."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import joblib
import numpy as np
import polars as pl
from sklearn.ensemble import IsolationForest

from anomaly_app.core.model.manifest import Manifest
from anomaly_app.core.model.model import unpickle_model
from anomaly_app.registry.artifacts import load_model, save_model
from benchmarks.records import FEATURES, SEED, blocks
from training.fit import FitOptions, fit_model
from training.history import History

TRAINING_ROWS = 20_000


@dataclass(frozen=True)
class BenchModel:
    """The model in both forms.

    Parameters
    ----------
    folder
        Artifact of the app.
    forest_file
        The forest alone; its ``predict`` is -1 for the anomalies of the app.
    forest
        The same, loaded.
    """

    folder: Path
    forest_file: Path
    forest: IsolationForest


def make_model(folder: Path) -> BenchModel:
    """Fit on ordinary records that no system reads, and write both forms to `folder`."""
    ordinary = np.vstack([b.matrix[~b.injected] for b in blocks(TRAINING_ROWS, seed=SEED + 1)])
    history = History("benchmark", pl.DataFrame(dict(zip(FEATURES, ordinary.T, strict=True))))
    options = FitOptions(name="bench", detector="isolation_forest")
    fitted = fit_model(history, options, version="1")
    artifact = save_model(folder, fitted.manifest, fitted.pickle)
    load_model(artifact)  # checks the artifact before it is unpickled here
    estimator, _ = unpickle_model(fitted.pickle)
    forest = estimator["detector"].forest_
    forest.offset_ = -raw_threshold(fitted.manifest)
    forest_file = folder / "forest.joblib"
    joblib.dump(forest, forest_file)
    return BenchModel(artifact, forest_file, forest)


def raw_threshold(manifest: Manifest) -> float:
    """Return the highest raw score (high = abnormal, 0 to 1) that is not an anomaly."""
    log_alert_rate = float(np.log(manifest.alert_rate))
    return last_false(
        lambda raw: float(manifest.calibration.log_p_values(np.array([raw]))[0]) <= log_alert_rate
    )


def last_false(holds: Callable[[float], bool]) -> float:
    """Return the highest number from 0 to 1 for which a monotonic condition does not hold."""
    low, high = 0.0, 1.0
    while low < (middle := (low + high) / 2) < high:
        low, high = (low, middle) if holds(middle) else (middle, high)
    return low
