"""Where alerts begin: budgets, shares, F-beta and costs, and what they need of a history."""

import dataclasses
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.core.arrays import Matrix
from anomaly_app.core.calibration import Calibration
from anomaly_app.errors import DataError
from tests.support.factories import history
from training.history import History, Labels
from training.threshold import (
    ALERT_RATE,
    ThresholdOptions,
    check_options,
    choose_threshold,
    transactions_a_day,
)
from training.threshold_rules import (
    MAX_RATE,
    Threshold,
    from_budget,
    from_costs,
    from_f_beta,
    from_quantile,
)

LOG_P = np.log([0.3, 0.001, 0.04, 0.002, 0.4, 0.01])
LABELS = np.array([False, True, False, True, False, False])

RULES: dict[str, Callable[[Matrix, Labels], Threshold]] = {
    "F0.5": lambda log_p, labels: from_f_beta(log_p, labels, 0.5),
    "F1": lambda log_p, labels: from_f_beta(log_p, labels, 1.0),
    "F2": lambda log_p, labels: from_f_beta(log_p, labels, 2.0),
    "dear misses": lambda log_p, labels: from_costs(log_p, labels, missed=50.0, false_alert=1.0),
    "cheap misses": lambda log_p, labels: from_costs(log_p, labels, missed=1.0, false_alert=50.0),
    "misses for nothing": lambda log_p, labels: from_costs(
        log_p, labels, missed=0.0, false_alert=1.0
    ),
}


def unlabelled(rows: int = 100) -> History:
    return dataclasses.replace(history(rows), labels=None)


def alerting(log_p: Matrix, threshold: Threshold) -> Labels:
    """What the worker would alert on."""
    alerts: Labels = log_p <= np.log(threshold.alert_rate)
    return alerts


def f_beta(alerts: Labels, labels: Labels, beta: float) -> float:
    caught = int((alerts & labels).sum())
    if caught == 0:
        return 0.0
    precision, recall = caught / alerts.sum(), caught / labels.sum()
    return float((1 + beta**2) * precision * recall / (beta**2 * precision + recall))


def cost(alerts: Labels, labels: Labels, missed: float, false_alert: float) -> float:
    return missed * int((labels & ~alerts).sum()) + false_alert * int((alerts & ~labels).sum())


def every_way_to_alert(log_p: Matrix) -> list[Labels]:
    """On nothing, and on all rows up to each of them that may be alerted on at all."""
    possible = [last for last in log_p.tolist() if last <= np.log(MAX_RATE)]
    return [log_p < -np.inf, *(log_p <= last for last in possible)]


@st.composite
def labelled_rows(draw: st.DrawFn) -> tuple[Matrix, Labels]:
    """Few different values, so that many rows are tied, and some beyond a p-value of a half."""
    rows = draw(st.lists(st.tuples(st.integers(-40, 0), st.booleans()), min_size=2, max_size=30))
    labels = np.array([label for _, label in rows])
    labels[0], labels[1] = True, False
    return np.array([value / 8.0 for value, _ in rows]), labels


@given(labelled_rows(), st.sampled_from([0.5, 1.0, 2.0]))
def test_no_threshold_has_a_better_f_beta(rows: tuple[Matrix, Labels], beta: float) -> None:
    log_p, labels = rows
    chosen = alerting(log_p, from_f_beta(log_p, labels, beta))
    best = max(f_beta(alerts, labels, beta) for alerts in every_way_to_alert(log_p))
    assert f_beta(chosen, labels, beta) == pytest.approx(best)


@given(labelled_rows(), st.sampled_from([(1, 1), (100, 1), (3, 2), (1, 30), (0, 1), (1, 0)]))
def test_no_threshold_costs_less(rows: tuple[Matrix, Labels], costs: tuple[int, int]) -> None:
    log_p, labels = rows
    missed, false_alert = costs
    threshold = from_costs(log_p, labels, missed=missed, false_alert=false_alert)
    least = min(cost(alerts, labels, missed, false_alert) for alerts in every_way_to_alert(log_p))
    assert cost(alerting(log_p, threshold), labels, missed, false_alert) == pytest.approx(least)


@pytest.mark.parametrize("rule", RULES.values(), ids=RULES.keys())
@given(rows=labelled_rows(), scale=st.sampled_from([1e-9, 1.0, 1e6]))
def test_a_rate_from_labels_is_above_0_and_at_most_a_half(
    rule: Callable[[Matrix, Labels], Threshold], rows: tuple[Matrix, Labels], scale: float
) -> None:
    log_p, labels = rows
    assert 0.0 < rule(log_p * scale, labels).alert_rate <= 0.5


