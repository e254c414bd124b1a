"""Injected outliers, and how often reasons name them in rows of many features."""

from functools import cache

import numpy as np
import pytest

from anomaly_app.core.arrays import Matrix
from anomaly_app.core.model.model import Model
from training.evaluation.reason_accuracy import EXPLAINED, KINDS, Accuracy, fit_on, reason_accuracy
from training.evaluation.synthetic_anomalies import BEYOND, NEARLY_CONSTANT, inject_outliers

FEATURES = 40


def wide(rows: int, seed: int) -> Matrix:
    """Rows of five factors, each of which moves all features, and of noise."""
    rng = np.random.default_rng(seed)
    loads = np.random.default_rng(99).normal(size=(5, FEATURES))
    made: Matrix = rng.normal(size=(rows, 5)) @ loads + rng.normal(size=(rows, FEATURES))
    return made


@cache
def figures(detector: str, many: int) -> list[Accuracy]:
    model, usual, fresh = fit_on(wide(1_200, seed=0), detector, seed=0)
    return reason_accuracy(model, usual, fresh, many, seed=1, tried=1_000)


@pytest.mark.parametrize(("detector", "least"), [("default", 0.95), ("isolation_forest", 0.85)])
@pytest.mark.parametrize("many", [1, 2])
def test_the_first_reason_is_a_changed_feature_among_many(
    detector: str, least: float, many: int
) -> None:
    *_, all_rows = figures(detector, many)
    assert all_rows.rows == EXPLAINED
    assert all_rows.first >= least


@pytest.mark.parametrize(("detector", "least"), [("default", 0.9), ("isolation_forest", 0.75)])
def test_two_changed_features_are_the_first_two_reasons(detector: str, least: float) -> None:
    assert figures(detector, 2)[-1].all >= least


def test_rows_are_counted_that_the_outlier_made_anomalous() -> None:
    found = figures("default", 1)
    assert [kind.kind for kind in found] == list(KINDS)
    assert all(0 < kind.rows <= EXPLAINED and kind.all <= kind.first for kind in found)


class Blind(Model):
    """A model that finds nothing odd."""

    def log_p_values(self, matrix: Matrix) -> Matrix:
        return np.zeros(len(matrix))


def test_there_is_no_share_of_no_rows() -> None:
    model, usual, fresh = fit_on(wide(1_200, seed=0), "robust_zscore", seed=0)
    model.__class__ = Blind
    found = reason_accuracy(model, usual, fresh, 1, seed=1, tried=50)
    assert [kind.rows for kind in found] == [0, 0, 0, 50]
    assert np.isnan([kind.first for kind in found]).tolist() == [True, True, True, False]


@pytest.mark.parametrize("many", [1, 3])
def test_only_the_reported_columns_are_changed_and_all_are_far_outside(many: int) -> None:
    usual, rows = wide(1_000, seed=0), wide(200, seed=1)
    injected, columns = inject_outliers(rows, usual, many, seed=2)
    changed = injected != rows
    assert [set(np.flatnonzero(row)) for row in changed] == [set(row) for row in columns]
    assert (changed.sum(axis=1) == many).all()
    low, high = np.quantile(usual, [0.01, 0.99], axis=0)
    beyond = np.maximum(low - injected, injected - high) / (high - low)
    assert beyond[changed].min() >= BEYOND[0] - 1e-9
    assert beyond[changed].max() <= BEYOND[1] + 1e-9
    assert 0.3 < (injected > high)[changed].mean() < 0.7


def test_each_seed_injects_the_same_again() -> None:
    usual, rows = wide(100, seed=0), wide(20, seed=1)
    first, again, other = (inject_outliers(rows, usual, 2, seed).rows for seed in (5, 5, 6))
    assert (first == again).all()
    assert (first != other).any()


def test_columns_that_hardly_vary_get_values_on_request_only_and_constant_ones_never() -> None:
    usual = wide(1_000, seed=0)[:, :3]
    usual[:, 0] = 7.0
    usual[: int(1_000 * NEARLY_CONSTANT) + 1, 1] = 0.0
    rows = wide(100, seed=1)[:, :3]
    assert set(inject_outliers(rows, usual, 1, seed=0).columns.ravel()) == {2}
    more = inject_outliers(rows, usual, 1, seed=0, hardly_varying=True).columns
    assert set(more.ravel()) == {1, 2}


def test_more_outliers_than_columns_that_vary_are_an_error() -> None:
    with pytest.raises(ValueError, match="larger sample"):
        inject_outliers(wide(5, seed=1), wide(100, seed=0), FEATURES + 1, seed=0)
