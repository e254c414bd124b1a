"""What a comparison says of the first: whether it ranks, ties, or alerts far too often."""

import dataclasses
from datetime import UTC, datetime
from functools import cache

import numpy as np

from tests.support.factories import history
from training.checks.alert_share import alert_share_warning
from training.evaluation.compare import compare
from training.evaluation.contenders import Comparison, Contender
from training.evaluation.intervals import DRAWS, Bootstrap
from training.evaluation.recommendation import recommendation, standing
from training.report.comparison import comparison_report

WHEN = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


@cache
def base() -> Comparison:
    return compare(history(400, anomalies=40), ["robust_zscore"])


def contender(name: str, merit: float, *, alerts: float = 0.005, sure: bool = True) -> Contender:
    """A detector whose merit in each draw is this one, give or take 0.01."""
    noise = np.random.default_rng(len(name)).normal(0.0, 0.01, DRAWS)
    return dataclasses.replace(
        base().best,
        detector=name,
        metrics={**base().best.metrics, "average_precision": merit, "alert_rate": alerts},
        merits=merit + noise if sure else None,
        alert_share=alert_share_warning(0.005, round(alerts * 10_000), 10_000),
        unlabelled=None,
    )


def comparison(*contenders: Contender) -> Comparison:
    return dataclasses.replace(base(), contenders=list(contenders))


def test_a_detector_ranks_first_where_the_next_is_clearly_below() -> None:
    clear = comparison(contender("knn", 0.8), contender("pca", 0.6), contender("ecdf", 0.5))
    assert standing(clear) == "ranks first of 3"
    assert recommendation(clear) == "knn ranks first of 3 by average precision."


def test_detectors_that_may_be_equal_tie() -> None:
    tied = comparison(
        contender("default", 0.8),
        contender("knn", 0.799),
        contender("gaussian_mixture", 0.798),
        contender("pca", 0.5),
    )
    assert standing(tied) == "ties with knn and gaussian_mixture for first of 4"
    page = comparison_report(tied, when=WHEN)
    assert page.count('<span class="badge">tie</span>') == 2


def test_many_ties_are_counted() -> None:
    names = ("default", "knn", "pca", "ecdf", "kmeans", "autoencoder")
    tied = comparison(*(contender(name, 0.8) for name in names))
    assert standing(tied) == "ties with 5 others for first of 6"


def test_a_single_detector_ranks_nowhere() -> None:
    assert standing(comparison(contender("knn", 0.8))) == "is the only detector compared"


def test_few_incidents_rank_nobody() -> None:
    unsure = comparison(contender("knn", 0.8, sure=False), contender("pca", 0.6, sure=False))
    assert recommendation(unsure) == (
        "knn has the highest average precision of 2, which may be chance. There are fewer "
        "than 5 incidents, too few to tell detectors apart."
    )


def test_a_detector_that_alerts_on_nearly_all_rows_is_never_first_without_a_word() -> None:
    loud = comparison(contender("knn", 0.8, alerts=0.94), contender("pca", 0.6))
    assert recommendation(loud) == (
        "knn ranks first of 2 by average precision, but its alerts are off: 9,400 of 10,000 rows "
        "alert (94%); about 50 (0.5%) were expected. Among detectors that alert on about as "
        "many rows as requested, pca ranks first (average precision 0.600)."
    )
    page = comparison_report(loud, when=WHEN)
    assert "ranks first of 2, but alerts on 94% of the rows" in page
    assert "requested: 0.5% of the rows; found: knn 94%" in page
    assert page.count('class="number off"') == 1


def test_a_detector_that_never_alerts_is_not_recommended_either() -> None:
    silent = comparison(contender("knn", 0.8, alerts=0.0), contender("pca", 0.6, alerts=0.9))
    assert "none of 10,000 rows alerts; about 50 were expected" in recommendation(silent)
    assert recommendation(silent).endswith(
        "No other detector alerts on about as many rows as requested."
    )


def test_the_first_of_those_that_need_no_labels_is_named_too() -> None:
    learner = comparison(
        contender("gradient_boosting", 0.9), contender("knn", 0.6), contender("pca", 0.6)
    )
    assert recommendation(learner) == (
        "gradient_boosting ranks first of 3 by average precision. Among detectors that need "
        "no labels, knn ranks first, and ties with pca."
    )


def test_the_same_detector_compared_with_itself_ties() -> None:
    data = history(1_200, anomalies=120)
    made = compare(data, ["robust_zscore", "ecdf"])
    assert made.sure
    twin = dataclasses.replace(made.best, detector="twin")
    again = dataclasses.replace(made, contenders=[made.best, twin])
    assert standing(again) == "ties with twin for first of 2"


def test_intervals_are_of_the_same_draws_for_all_detectors() -> None:
    blocks = np.arange(50)
    first, second = Bootstrap(blocks, 3), Bootstrap(blocks, 3)
    labels = blocks < 10
    scores = -np.arange(50.0)
    np.testing.assert_array_equal(
        first.ranking(scores, labels).roc_auc, second.ranking(scores, labels).roc_auc
    )