@given(st.floats(1e-200, 1e200), st.floats(1e-100, 1e100))
def test_a_rate_from_a_budget_is_above_0_and_at_most_a_half(budget: float, traffic: float) -> None:
    assert 0.0 < from_budget(budget, traffic).alert_rate <= 0.5


def test_a_threshold_lies_between_the_last_row_that_alerts_and_the_next() -> None:
    best = from_f_beta(LOG_P, LABELS, 1.0)
    assert best.alert_rate == pytest.approx(np.sqrt(0.002 * 0.01))
    assert alerting(LOG_P, best).tolist() == LABELS.tolist()


@pytest.mark.parametrize(("false_alert", "alerts"), [(0.9, 3), (1.1, 1)])
def test_the_dearer_a_false_alert_the_fewer_alerts(false_alert: float, alerts: int) -> None:
    log_p, labels = np.log([0.0001, 0.001, 0.002, 0.1]), np.array([True, False, True, False])
    threshold = from_costs(log_p, labels, missed=1.0, false_alert=false_alert)
    assert alerting(log_p, threshold).sum() == alerts


@pytest.mark.parametrize("rarest", [-600.0, -20.0, -4.0])
def test_where_no_alert_is_worth_its_cost_nothing_alerts(rarest: float) -> None:
    log_p, labels = np.array([rarest, -3.0, -2.0, -1.0]), np.array([False, False, True, False])
    threshold = from_costs(log_p, labels, missed=1.0, false_alert=1.0)
    assert not alerting(log_p, threshold).any()
    assert threshold.rule.endswith("; no alert among them is worth its cost")
    dearer = from_costs(log_p, labels, missed=3.0, false_alert=1.0)
    assert alerting(log_p, dearer).sum() == 3
    assert "worth" not in dearer.rule


def test_rows_beyond_a_p_value_of_a_half_are_counted_as_what_they_are_missed() -> None:
    log_p, labels = np.log([0.1, 0.5, 0.8]), np.array([False, True, True])
    threshold = from_f_beta(log_p, labels, 2.0)
    assert "precision 50%, recall 50%" in threshold.rule
    assert alerting(log_p, threshold).sum() == 2


@pytest.mark.parametrize(
    ("threshold", "rule"),
    [
        (from_quantile(0.0025), "0.25% of ordinary rows"),
        (
            from_budget(12.5, 40_000),
            "at most 12.5 alerts a day on ordinary rows, at 40,000 rows a day",
        ),
        (
            from_f_beta(LOG_P, LABELS, 2.0),
            "best F2 on 2 labelled anomalies: 1.000 (precision 100%, recall 100%)",
        ),
        (
            from_costs(-np.arange(6.0), LABELS, missed=9.0, false_alert=1.0),
            "lowest cost at 9 for a missed anomaly and 1 for a false alert: 0.5 a row on 2 "
            "labelled anomalies",
        ),
    ],
)
def test_a_rule_says_in_words_where_alerts_begin(threshold: Threshold, rule: str) -> None:
    assert threshold.rule == rule


@pytest.mark.parametrize("alert_rate", [0.001, 0.02, 0.5])
def test_a_quantile_is_the_rate_itself(alert_rate: float) -> None:
    assert from_quantile(alert_rate).alert_rate == alert_rate


def test_a_budget_is_shared_out_among_the_transactions() -> None:
    assert from_budget(20, 10_000).alert_rate == 0.002
    assert from_budget(9_000, 10_000).alert_rate == 0.5


@pytest.mark.parametrize("held_back", [2_000, 20_000])
def test_alerts_on_fresh_ordinary_days_come_out_at_the_budget(held_back: int) -> None:
    traffic, budget = 10_000, 50
    threshold = from_budget(budget, traffic)
    rng = np.random.default_rng(1)
    alerts = []
    for _ in range(200):
        calibration = Calibration.fit(rng.exponential(size=held_back))
        day = calibration.log_p_values(rng.exponential(size=traffic))
        alerts.append(int(alerting(day, threshold).sum()))
    # The rate of one model is that beyond the row at 0.5 %, the 10th or the 100th of those held
    # back: it varies by 1 / sqrt(10) or 1 / sqrt(100). Days vary by sqrt(50) alerts besides.
    beyond = held_back * budget / traffic
    deviation = np.hypot(budget / np.sqrt(beyond), np.sqrt(budget))
    assert np.std(alerts) == pytest.approx(deviation, rel=0.25)
    # In expectation not above the budget: within three standard errors of the mean.
    assert np.mean(alerts) <= budget + 3 * deviation / np.sqrt(len(alerts))
    assert np.mean(alerts) >= 0.9 * budget


