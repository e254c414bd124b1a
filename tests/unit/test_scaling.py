"""Features on one scale, and distances to the nearest rows."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm, rankdata

from anomaly_app.core.arrays import Matrix
from anomaly_app.core.detectors.knn import NearestNeighborsDetector
from anomaly_app.core.detectors.scaling import (
    FARTHEST,
    QUANTILES,
    NormalScores,
    Robust,
    Scaling,
    Standard,
    make_scaler,
)

SCALINGS: tuple[Scaling, ...] = ("standard", "robust", "normal_scores")


def column(*values: float) -> Matrix:
    return np.array(values)[:, np.newaxis]


def random_rows(rows: int = 400, features: int = 3, seed: int = 0) -> Matrix:
    sizes = 10.0 ** np.arange(features)
    made: Matrix = sizes * np.random.default_rng(seed).gamma(2.0, size=(rows, features))
    return made


def test_standard_features_have_mean_0_and_deviation_1() -> None:
    rows = random_rows()
    scaled = Standard(rows)(rows)
    np.testing.assert_allclose(scaled.mean(axis=0), 0.0, atol=1e-12)
    np.testing.assert_allclose(scaled.std(axis=0), 1.0)


@pytest.mark.parametrize("constant", [0.0, 7.0, 0.1, 1e9 + 0.1, -1e-9])
@pytest.mark.parametrize("scaler", [Standard, Robust, NormalScores])
def test_a_constant_feature_stays_at_0_and_another_value_is_so_far_away(
    scaler: type[Standard] | type[Robust] | type[NormalScores], constant: float
) -> None:
    scale = scaler(column(*[constant] * 30))
    assert scale(column(constant))[0, 0] == pytest.approx(0.0, abs=1e-6)
    farther = scale(column(constant - 5.0, constant + 2.0))[:, 0]
    assert farther.tolist() == pytest.approx([-5.0, 2.0], abs=1e-6)


@pytest.mark.parametrize("scaler", [Standard, Robust, NormalScores])
def test_scaled_values_are_held_within_the_farthest(
    scaler: type[Standard] | type[Robust] | type[NormalScores],
) -> None:
    scaled = scaler(random_rows(features=1))(column(-1e300, -1e15, 1e15, 1e300))
    assert scaled[:, 0].tolist() == [-FARTHEST, -FARTHEST, FARTHEST, FARTHEST]


def test_a_few_wild_values_do_not_move_the_robust_scale() -> None:
    rows = np.random.default_rng(0).normal(7.0, 3.0, (2_000, 1))
    wild = np.vstack([rows, np.full((20, 1), 1e6)])
    scaled = Robust(wild)(rows)
    assert np.median(scaled) == pytest.approx(0.0, abs=0.05)
    assert scaled.std() == pytest.approx(1.0, rel=0.1)


def test_where_nine_tenths_are_equal_the_deviation_is_the_robust_scale() -> None:
    rows = column(*[0.0] * 97, 5.0, 5.0, 5.0)
    assert Robust(rows)(column(5.0))[0, 0] == pytest.approx(5.0 / rows.std())


def test_normal_scores_are_normal_quantiles_of_mid_ranks() -> None:
    rows = random_rows(QUANTILES)
    expected = norm.ppf((rankdata(rows, axis=0) - 0.5) / len(rows))
    np.testing.assert_allclose(NormalScores(rows)(rows), expected, atol=1e-9)


def test_tied_values_share_the_middle_of_their_ranks() -> None:
    rows = np.round(random_rows(500, 1), 0)
    assert len(np.unique(rows)) < 100
    expected = norm.ppf((rankdata(rows, axis=0, method="average") - 0.5) / len(rows))
    np.testing.assert_allclose(NormalScores(rows)(rows), expected, atol=1e-9)


def test_of_many_values_some_describe_the_others_closely() -> None:
    rows = random_rows(8 * QUANTILES, 1)
    scale = NormalScores(rows)
    assert len(scale.values) <= QUANTILES
    expected = norm.ppf((rankdata(rows, axis=0) - 0.5) / len(rows))
    inside = np.abs(expected) < 2.0
    np.testing.assert_allclose(scale(rows)[inside], expected[inside], atol=0.02)
    # The extremes are kept as they are.
    np.testing.assert_allclose(scale(rows).max(), expected.max())
    np.testing.assert_allclose(scale(rows).min(), expected.min())


def test_between_two_training_values_normal_scores_lie_between_theirs() -> None:
    scale = NormalScores(column(1.0, 2.0, 4.0))
    one, two, three, four = scale(column(1.0, 2.0, 3.0, 4.0))[:, 0]
    assert three == pytest.approx((two + four) / 2)
    assert one < two < four


@given(st.lists(st.floats(-1e12, 1e12), min_size=2, max_size=40))
def test_normal_scores_rise_without_bound_beyond_the_extremes(raw: list[float]) -> None:
    rows = random_rows(300, 1)
    lowest, highest, deviation = rows.min(), rows.max(), rows.std()
    scale = NormalScores(rows)
    scores = scale(column(*sorted(raw)))[:, 0]
    assert (np.diff(scores) >= 0.0).all()
    ends = scale(column(lowest, highest))[:, 0]
    beyond = np.geomspace(1.0, 1e6, 7)
    np.testing.assert_allclose(
        scale(column(*(highest + beyond * deviation)))[:, 0], ends[1] + beyond
    )
    np.testing.assert_allclose(
        scale(column(*(lowest - beyond * deviation)))[:, 0], ends[0] - beyond
    )


def test_each_feature_is_scaled_for_itself() -> None:
    rows = random_rows()
    for scaling in SCALINGS:
        whole = make_scaler(scaling, rows)(rows)
        for j in range(rows.shape[1]):
            alone = make_scaler(scaling, rows[:, [j]])(rows[:, [j]])
            np.testing.assert_allclose(whole[:, [j]], alone, atol=1e-12)


def test_scaling_can_be_left_out_and_no_other_is_known() -> None:
    rows = random_rows()
    np.testing.assert_array_equal(make_scaler("none", rows)(rows), rows)
    with pytest.raises(ValueError, match="there is no scaling 'loud'; choose from 'standard'"):
        make_scaler("loud", rows)  # type: ignore[arg-type]


def mean_distance(row: Matrix, others: Matrix, neighbors: int) -> float:
    return float(np.sort(np.linalg.norm(others - row, axis=1))[:neighbors].mean())


def test_held_out_scores_leave_out_the_row_itself() -> None:
    rows = random_rows(60)
    detector = NearestNeighborsDetector(n_neighbors=3, scaling="none").fit(rows)
    expected = [-mean_distance(rows[i], np.delete(rows, i, axis=0), 3) for i in range(len(rows))]
    np.testing.assert_allclose(detector.held_out_scores(rows), expected, rtol=1e-4)
    counted_itself = [-mean_distance(row, rows, 3) for row in rows]
    np.testing.assert_allclose(detector.score_samples(rows), counted_itself, rtol=1e-4)


def test_held_out_scores_of_rows_that_were_not_learnt_from_leave_out_none() -> None:
    detector = NearestNeighborsDetector(n_neighbors=3).fit(random_rows(60))
    fresh = random_rows(20, seed=1)
    np.testing.assert_array_equal(detector.held_out_scores(fresh), detector.score_samples(fresh))


def test_a_row_that_was_learnt_twice_is_left_out_once() -> None:
    rows = np.vstack([random_rows(30), random_rows(30)[:1]])
    detector = NearestNeighborsDetector(n_neighbors=2, scaling="none").fit(rows)
    assert detector.held_out_scores(rows[:1])[0] == pytest.approx(
        -mean_distance(rows[0], rows[1:], 2), rel=1e-4
    )


@pytest.mark.parametrize("rows", [2, 3, 5])
def test_of_few_rows_all_others_are_neighbours(rows: int) -> None:
    few = random_rows(rows)
    detector = NearestNeighborsDetector(n_neighbors=5, scaling="none").fit(few)
    expected = [-mean_distance(few[i], np.delete(few, i, axis=0), 5) for i in range(rows)]
    np.testing.assert_allclose(detector.held_out_scores(few), expected, rtol=1e-4)
