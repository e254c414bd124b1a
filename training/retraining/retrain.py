"""Fit a new version of a model on history and labels, and judge it against the old one."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from anomaly_app.core.detectors import NEEDS_LABELS
from anomaly_app.core.model.manifest import Manifest
from anomaly_app.core.model.model import Model
from training.fit import FitOptions, Fitted, fit_model
from training.history import History
from training.retraining.joining import join, verdicts_of, with_label_column
from training.retraining.judging import Judgement, judge_both
from training.retraining.kept import Kept, KeptFrauds, kept_frauds, kept_history, with_kept
from training.retraining.known_labels import KnownLabels
from training.retraining.learning import HOLDOUT, Cut, Lesson, cut_of, judged_rows, lesson_of
from training.threshold import ThresholdOptions


@dataclass(frozen=True)
class Retrained:
    """A new version, and how it compares with the old one.

    Parameters
    ----------
    fitted
        The new version, ready to be written.
    cut
        Where what was learnt ends.
    lesson
        What was learnt.
    judgement
        The comparison.
    joined
        Number of rows to which labels apply.
    kept
        Frauds that only the store still has; None if there are none.
    """

    fitted: Fitted
    cut: Cut
    lesson: Lesson
    judgement: Judgement
    joined: int
    kept: KeptFrauds | None = None


def choices_of(model: Model, threshold: ThresholdOptions | None = None) -> FitOptions:
    """Return the options of a fit that makes the same choices as a model.

    Parameters
    ----------
    model
        The old model.
    threshold
        Where alerts begin; None: as the old model, by its budget or its alert rate.
    """
    manifest = model.manifest
    return FitOptions(
        name=manifest.name,
        detector=manifest.detector,
        params=model.params,
        threshold=threshold_of(manifest) if threshold is None else threshold,
        held_back=held_back_of(manifest),
        random_state=manifest.random_state,
    )


def threshold_of(manifest: Manifest) -> ThresholdOptions:
    """Return where the alerts of a model begin."""
    if manifest.alerts_a_day is not None:
        return ThresholdOptions(alerts_a_day=manifest.alerts_a_day)
    return ThresholdOptions(alert_rate=manifest.alert_rate)


def held_back_of(manifest: Manifest) -> float:
    """Return the share of the rows that calibrated a model, to two decimals."""
    training = manifest.training
    share = training.held_back / max(training.rows + training.held_back, 1)
    return min(max(round(share, 2), 0.01), 0.99)


def retrain(
    old: Model,
    history: History,
    known: KnownLabels,
    options: FitOptions,
    *,
    version: str,
    holdout: float = HOLDOUT,
    stored: Sequence[Kept] = (),
) -> Retrained:
    """Fit a new version, and judge it against the old one.

    Parameters
    ----------
    old
        The model to compare with.
    history
        In time order, with the columns of the old model, those of its memory as well.
    known
        All labels that were ever given.
    options
        Of the fit; see `choices_of`.
    version
        Of the new artifact.
    holdout
        Share of the rows, the latest, that are judged and not learnt.
    stored
        Labelled transactions of the store; those that are older than the history are learnt if
        they are known to be expected.

    Raises
    ------
    DataError
        The history has no times, or too few rows to learn from or to judge on.
    """
    cut = cut_of(history, holdout, old.manifest.training.trained_until)
    joined = join(history, known)
    lesson = lesson_of(history, joined, cut, options.detector)
    kept = kept_history(stored, old.schema, history)
    said = {} if kept is None else join(kept, known)
    if kept is not None and options.detector not in NEEDS_LABELS:
        lesson = with_kept(lesson, kept, said, cut.at)
    fitted = fit_model(lesson.history, options, version=version)
    new = Model.from_bytes(fitted.manifest.to_json(), fitted.pickle, where="the new version")
    rows = judged_rows(history, cut)
    # Today's knowledge: whoever judges may know more than whoever learns.
    verdicts = verdicts_of(joined, len(history), np.inf)
    verdicts = with_label_column(verdicts, history).take(rows)
    judgement = judge_both(
        *(old, new, history.take(np.flatnonzero(rows)), verdicts),
        seed=options.random_state,
    )
    frauds = None if kept is None else kept_frauds(kept, said, old, new)
    return Retrained(fitted, cut, lesson, judgement, len(joined), frauds)
