"""What is learnt: rows before a cut, without frauds, by the labels known at the cut."""

import dataclasses
from typing import NamedTuple

import numpy as np

from anomaly_app.core.arrays import Vector
from anomaly_app.core.detectors import NEEDS_LABELS
from anomaly_app.core.times import iso_time
from anomaly_app.errors import DataError
from training.fit import MIN_ROWS
from training.history import History, Labels
from training.retraining.joining import Joined, Verdicts, verdicts_of

HOLDOUT = 0.2
"""Default share of the rows, the latest, to judge on and not learn from."""


class Cut(NamedTuple):
    """Where what is learnt ends, and what is judged begins."""

    at: float
    """Seconds since the epoch: rows up to it are learnt, by what was known at it."""
    judged_after: float
    """Rows after it have been seen by neither model; at least `at`."""


class Lesson(NamedTuple):
    """What is learnt."""

    history: History
    """Its `certain` rows must not be trimmed."""
    left_out: int
    """Frauds."""
    certain: int
    """Rows known to be ordinary."""
    disputed: int
    """Rows taken as if nothing had been said of them."""
    kept: int = 0
    """Rows among the certain ones that only the store still has."""


def cut_of(history: History, holdout: float, seen_until: float | None) -> Cut:
    """Choose the cut.

    Parameters
    ----------
    history
        In time order.
    holdout
        Share of the rows to judge on, the latest, above 0 and below 1.
    seen_until
        Last time that the old model has seen; None if it is unknown.

    Raises
    ------
    DataError
        The history has no times, or too few rows are left to judge on.
    """
    times = _times(history)
    last_learnt = max(len(times) - max(int(len(times) * holdout), 1), 1) - 1
    at = float(times[last_learnt])
    cut = Cut(at, at if seen_until is None else max(at, seen_until))
    left = int(np.sum(times > cut.judged_after))
    if left < MIN_ROWS:
        seen = cut.judged_after > at
        raise DataError(
            f"{left:,} rows of {history.source} are later than {iso_time(cut.judged_after)}, up to "
            f"which {'the old model has seen' if seen else 'the new model learns from'} the data, "
            f"and {MIN_ROWS} are needed to judge on: give "
            f"{'newer data, or an older model with --against' if seen else 'more data'}"
        )
    return cut


def lesson_of(history: History, joined: Joined, cut: Cut, detector: str) -> Lesson:
    """Select what is learnt.

    Frauds are left out, and rows that are known to be ordinary are certain. A detector that learns
    from labels gets both instead. The label column of a history is not used: it does not say when
    its labels were known.

    Parameters
    ----------
    history
        In time order, with times.
    joined
        What was said of its rows.
    cut
        Later rows are not learnt, and what was said later is not known.
    detector
        One of `anomaly_app.core.detectors.DETECTORS`.
    """
    before: Labels = _times(history) <= cut.at
    known = verdicts_of(joined, len(history), cut.at).take(before)
    learnt = history.take(np.flatnonzero(before))
    if detector in NEEDS_LABELS:
        labelled = known.fraud | known.expected
        learnt = dataclasses.replace(learnt, labels=known.fraud, labelled=labelled)
        return _lesson(learnt, known, left_out=0)
    certain = known.expected if known.expected.any() else None
    learnt = dataclasses.replace(learnt, labels=None, labelled=None, certain=certain)
    return _lesson(learnt.take(np.flatnonzero(~known.fraud)), known, int(known.fraud.sum()))


def judged_rows(history: History, cut: Cut) -> Labels:
    """Return whether each row is judged, shape ``(rows,)``."""
    judged: Labels = _times(history) > cut.judged_after
    return judged


def _times(history: History) -> Vector:
    if history.times is None:
        raise DataError(
            f"retraining needs the time of each row, and {history.source} has none: set --roles "
            "time=COLUMN"
        )
    return history.times


def _lesson(history: History, known: Verdicts, left_out: int) -> Lesson:
    return Lesson(history, left_out, int(known.expected.sum()), int(known.disputed.sum()))
