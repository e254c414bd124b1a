"""How far the default is behind the best of the other detectors on sets at their worst."""

import numpy as np

from anomaly_app.core.detectors import DETECTORS, NEEDS_LABELS, make_detector
from tests.support.hard_sets import SETS, split_set
from training.evaluation.protocols import Protocol, Split
from training.metrics import rank_metrics

OTHERS = [name for name in DETECTORS if name != "default" and name not in NEEDS_LABELS]
"""What the default is compared with."""

BEHIND = 0.02
"""Area under the curve that the default may lose to the best of the others."""

DRAWS, TINY = 3, 80
"""Draws that areas are averaged over; in haste one, but for tiny histories and clusters, where
chance decides.
"""

KNOWN_BEHIND: dict[tuple[str, Protocol], float] = {
    # Few factors: those that know no more than directions are told more by few rows.
    ("tiny_correlated", "A"): 0.046,
    ("tiny_wide", "A"): 0.044,
    ("wide_blocks", "A"): 0.052,
    ("pairs", "A"): 0.035,
    # Between groups: one mixture is all that is needed, and counts for a seventh.
    ("corners_of_a_cube", "A"): 0.034,
    ("flags_with_numbers", "A"): 0.042,
    ("shares_of_a_whole", "A"): 0.027,
    ("two_amounts", "A"): 0.026,
    # Little that matters among noise: other members are drowned.
    ("circle_among_noise", "A"): 0.104,
    ("few_among_noise", "A"): 0.084,
    # Neighbourhoods: their member, too, counts for a seventh.
    ("two_on_a_grid", "A"): 0.084,
    ("groups_of_other_scales", "A"): 0.057,
    ("curved_sheet", "A"): 0.026,
    ("counts", "A"): 0.032,
    ("large_groups", "A"): 0.047,
    ("large_repeated", "A"): 0.055,
    # One rare value after another: sums of single features' tails are right, distances are not.
    ("categories_of_many_values", "A"): 0.070,
    ("categories_of_few_values", "A"): 0.032,
    ("counts_mostly_zero", "A"): 0.025,
    ("counts_mostly_zero", "C"): 0.029,
    ("wide_sparse", "A"): 0.153,
    # Amounts over ten decades take over the distances that the numbers beside them are seen by.
    ("ten_decades_apart", "A"): 0.096,
    # Anomalies in the history are each other's neighbours, as they are the mixture's component.
    ("clustered_far_out", "C"): 0.173,
}
"""Sets on which the default is known to be behind by more than `BEHIND`, and how far at most.

Each is the gap as it was measured, the larger one where it is measured in haste, too, and 0.005.
Why is what the sets suggest, not proven. A gap may only shrink: none of these is to be raised, and
what is within `BEHIND` again is deleted.
"""

FEW_ROWS = 150
"""History on which detectors are fitted in no time."""

CHEAP = {
    "isolation_forest": {"n_estimators": 10},
    "autoencoder": {"max_iter": 20},
    "gradient_boosting": {"max_iter": 10},
}
"""What makes detectors cheap that many trees or passes make no more robust."""


def assert_hardly_behind(name: str, protocol: Protocol, *, in_haste: bool = False) -> None:
    """Allow the default to be behind the best by `BEHIND`, or by as much as is known."""
    found = areas(name, protocol, in_haste=in_haste)
    best = max(OTHERS, key=lambda detector: found[detector])
    gap = found[best] - found["default"]
    allowed = KNOWN_BEHIND.get((name, protocol), BEHIND)
    assert gap <= allowed, f"{best} has {found[best]:.3f}, the default {found['default']:.3f}"


def areas(name: str, protocol: Protocol, *, in_haste: bool = False) -> dict[str, float]:
    """Measure the area under the curve of each detector that needs no labels.

    Sets that are wide or large are drawn once: a draw takes seconds, and is hardly left to chance.
    """
    chance = SETS[name].history <= TINY or name.startswith("clustered")
    once = name.startswith(("wide", "large")) or (in_haste and not chance)
    tested = {"ordinary": 300, "odd": 100} if name.startswith("wide") else {}
    splits = [split_set(name, protocol, seed, **tested) for seed in range(1 if once else DRAWS)]
    return {
        detector: float(np.mean([_area(detector, s, n) for n, s in enumerate(splits)]))
        for detector in ["default", *OTHERS]
    }


def _area(detector: str, split: Split, seed: int) -> float:
    fitted = make_detector(detector, random_state=seed).fit(split.train)
    return float(rank_metrics(-fitted.score_samples(split.test), split.labels).roc_auc)


def assert_all_take(name: str) -> None:
    """Fit every detector to few rows of a set, and score those, and what is far from them."""
    split = split_set(name, "C", 1, most=FEW_ROWS, ordinary=50, odd=20)
    labels = np.where(np.arange(len(split.train)) % 10, 1.0, -1.0)
    for detector in DETECTORS:
        made = make_detector(detector, random_state=0, **CHEAP.get(detector, {}))
        fitted = made.fit(split.train, labels if detector in NEEDS_LABELS else None)
        for rows in (split.test, 1e12 * split.test, 0.0 * split.test):
            assert np.isfinite(fitted.score_samples(rows)).all(), detector
