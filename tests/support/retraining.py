"""Labels and histories for retraining."""

from dataclasses import replace
from typing import Any

import numpy as np

from anomaly_app.core.learning.label import About, Label, Verdict
from anomaly_app.core.model.model import Model
from tests.support.factories import history
from training.fit import FitOptions, fit_model
from training.history import History
from training.retraining.known_labels import KnownLabels, known_labels

FRAUD, EXPECTED = Verdict.FRAUD, Verdict.EXPECTED


def label(row: int, verdict: Verdict = FRAUD, **changes: Any) -> Label:
    """What somebody says of the transaction with this number; it was given long ago."""
    fields: dict[str, Any] = {
        "id": f"l-{row}-{verdict}",
        "about": About.TRANSACTION,
        "name": str(row),
        "verdict": verdict,
        "user": "ada",
        "at": 1.0,
    }
    return Label(**fields | changes)


def labels_of(frauds: Any, expected: Any = (), *, at: Any = None) -> KnownLabels:
    """Labels of rows by their numbers.

    Parameters
    ----------
    frauds, expected
        Numbers of rows.
    at
        When each row's label was given, by its number; None: long ago.
    """
    said = [(row, FRAUD) for row in frauds] + [(row, EXPECTED) for row in expected]
    return known_labels(
        label(int(row), verdict, at=1.0 if at is None else float(at[row])) for row, verdict in said
    )


def model_on(past: History, **options: Any) -> Model:
    """A model fitted on history; a fast one unless it is said otherwise."""
    chosen = FitOptions(**{"detector": "robust_zscore", **options})
    made = fit_model(past, chosen, version="1")
    return Model.from_bytes(made.manifest.to_json(), made.pickle, where="tests")


def first(past: History, rows: int) -> History:
    return past.take(np.arange(rows))


def unlabelled(rows: int = 2_000, seed: int = 0, **changes: Any) -> History:
    """The history of the factories, with its anomalies and without its label column."""
    return replace(history(rows, seed, **changes), labels=None)
