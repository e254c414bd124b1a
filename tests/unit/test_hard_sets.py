"""Every detector on data at its worst, and the default beside the best of the others."""

from pathlib import Path

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from anomaly_app.core.detectors import DETECTORS, NEEDS_LABELS, make_detector
from tests.support.hard_sets import SETS, split_set, write_sets
from training.protocols import Protocol, Split, find_sets, read_set

UNSUPERVISED = [name for name in DETECTORS if name not in NEEDS_LABELS]

BEHIND = 0.02
"""Area under the curve that the default may lose to the best of the others."""

FEW_DRAWS, TINY = 5, 80
"""Draws that areas are averaged over where history is tiny: chance decides a single one."""

SLOW = {"wide_independent", "wide_heavy"}
"""Sets that take seconds and show no more than others of their kind."""

FEW_ROWS = 150
"""History on which detectors are fitted in no time."""

CHEAP = {
    "isolation_forest": {"n_estimators": 10},
    "autoencoder": {"max_iter": 20},
    "gradient_boosting": {"max_iter": 10},
}
"""What makes detectors cheap that many trees or passes make no more robust."""

QUICK = [
    *("tiny_correlated", "tiny_groups", "tiny_mixed", "two_growing", "two_on_a_grid"),
    *("wide_blocks", "half_one_row", "half_repeated", "three_values", "nearly_constant"),
    *("constant_but_for_digits", "categories_of_many_values", "categories_of_few_values"),
    *("missing_anywhere", "missing_together", "ten_decades_together", "ten_decades_apart"),
    *("pareto_amounts", "one_hot", "rare_flags", "flags_with_numbers", "counts"),
    *("integer_codes", "sawtooth", "groups_of_other_scales", "curved_sheet", "pairs"),
    "clustered_in_a_gap",
]
"""Sets of every kind; ``python -m training benchmark`` takes its time for all of them."""

DIRTY = ["clustered_anomalies", "clustered_far_out", "half_templates", "counts_mostly_zero"]
"""Sets on which anomalies among the history make a difference."""


def area(detector: str, split: Split, seed: int) -> float:
    fitted = make_detector(detector, random_state=seed).fit(split.train)
    return float(roc_auc_score(~split.labels, fitted.score_samples(split.test)))


def areas(name: str, protocol: Protocol) -> dict[str, float]:
    draws = range(FEW_DRAWS if SETS[name].history <= TINY else 1)
    tested = {"ordinary": 300, "odd": 100} if name.startswith("wide") else {}
    splits = [split_set(name, protocol, seed, **tested) for seed in draws]
    return {
        detector: float(np.mean([area(detector, s, n) for n, s in enumerate(splits)]))
        for detector in UNSUPERVISED
    }


@pytest.mark.parametrize(
    ("name", "protocol"), [*((name, "A") for name in QUICK), *((name, "C") for name in DIRTY)]
)
def test_the_default_is_hardly_behind_the_best(name: str, protocol: Protocol) -> None:
    found = areas(name, protocol)
    best = max(UNSUPERVISED, key=lambda detector: found[detector])
    assert found["default"] >= found[best] - BEHIND, f"{best} has {found[best]:.3f}"


@pytest.mark.parametrize("name", [name for name in SETS if name not in SLOW])
def test_all_detectors_take_it_and_what_is_far_from_it(name: str) -> None:
    split = split_set(name, "C", 1, most=FEW_ROWS, ordinary=50, odd=20)
    labels = np.where(np.arange(len(split.train)) % 10, 1.0, -1.0)
    for detector in DETECTORS:
        made = make_detector(detector, random_state=0, **CHEAP.get(detector, {}))
        fitted = made.fit(split.train, labels if detector in NEEDS_LABELS else None)
        for rows in (split.test, 1e12 * split.test, 0.0 * split.test):
            assert np.isfinite(fitted.score_samples(rows)).all(), detector


def test_files_of_them_are_sets_of_the_benchmark(tmp_path: Path) -> None:
    write_sets(tmp_path, ["tiny_mixed", "missing_anywhere", "integer_codes"])
    for file in find_sets(tmp_path):
        assert np.isfinite(read_set(file).matrix).all()
