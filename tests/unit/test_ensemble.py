"""What the default is made of: each member against its definition, and what they are for."""

import numpy as np
import numpy.typing as npt
import pytest
from scipy.spatial.distance import cdist
from scipy.stats import rankdata
from sklearn.metrics import roc_auc_score

from anomaly_app.core.arrays import Matrix
from anomaly_app.core.detectors import make_detector
from anomaly_app.core.detectors.ensemble import MEMBERS, EnsembleDetector
from anomaly_app.core.detectors.gaussian_mixture import GaussianMixtureDetector
from anomaly_app.core.detectors.neighbourhood import AROUND, Neighbourhood
from anomaly_app.core.detectors.tiny_subsamples import ROWS, SUBSAMPLES, TinySubsamples
from anomaly_app.core.detectors.whitening import WhitenedNormalScores, distances


def random_rows(rows: int = 200, features: int = 3, seed: int = 0) -> Matrix:
    made: Matrix = np.random.default_rng(seed).normal(size=(rows, features))
    return made


def random_state() -> np.random.RandomState:
    return np.random.RandomState(0)


def auc(score: Matrix, truth: npt.NDArray[np.bool_]) -> float:
    return float(roc_auc_score(truth, score))


def mean_to_nearest(rows: Matrix, references: Matrix, many: int) -> Matrix:
    nearest = np.sort(cdist(rows, references), axis=1)[:, :many]
    means: Matrix = nearest.mean(axis=1)
    return means


def test_a_neighbourhood_measures_the_distance_and_that_of_the_neighbours_to_theirs() -> None:
    references, rows = random_rows(), random_rows(20, seed=1)
    distance, local = Neighbourhood(references, 3, random_state()).measure(rows)
    np.testing.assert_allclose(distance, mean_to_nearest(rows, references, 3), rtol=1e-4)
    apart = cdist(references, references)
    np.fill_diagonal(apart, np.inf)
    own = np.log(np.sort(apart, axis=1)[:, :AROUND].mean(axis=1))
    around = np.argsort(cdist(rows, references), axis=1)[:, :AROUND]
    expected = np.log(mean_to_nearest(rows, references, AROUND)) - own[around].mean(axis=1)
    np.testing.assert_allclose(local, expected, atol=1e-3)


def test_a_reference_is_not_its_own_neighbour_where_it_is_held_out() -> None:
    references = random_rows(60)
    neighbourhood = Neighbourhood(references, 3, random_state())
    distance, _ = neighbourhood.measure_held_out(references)
    expected = [
        mean_to_nearest(references[[i]], np.delete(references, i, axis=0), 3)[0] for i in range(60)
    ]
    np.testing.assert_allclose(distance, expected, rtol=1e-4)


def test_a_row_beside_a_dense_group_is_locally_odd_though_it_is_near() -> None:
    dense, loose = 0.01 * random_rows(300), 20.0 + 3.0 * random_rows(300, seed=1)
    beside = np.array([[0.2, 0.2, 0.2]])
    _, local = Neighbourhood(np.vstack([dense, loose]), 3, random_state()).measure(
        np.vstack([beside, loose[:50] + 0.1])
    )
    assert local[0] > local[1:].max()


@pytest.mark.parametrize("rows", [2, 3, 5])
def test_few_rows_or_equal_ones_have_finite_measures(rows: int) -> None:
    for references in (random_rows(rows), np.ones((rows, 3))):
        neighbourhood = Neighbourhood(references, 3, random_state())
        for measured in (
            *neighbourhood.measure(random_rows(4, seed=1)),
            *neighbourhood.measure_held_out(references),
            TinySubsamples(references, random_state()).distances(references),
            TinySubsamples(references, random_state()).held_out_distances(references),
        ):
            assert np.isfinite(measured).all()


def test_the_distance_to_tiny_subsamples_is_that_to_the_nearest_of_as_few_rows() -> None:
    references, rows = random_rows(2_000), random_rows(300, seed=1)
    found = TinySubsamples(references, random_state()).distances(rows)
    rng = np.random.default_rng(2)
    expected = np.mean(
        [
            cdist(rows, references[rng.choice(2_000, ROWS, replace=False)]).min(axis=1)
            for _ in range(20 * SUBSAMPLES)
        ],
        axis=0,
    )
    assert np.median(np.abs(found / expected - 1.0)) < 0.1
    assert found.mean() == pytest.approx(expected.mean(), rel=0.05)