@pytest.mark.parametrize(
    ("rule", "expected"),
    [
        (ThresholdOptions(), from_quantile(ALERT_RATE)),
        (ThresholdOptions(alert_rate=0.03), from_quantile(0.03)),
        (ThresholdOptions(alerts_a_day=3, transactions_a_day=1_000), from_budget(3, 1_000)),
        (ThresholdOptions(f_beta=0.5), from_f_beta(LOG_P, LABELS, 0.5)),
        (ThresholdOptions(costs=(7, 2)), from_costs(LOG_P, LABELS, missed=7, false_alert=2)),
    ],
)
def test_each_rule_sets_its_threshold(rule: ThresholdOptions, expected: Threshold) -> None:
    held_back = dataclasses.replace(history(6, anomalies=2), labels=LABELS)
    check_options(rule, held_back)
    assert choose_threshold(rule, LOG_P, held_back) == expected


def test_traffic_is_that_of_the_history_unless_it_is_given() -> None:
    minutely = history(1_441)  # a day, and the first minute of the next
    assert transactions_a_day(minutely) == 1_441
    rule = ThresholdOptions(alerts_a_day=3)
    assert choose_threshold(rule, LOG_P, minutely) == from_budget(3, 1_441)
    given_too = dataclasses.replace(rule, transactions_a_day=300.0)
    assert choose_threshold(given_too, LOG_P, minutely) == from_budget(3, 300)


@pytest.mark.parametrize("times", [None, np.full(100, 5.0)])
def test_without_times_or_at_one_moment_there_is_no_traffic(times: Matrix | None) -> None:
    timeless = dataclasses.replace(history(100), times=times)
    assert transactions_a_day(timeless) is None
    with pytest.raises(DataError, match="add --transactions-per-day$"):
        check_options(ThresholdOptions(alerts_a_day=3), timeless)
    check_options(ThresholdOptions(alerts_a_day=3, transactions_a_day=9), timeless)


ONE_OF_EACH: dict[str, Any] = {
    "alert_rate": 0.1,
    "alerts_a_day": 4.0,
    "f_beta": 1.0,
    "costs": (5.0, 1.0),
}


@pytest.mark.parametrize("first", ONE_OF_EACH)
@pytest.mark.parametrize("second", ONE_OF_EACH)
def test_two_rules_contradict_each_other(first: str, second: str) -> None:
    given = {name: ONE_OF_EACH[name] for name in (first, second)}
    if first == second:
        check_options(ThresholdOptions(**given), history(100))
        return
    with pytest.raises(DataError, match="^[^\n]*--alert-rate, --alerts-per-day, --f-beta and") as e:
        ThresholdOptions(**given)
    assert "\n" not in str(e.value)


@pytest.mark.parametrize("alert_rate", [0.0, -0.1, 0.51, float("nan")])
def test_a_rate_out_of_range_is_refused(alert_rate: float) -> None:
    with pytest.raises(DataError, match="^--alert-rate must be above 0 and at most 0.5, not .*$"):
        check_options(ThresholdOptions(alert_rate=alert_rate), history(100))


@pytest.mark.parametrize("rule", [ThresholdOptions(f_beta=1.0), ThresholdOptions(costs=(5.0, 1.0))])
@pytest.mark.parametrize("labels", [None, np.zeros(100, dtype=bool), np.ones(100, dtype=bool)])
def test_rules_on_labels_need_both_kinds(rule: ThresholdOptions, labels: Labels | None) -> None:
    one_kind = dataclasses.replace(history(100), labels=labels)
    with pytest.raises(DataError, match="use --alert-rate or --alerts-per-day$") as refusal:
        check_options(rule, one_kind)
    assert "\n" not in str(refusal.value)
    check_options(rule, history(100))


def test_rules_without_labels_need_none() -> None:
    for rule in (
        ThresholdOptions(),
        ThresholdOptions(alert_rate=0.1),
        ThresholdOptions(alerts_a_day=1),
    ):
        check_options(rule, unlabelled())
