"""Every detector on data at its worst, and the default beside the best of the others."""

import pytest

from tests.support.hard_areas import KNOWN_BEHIND, assert_all_take, assert_hardly_behind
from tests.support.hard_sets import SETS
from training.evaluation.protocols import Protocol

DIRTY = ["clustered_anomalies", "clustered_far_out", "half_templates", "counts_mostly_zero"]
"""Sets on which anomalies among the history make a difference."""

CASES: list[tuple[str, Protocol]] = [
    *((name, "A") for name in SETS),
    *((name, "C") for name in DIRTY),
]


@pytest.mark.parametrize(("name", "protocol"), CASES)
def test_the_default_is_hardly_behind_the_best(name: str, protocol: Protocol) -> None:
    assert_hardly_behind(name, protocol)


@pytest.mark.parametrize("name", SETS)
def test_all_detectors_take_it_and_what_is_far_from_it(name: str) -> None:
    assert_all_take(name)


def test_what_is_known_to_be_behind_is_measured() -> None:
    assert set(KNOWN_BEHIND) <= set(CASES)
