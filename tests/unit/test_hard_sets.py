"""Data at its worst, in seconds; `make test-hard` takes minutes for all of it."""

from pathlib import Path

import numpy as np
import pytest

from tests.support.hard_areas import assert_all_take, assert_hardly_behind
from tests.support.hard_sets import write_sets
from training.evaluation.protocols import Protocol, find_sets, read_set

QUICK: list[tuple[str, Protocol]] = [
    ("tiny_mixed", "A"),
    ("two_on_a_grid", "A"),
    ("half_one_row", "A"),
    ("half_templates", "C"),
    ("three_values", "A"),
    ("nearly_constant", "A"),
    ("ten_decades_together", "A"),
]
"""Something of many kinds, of those that are fitted in a second or two; tests/hard has them all."""

TAKEN = [
    *("tiny_groups", "two_growing", "constant_but_for_digits"),
    *("categories_with_their_amounts", "one_hot"),
]
"""Others, since those of `QUICK` are fitted and scored there."""


@pytest.mark.parametrize(("name", "protocol"), QUICK)
def test_the_default_is_hardly_behind_the_best(name: str, protocol: Protocol) -> None:
    assert_hardly_behind(name, protocol, in_haste=True)


@pytest.mark.parametrize("name", TAKEN)
def test_all_detectors_take_it_and_what_is_far_from_it(name: str) -> None:
    assert_all_take(name)


def test_files_of_them_are_sets_of_the_benchmark(tmp_path: Path) -> None:
    write_sets(tmp_path, ["tiny_mixed", "missing_anywhere", "integer_codes"])
    for file in find_sets(tmp_path):
        assert np.isfinite(read_set(file).matrix).all()
