"""Every detector: scikit-learn's own checks, and what the worker needs of it."""

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.metrics import roc_auc_score
from sklearn.utils.estimator_checks import parametrize_with_checks

from anomaly_app.core.arrays import Matrix
from anomaly_app.core.detectors import DETECTORS, NEEDS_LABELS, make_detector

CHEAP: dict[str, dict[str, Any]] = {
    "isolation_forest": {"n_estimators": 10},
    "autoencoder": {"max_iter": 20, "hidden": 8},
    "gradient_boosting": {"max_iter": 20},
    "default": {"trim": 0.0, "max_rows": 100},
}
"""What makes a detector cheap enough for some sixty fits."""

UNSUPERVISED = [name for name in DETECTORS if name not in NEEDS_LABELS]


def ordinary(rows: int = 400, features: int = 5, seed: int = 0) -> Matrix:
    """Two groups of rows whose features go together."""
    rng = np.random.default_rng(seed)
    mixing = np.random.default_rng(99).normal(size=(features, features)) / 2 + np.eye(features)
    centres = 4.0 * np.sign(np.arange(rows) % 2 - 0.5)[:, np.newaxis]
    made: Matrix = rng.normal(size=(rows, features)) @ mixing + centres
    return made


def fitted(name: str, **params: Any) -> Any:
    rows = ordinary()
    labels = None
    if name in NEEDS_LABELS:
        labels = np.ones(len(rows))
        rows[:30, 0], labels[:30] = 25.0, -1
    return make_detector(name, random_state=0, **params).fit(rows, labels)


@parametrize_with_checks(  # type: ignore[untyped-decorator]
    [make_detector(name, **CHEAP.get(name, {})) for name in DETECTORS]
)
def test_it_is_an_estimator_of_scikit_learn(estimator: Any, check: Any) -> None:
    check(estimator)


@pytest.mark.parametrize("name", DETECTORS)
def test_the_way_without_checks_gives_the_same_scores_whatever_the_batch(name: str) -> None:
    detector, rows = fitted(name), ordinary(60, seed=1)
    whole = detector.score_samples(rows)
    alone = np.concatenate([detector.score_rows(rows[i : i + 1]) for i in range(len(rows))])
    np.testing.assert_allclose(alone, whole, atol=1e-9)


@pytest.mark.parametrize("name", DETECTORS)
def test_what_is_far_out_scores_lower_than_what_is_ordinary(name: str) -> None:
    detector, rows = fitted(name), ordinary(200, seed=1)
    far = ordinary(40, seed=2)
    far[:, 0] = 25.0
    scores = detector.score_samples(np.vstack([rows, far]))
    assert roc_auc_score(np.arange(240) < 200, scores) > 0.9


@pytest.mark.parametrize("name", DETECTORS)
def test_hostile_numbers_have_a_finite_score(name: str) -> None:
    hostile = np.array([[1e300] * 5, [-1e300] * 5, [1e-300] * 5, [1e18, 0, 0, 0, -1e200]])
    scores = fitted(name).score_rows(hostile)
    assert np.isfinite(scores).all()


@pytest.mark.parametrize("name", DETECTORS)
def test_the_same_seed_gives_the_same_scores(name: str) -> None:
    rows = ordinary(50, seed=3)
    np.testing.assert_array_equal(fitted(name).score_rows(rows), fitted(name).score_rows(rows))


@pytest.mark.parametrize("name", UNSUPERVISED)
def test_trimming_forgets_a_few_anomalies_of_the_history(name: str) -> None:
    odd = np.array([12.0, -12.0, 12.0, -12.0, 12.0])
    dirty = np.vstack([ordinary(600), odd + np.random.default_rng(1).normal(size=(12, 5))])
    fresh = odd + np.random.default_rng(2).normal(size=(40, 5))
    truth = np.arange(140) >= 40

    def auc(trim: float) -> float:
        detector = make_detector(name, trim=trim, random_state=0).fit(dirty)
        return float(
            roc_auc_score(truth, detector.score_samples(np.vstack([fresh, ordinary(100, seed=4)])))
        )

    assert auc(0.04) >= max(auc(0.0) - 0.02, 0.9)


@pytest.mark.parametrize("trim", [-0.1, 0.5])
def test_a_share_out_of_range_is_refused(trim: float) -> None:
    with pytest.raises(ValueError, match="trim is"):
        make_detector("knn", trim=trim).fit(ordinary())
    with pytest.raises(ValueError, match="contamination is"):
        make_detector("knn", contamination=trim - 0.1 if trim > 0 else trim).set_params(
            contamination=0.0
        ).fit(ordinary())


def test_a_detector_is_named_or_refused() -> None:
    assert set(DETECTORS) >= {"default", "isolation_forest", "knn", "gradient_boosting"}
    assert make_detector().get_params() == make_detector("default").get_params()
    assert clone(make_detector("knn", n_neighbors=3)).n_neighbors == 3
    with pytest.raises(ValueError, match="there is no detector 'magic'; choose from default, "):
        make_detector("magic")
    with pytest.raises(TypeError, match="magic"):
        make_detector("knn", magic=1)
