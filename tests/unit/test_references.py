"""The nearest of many reference rows, through a partition of them."""

import pickle
from dataclasses import dataclass
from pathlib import Path

import joblib
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.spatial.distance import cdist

from anomaly_app.core.arrays import Matrix
from anomaly_app.core.detectors.clustering import part
from anomaly_app.core.detectors.lanes import LANES, in_groups
from anomaly_app.core.detectors.references import COMPARED, DIFFERENCES, FEW, References
from anomaly_app.core.detectors.scaling import FARTHEST

UNLIMITED = 10**9


def references(rows: Matrix, seed: int = 0, budget: int | None = None) -> References:
    return References(rows, np.random.RandomState(seed), budget=budget)


def normal(rows: int, features: int, seed: int = 0) -> Matrix:
    made: Matrix = np.random.default_rng(seed).normal(size=(rows, features))
    return made


def groups_of_rows(rows: int, features: int, seed: int = 0) -> Matrix:
    """Ten groups that lie apart."""
    centres = 6.0 * normal(10, features, seed=99)
    return centres[np.arange(rows) % 10] + normal(rows, features, seed)


def single(matrix: Matrix) -> Matrix:
    return matrix.astype(np.float32).astype(np.float64)


def by_brute_force(rows: Matrix, of: Matrix, k: int) -> Matrix:
    exact = cdist(single(rows), single(of), "sqeuclidean")
    sorted_: Matrix = np.sort(exact, axis=1)[:, :k]
    return sorted_


