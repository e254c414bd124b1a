"""What retraining on labels is worth, on simulated cards, and that noise is worth nothing."""

from collections import Counter
from dataclasses import replace
from functools import cache

import numpy as np
import polars as pl

from anomaly_app.core.model.model import Model
from demo.simulators import SIMULATORS
from tests.support.retraining import first, labels_of, model_on, unlabelled
from training.history import History
from training.retraining import wording
from training.retraining.judging import Outcome
from training.retraining.known_labels import KnownLabels
from training.retraining.retrain import choices_of, retrain

HOUR = 3_600.0

ROWS, SEEN = 12_000, 4_000
"""Of the history, and those that the old model has seen."""


@cache
def with_new_merchants() -> tuple[History, list[int], list[int]]:
    """Cards, of which some begin to pay for charging a car, far away; and who did, and frauds."""
    past = SIMULATORS["cards"].simulate(ROWS, seed=3).history
    assert past.labels is not None
    rng = np.random.default_rng(0)
    ordinary = np.flatnonzero(~past.labels)
    chosen = np.sort(rng.choice(ordinary[ordinary > SEEN], 150, replace=False))
    is_new = pl.Series(np.isin(np.arange(len(past)), chosen))
    values: dict[str, pl.Expr] = {
        "category": pl.lit("charging"),
        "amount": pl.lit(pl.Series(rng.normal(900.0, 40.0, len(past)))),
        "distance_km": pl.lit(pl.Series(rng.normal(300.0, 10.0, len(past)))),
    }
    frame = past.frame.with_columns(
        pl.when(is_new).then(value).otherwise(pl.col(name)).alias(name)
        for name, value in values.items()
    )
    frauds = np.flatnonzero(past.labels)
    return replace(past, frame=frame, labels=None), chosen.tolist(), frauds.tolist()


@cache
def old_model() -> Model:
    return model_on(first(with_new_merchants()[0], SEEN), detector="default")


def test_what_was_answered_expected_stops_alerting_and_frauds_are_ranked_better() -> None:
    past, charging, frauds = with_new_merchants()
    assert past.times is not None
    known = labels_of(frauds, charging, at=past.times + HOUR)
    options = choices_of(old_model())
    found = retrain(old_model(), past, known, options, version="2").judgement
    assert found.old.false_alarms is not None
    assert found.new.false_alarms is not None
    assert found.old.false_alarms.value > 0.9
    assert found.new.false_alarms.value < 0.1
    assert found.outcome == Outcome.BETTER
    assert wording.verdict(found).startswith("version 2 is better than version 1: from")

    # It is the answers that do it: without them, the same rows are trimmed, and alert for ever.
    fewer = labels_of(frauds, at=past.times + HOUR)
    judged = retrain(old_model(), past, fewer, options, version="2").judgement
    of_charging = np.isin(np.asarray(judged.history.ids), charging)
    assert judged.new.alerts[of_charging].mean() > 0.9


def test_answers_that_come_after_the_cut_are_judged_by_and_not_learnt() -> None:
    past, charging, frauds = with_new_merchants()
    assert past.times is not None
    late = np.full(len(past), past.times.max())
    known = labels_of(frauds, charging, at=late)
    options = choices_of(old_model())
    retrained = retrain(old_model(), past, known, options, version="2")
    assert (retrained.lesson.left_out, retrained.lesson.certain) == (0, 0)
    assert int(retrained.judgement.verdicts.expected.sum()) > 20
    without = retrain(old_model(), past, KnownLabels(), options, version="2")
    assert without.fitted.pickle == retrained.fitted.pickle


def test_labels_that_are_noise_are_no_improvement() -> None:
    outcomes: Counter[Outcome] = Counter()
    for seed in range(12):
        past = unlabelled(3_000, seed, anomalies=30)
        assert past.times is not None
        rng = np.random.default_rng(seed)
        rows = rng.choice(3_000, 400, replace=False)
        known = labels_of(rows[:200], rows[200:], at=past.times + 600.0)
        old = model_on(first(past, 900))
        found = retrain(old, past, known, choices_of(old), version="2").judgement
        outcomes[found.outcome] += 1
        assert "is better than version 1" not in wording.verdict(found)
        assert "does not alert on known frauds more often" in " ".join(wording.cautions(found))
    assert outcomes[Outcome.BETTER] == outcomes[Outcome.UNKNOWN] == 0
