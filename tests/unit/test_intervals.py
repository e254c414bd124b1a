"""How sure measures are, and which rows count as independent."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binomtest
from sklearn.metrics import average_precision_score, roc_auc_score

from tests.support.factories import history
from training.evaluation.blocks import blocks_of
from training.evaluation.intervals import (
    DRAWS,
    MAX_THRESHOLDS,
    Bootstrap,
    binomial,
    differ,
    interval,
    judge,
    sure_enough,
)
from training.history import History
from training.metrics import measure


def alone(rows: int, seed: int = 0) -> Bootstrap:
    return Bootstrap(np.arange(rows), seed)


def scored(rows: int, anomalies: int, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = np.arange(rows) < anomalies
    return -np.abs(np.round(rng.normal(size=rows) + 2.0 * labels, 1)), labels


@pytest.mark.parametrize("anomalies", [10, 200])
def test_a_draw_measures_what_scikit_learn_measures_with_the_rows_weights(anomalies: int) -> None:
    log_p, labels = scored(700, anomalies)
    bootstrap = alone(700)
    draws = bootstrap.ranking(log_p, labels)
    for draw in (0, 7, DRAWS - 1):
        weights = bootstrap._times[draw][bootstrap.rows]
        if not weights[labels].any():
            continue
        precision = average_precision_score(labels, -log_p, sample_weight=weights)
        auc = roc_auc_score(labels, -log_p, sample_weight=weights)
        assert draws.average_precision[draw] == pytest.approx(precision, abs=1e-5)
        assert draws.roc_auc[draw] == pytest.approx(auc, abs=1e-5)


def test_more_anomalies_than_thresholds_are_measured_nearly_as_well() -> None:
    rng = np.random.default_rng(0)
    labels = np.arange(6_000) < 4 * MAX_THRESHOLDS
    log_p = -np.abs(rng.normal(size=6_000) + labels)
    draws = alone(6_000).ranking(log_p, labels)
    measured = average_precision_score(labels, -log_p)
    assert np.median(draws.average_precision) == pytest.approx(measured, abs=0.01)


def test_shares_of_independent_rows_have_nearly_the_binomial_interval() -> None:
    part = np.arange(5_000) < 250
    found = alone(5_000).share(part, np.ones(5_000, dtype=bool))
    exact = binomial(250, 5_000)
    assert found is not None
    assert found == pytest.approx(exact, rel=0.1)


@given(st.integers(1, 300), st.data())
def test_the_binomial_interval_is_the_exact_one(trials: int, data: st.DataObject) -> None:
    successes = data.draw(st.integers(0, trials))
    exact = binomtest(successes, trials).proportion_ci()
    assert binomial(successes, trials) == pytest.approx((exact.low, exact.high))


def test_none_of_few_is_not_certainly_none() -> None:
    part, whole = np.zeros(100, dtype=bool), np.arange(100) < 10
    found = alone(100).share(part, whole)
    assert found == binomial(0, 10)
    assert found is not None
    assert found.high > 0.3
    assert alone(100).share(part, part) is None, "nothing to divide by"


def test_rows_that_come_together_make_an_interval_wider() -> None:
    rng = np.random.default_rng(0)
    part = np.repeat(rng.random(100) < 0.3, 50)
    whole = np.ones(5_000, dtype=bool)
    blocks = Bootstrap(np.repeat(np.arange(100), 50)).share(part, whole)
    single = alone(5_000).share(part, whole)
    assert blocks is not None
    assert single is not None
    assert blocks.high - blocks.low > 4 * (single.high - single.low)


def test_what_was_measured_is_within_its_interval() -> None:
    drawn = np.linspace(0.4, 0.6, DRAWS)
    assert interval(drawn, 0.5) == pytest.approx((0.405, 0.595))
    assert interval(drawn, 0.1).low == 0.1
    assert interval(np.append(drawn, np.nan), 0.9).high == 0.9


def test_a_better_ranking_differs_and_an_equal_one_does_not() -> None:
    log_p, labels = scored(2_000, 60)
    bootstrap = alone(2_000)
    good = bootstrap.ranking(log_p, labels).average_precision
    blind = np.random.default_rng(1).normal(size=2_000)
    bad = bootstrap.ranking(blind, labels).average_precision
    nearly = bootstrap.ranking(log_p + blind * 0.01, labels).average_precision
    assert differ(good, bad)
    assert not differ(good, nearly)
    assert not differ(good, good)
    assert not differ(np.full(3, np.nan), good[:3])


def test_rows_without_time_and_entity_are_blocks_of_their_own() -> None:
    bare = dataclasses.replace(history(200), times=None, entities=None)
    np.testing.assert_array_equal(blocks_of(bare), np.arange(200))


def test_blocks_are_consecutive_rows_of_one_entity_and_never_cut_an_incident() -> None:
    labels = np.zeros(70, dtype=bool)
    labels[[7, 14, 21, 28]] = True  # four rows of card-0, one after the other
    made = dataclasses.replace(history(70, anomalies=1), labels=labels)
    blocks = blocks_of(made)
    entities = np.array(made.entities)
    for block in np.unique(blocks):
        rows = np.flatnonzero(blocks == block)
        assert len(set(entities[rows])) == 1
        assert set(np.diff(rows)) <= {7}, "each seventh row is of the same card"
    assert len(set(blocks[labels])) == 1
    assert np.bincount(blocks[entities == "card-1"]).max() == 3, "ten rows each: 3 in a block"


def test_few_incidents_do_not_tell_detectors_apart() -> None:
    labels = np.ones(40, dtype=bool)
    assert sure_enough(np.arange(40), labels)
    assert not sure_enough(np.arange(40) // 10, labels)


def one_kind(value: bool, *, known: int = 100) -> History:
    rows = np.arange(100)
    return dataclasses.replace(
        history(100, anomalies=5),
        labels=np.full(100, value) & (rows < known),
        labelled=rows < known,
    )


@pytest.mark.parametrize(
    ("made", "alerts", "precision", "recall"),
    [
        (one_kind(False), 10, 0.0, None),
        (one_kind(False), 0, None, None),
        (one_kind(True), 10, 1.0, 0.1),
        (one_kind(True), 0, None, 0.0),
        (one_kind(True, known=20), 10, 1.0, 0.5),
    ],
)
def test_what_has_nothing_to_be_divided_by_is_no_number(
    made: History, alerts: int, precision: float | None, recall: float | None
) -> None:
    log_p = np.where(np.arange(100) < alerts, -9.0, -1.0)
    metrics = measure(log_p, None, 0.01)
    judged = judge(Bootstrap(blocks_of(made)), log_p, metrics, made, 0.01)
    assert judged.metrics["alert_rate"] == alerts / 100
    for name, expected in (("precision", precision), ("recall", recall)):
        if expected is None:
            assert np.isnan(judged.metrics[name])
            assert name not in judged.intervals
        else:
            assert judged.metrics[name] == expected
            assert judged.intervals[name].low <= expected <= judged.intervals[name].high


def test_rows_that_nobody_labelled_are_neither_right_nor_wrong() -> None:
    made = history(400, anomalies=40)
    assert made.labels is not None
    known = np.arange(400) % 2 == 0
    labels = made.labels & known
    log_p = np.where(made.labels, -9.0, -1.0) - np.arange(400) * 1e-6
    half = dataclasses.replace(made, labels=labels, labelled=known)
    metrics = measure(log_p[known], labels[known], 0.01)
    judged = judge(Bootstrap(blocks_of(half)), log_p, metrics, half, 0.01)
    assert judged.metrics["precision"] == 1.0
    assert judged.metrics["recall"] == 1.0
    assert judged.draws is not None
    assert np.nanmin(judged.draws.average_precision) == pytest.approx(1.0)