@dataclass
class Case:
    rows: Matrix
    of: Matrix
    k: int


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """Any shape, from a few rows to several clusters, with tails, ties, copies and constants."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    features = draw(st.integers(1, 60))
    many = draw(st.integers(1, 200) | st.sampled_from([FEW, FEW + 1, 3 * FEW]))
    of = rng.normal(size=(many, features))
    match draw(st.sampled_from(["normal", "groups", "tails", "ties"])):
        case "groups":
            of += 10.0 * rng.integers(0, 4, size=(many, 1))
        case "tails":
            of = np.clip(of * 10.0 ** rng.uniform(-3, 9, size=(many, 1)), -FARTHEST, FARTHEST)
        case "ties":
            of = np.round(of)
    of[:, : draw(st.integers(0, features - 1))] = 3.0
    copied = draw(st.integers(0, many - 1))
    of[many - copied :] = of[0]
    fresh = of[rng.integers(0, many, 4)] + rng.normal(size=(4, features))
    rows = np.vstack([fresh, of[:1], of[-1:], np.full((1, features), FARTHEST)])
    return Case(rows, of, draw(st.integers(1, min(many, 20))))


@given(cases())
@settings(deadline=None)
def test_without_a_bound_distances_are_those_of_scipy(case: Case) -> None:
    found = references(case.of, budget=UNLIMITED).nearest(case.rows, case.k)
    exact = by_brute_force(case.rows, case.of, case.k)
    np.testing.assert_allclose(found, exact, rtol=2e-5, atol=1e-12)


@given(cases(), st.integers(1, 4 * FEW))
@settings(deadline=None)
def test_places_say_which_are_that_near_and_none_is_nearer_than_it_is(
    case: Case, budget: int
) -> None:
    searched = references(case.of, budget=budget)
    squared, places = searched.nearest_with_indices(case.rows, case.k)
    own = np.square(single(case.rows)[:, np.newaxis] - single(case.of)[places]).sum(axis=2)
    np.testing.assert_allclose(squared, own, rtol=2e-5, atol=1e-12)
    exact = by_brute_force(case.rows, case.of, case.k)
    assert (squared >= exact * (1 - 2e-5)).all()
    assert (np.diff(squared, axis=1) >= 0.0).all()


@pytest.mark.parametrize("budget", [1, 100, 160, 1_000])
def test_a_row_is_compared_with_no_more_than_the_budget_in_whole_groups(budget: int) -> None:
    searched = references(normal(5_000, 30), budget=budget)
    most = searched.most_compared(normal(50, 30, seed=1), 1)
    assert budget <= most < budget + LANES


def test_by_default_the_budget_is_larger_where_features_are_few() -> None:
    assert references(normal(10, 3)).budget == DIFFERENCES // 3
    assert references(normal(10, 100)).budget == COMPARED


def test_as_many_as_are_wanted_are_found_whatever_the_budget() -> None:
    # Each of the rows far out becomes a cluster of its own, which fills a group with nothing.
    far_out = np.diag(np.linspace(100.0, 1e6, 60))
    of = np.vstack([normal(2_000, 60), far_out])
    squared, places = references(of, budget=1).nearest_with_indices(far_out, 500)
    assert np.isfinite(squared).all()
    assert all(len(set(row)) == 500 for row in places.tolist())


def test_references_that_lie_in_groups_are_found_without_looking_at_most() -> None:
    searched = references(groups_of_rows(20_000, 36), budget=UNLIMITED)
    assert searched.most_compared(groups_of_rows(200, 36, seed=1), 5) < 8_000


def test_within_the_default_budget_nearly_all_of_the_nearest_are_found() -> None:
    # Thirty-six features that follow from six, as features of real data do.
    mixing = normal(6, 36, seed=5)
    of = np.tanh(normal(10_000, 6) @ mixing) + 0.1 * normal(10_000, 36, seed=2)
    rows = np.tanh(normal(200, 6, seed=3) @ mixing) + 0.1 * normal(200, 36, seed=4)
    found, exact = references(of).nearest(rows, 5), by_brute_force(rows, of, 5)
    assert (found <= exact[:, -1:] * (1 + 1e-5)).mean() > 0.95
    assert np.median(np.sqrt(found).mean(axis=1) / np.sqrt(exact).mean(axis=1)) < 1.0001


@pytest.mark.parametrize("share", [0.5, 0.99])
def test_of_a_row_that_was_given_often_each_copy_counts(share: float) -> None:
    of = normal(6_000, 4)
    copies = int(share * len(of))
    of[-copies:] = of[0]
    squared, places = references(of).nearest_with_indices(of[:1], copies + 2)
    assert (squared[0, : copies + 1] == 0.0).all()
    assert squared[0, copies + 1] > 0.0
    assert set(places[0, : copies + 1].tolist()) == {0}


def test_zero_and_minus_zero_are_the_same() -> None:
    _, places = references(np.array([[0.0], [-0.0], [1.0]])).nearest_with_indices(
        np.array([[0.0]]), 3
    )
    assert places.tolist() == [[0, 0, 2]]


def test_rows_that_are_all_equal_are_at_distance_0() -> None:
    assert not references(np.full((3_000, 5), 7.0)).nearest(np.full((2, 5), 7.0), 10).any()


@pytest.mark.parametrize("features", [1, 2, 500, 1_500])
def test_two_features_or_fifteen_hundred_will_do(features: int) -> None:
    of, rows = groups_of_rows(1_700, features), groups_of_rows(5, features, seed=1)
    found = references(of, budget=UNLIMITED).nearest(rows, 5)
    np.testing.assert_allclose(found, by_brute_force(rows, of, 5), rtol=2e-5)


def test_the_rows_that_are_given_stay_as_they_are() -> None:
    of = np.array([[-0.0, 1.0], [2.0, 3.0]], dtype=np.float32)
    references(of)  # type: ignore[arg-type]
    assert np.signbit(of[0, 0])


def contents(searched: References) -> list[npt.NDArray[np.generic]]:
    return [*searched.clusters, searched.indices]


def test_the_same_seed_gives_the_same_bytes_and_another_seed_others() -> None:
    of = normal(4_000, 6)
    assert pickle.dumps(references(of)) == pickle.dumps(references(of))
    assert pickle.dumps(references(of)) != pickle.dumps(references(of, seed=1))


@pytest.mark.parametrize("mapped", ["r", None])
def test_they_are_the_same_after_a_round_trip_through_a_file(
    tmp_path: Path, mapped: str | None
) -> None:
    searched, rows = references(normal(4_000, 6)), normal(20, 6, seed=1)
    joblib.dump(searched, tmp_path / "references")
    again = joblib.load(tmp_path / "references", mmap_mode=mapped)
    for before, after in zip(contents(searched), contents(again), strict=True):
        np.testing.assert_array_equal(before, after)
    np.testing.assert_array_equal(searched.nearest(rows, 5), again.nearest(rows, 5))


def test_a_row_alone_has_the_same_neighbours_as_among_others() -> None:
    searched, rows = references(normal(4_000, 30)), normal(40, 30, seed=1)
    alone = np.vstack([searched.nearest(rows[i : i + 1], 5) for i in range(len(rows))])
    np.testing.assert_array_equal(alone, searched.nearest(rows, 5))


@given(st.lists(st.integers(1, 40), min_size=1, max_size=8), st.integers(1, 5))
def test_each_row_lies_where_its_slot_says_and_the_rest_is_at_infinity(
    sizes: list[int], features: int
) -> None:
    rows = normal(sum(sizes), features).astype(np.float32)
    values, starts, slots = in_groups(rows, np.array(sizes))
    laid_out = values.reshape(-1, features, LANES).transpose(0, 2, 1).reshape(-1, features)
    np.testing.assert_array_equal(laid_out[slots], rows)
    assert np.isinf(np.delete(laid_out, slots, axis=0)).all()
    clusters = np.searchsorted(starts, slots // LANES, side="right") - 1
    assert np.bincount(clusters).tolist() == sizes


def test_each_row_is_parted_to_its_nearest_centre() -> None:
    rows = groups_of_rows(2_000, 8).astype(np.float32)
    centres, labels, distances = part(rows, 40, np.random.RandomState(0))
    exact = cdist(rows, centres)
    np.testing.assert_allclose(exact[np.arange(len(rows)), labels], exact.min(axis=1), rtol=1e-5)
    np.testing.assert_allclose(distances, exact.min(axis=1), rtol=1e-5)
    assert np.bincount(labels).min() > 0