def test_a_cluster_in_history_hides_from_its_neighbours_not_from_tiny_subsamples() -> None:
    cluster = 6.0 + 0.1 * random_rows(20, seed=1)
    history = np.vstack([random_rows(980), cluster])
    fresh = np.vstack([random_rows(300, seed=2), 6.0 + 0.1 * random_rows(30, seed=3)])
    truth = np.arange(330) >= 300
    distance, _ = Neighbourhood(history, 3, random_state()).measure(fresh)
    assert auc(distance, truth) < 0.5
    assert auc(TinySubsamples(history, random_state()).distances(fresh), truth) > 0.95


def test_whitened_normal_scores_are_uncorrelated_whatever_the_tails() -> None:
    mixing = np.array([[1.0, 0.9, 0.0], [0.0, 0.4, 0.5], [0.0, 0.0, 1.0]])
    rows = np.exp(2.0 * random_rows(3_000) @ mixing)
    whitened = WhitenedNormalScores(rows)(rows)
    np.testing.assert_allclose(np.cov(whitened.T), np.eye(3), atol=0.05)


def test_a_pair_of_values_that_does_not_go_together_is_far_from_the_centre() -> None:
    one = random_rows(1_000, 1)
    rows = np.hstack([one, one + 0.1 * random_rows(1_000, 1, seed=1)])
    ranks = WhitenedNormalScores(rows)
    together, apart = distances(ranks(np.array([[1.5, 1.5], [1.5, -1.5]])))
    assert apart > 3.0 * together


def test_held_out_distances_are_near_those_of_a_fit_without_the_row() -> None:
    rows = random_rows(60, 8)
    ranks = WhitenedNormalScores(rows)
    held_out = ranks.held_out_distances(ranks(rows))
    without = [
        distances(WhitenedNormalScores(np.delete(rows, i, axis=0))(rows[[i]]))[0] for i in range(60)
    ]
    inside = distances(ranks(rows))
    truth = np.median(without)
    assert abs(np.median(held_out) - truth) < abs(np.median(inside) - truth) / 2


def test_a_mixture_is_less_sure_of_rows_that_are_held_out() -> None:
    rows = random_rows(150, 10)
    mixture = GaussianMixtureDetector(n_components=2, random_state=0).fit(rows)
    fresh = mixture.score_samples(random_rows(2_000, 10, seed=1))
    seen, held_out = mixture.score_samples(rows), mixture.held_out_scores(rows)
    assert abs(np.median(held_out) - np.median(fresh)) < abs(np.median(seen) - np.median(fresh)) / 2


def test_scores_are_the_weighted_cubic_mean_of_the_members() -> None:
    detector = EnsembleDetector(random_state=0).fit(random_rows(400))
    rows = random_rows(50, seed=1) * 3.0
    log_p = detector.log_p_of_members(rows)
    assert log_p.shape == (len(MEMBERS), 50)
    cubes = np.average(log_p**3, axis=0, weights=list(MEMBERS.values()))
    np.testing.assert_allclose(detector.score_samples(rows), -np.cbrt(-cubes))


def test_members_are_ordered_alike_and_none_saturates() -> None:
    detector = EnsembleDetector(random_state=0).fit(random_rows(1_000))
    farther = np.outer(np.geomspace(3.0, 300.0, 12), np.ones(3))
    for log_p in detector.log_p_of_members(farther):
        np.testing.assert_array_equal(rankdata(-log_p), np.arange(1, 13))


def test_anomalies_of_the_history_are_trimmed_in_two_steps() -> None:
    rng = np.random.default_rng(1)
    scattered = rng.normal(size=(20, 5)) * 0.1 + np.array([4.0, -4.0, 4.0, -4.0, 4.0])
    history = np.vstack([random_rows(980, 5), scattered])
    fresh = np.vstack([random_rows(300, 5, seed=2), scattered[:10] + 0.05])
    truth = np.arange(310) >= 300
    found = {
        trim: auc(
            -make_detector("default", trim=trim, random_state=0).fit(history).score_samples(fresh),
            truth,
        )
        for trim in (0.0, 0.02)
    }
    assert found[0.02] > 0.99
    assert found[0.02] >= found[0.0]
