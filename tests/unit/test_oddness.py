"""How odd a value is: how far it is from the expected one, and how rare that is."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from anomaly_app.core.arrays import Matrix
from anomaly_app.core.model.categories import UNKNOWN_CATEGORY
from anomaly_app.core.model.feature import Feature
from anomaly_app.core.model.oddness import MOST_RANGES, Oddness
from anomaly_app.core.model.schema import FeatureSchema

MISSING = float("nan")

SCHEMA = FeatureSchema(
    (Feature("amount", "number"), Feature("shop", "category", categories=("food", "fuel", "books")))
)


def ordinary() -> Matrix:
    """Amounts 0 to 99, and shops 70, 29 and 1 times."""
    return np.column_stack([np.arange(100.0), np.repeat([0.0, 1.0, 2.0], [70, 29, 1])])


def odd(value: float, *, usual: float, among: Matrix | None = None) -> float:
    """Of an amount."""
    oddness = Oddness(SCHEMA, ordinary() if among is None else among)
    return float(oddness.of(np.array([[value, 0.0]]), np.array([[usual, 0.0]]))[0, 0])


def odd_shop(code: float, *, usual: float = 0.0) -> float:
    return float(
        Oddness(SCHEMA, ordinary()).of(np.array([[1.0, code]]), np.array([[1.0, usual]]))[0, 1]
    )


def rarity(count: int, among: int = 100) -> float:
    return float(1.0 - np.log1p(count) / np.log1p(among))


def test_a_value_that_nobody_has_is_as_odd_as_it_is_far_in_ranges() -> None:
    assert odd(99.0 + 49.5, usual=99.0) == pytest.approx(0.5)
    assert odd(-49.5, usual=49.5) == pytest.approx(1.0)


def test_a_value_that_others_have_or_exceed_is_less_odd() -> None:
    assert odd(90.0, usual=50.0) == pytest.approx(40.0 / 99.0 * rarity(10))
    assert odd(9.0, usual=50.0) == pytest.approx(41.0 / 99.0 * rarity(10))


def test_from_so_far_on_it_makes_no_difference() -> None:
    assert odd(1e6, usual=0.0) == odd(1e300, usual=0.0) == MOST_RANGES


def test_the_expected_value_is_not_odd() -> None:
    assert odd(40.0, usual=40.0) == odd_shop(0.0) == 0.0


@pytest.mark.parametrize("value", [5.5, 4.0, 1e300])
def test_any_other_value_than_the_only_one_is_odd_on_any_scale(value: float) -> None:
    among = ordinary()
    among[:, 0] = 5.0
    assert odd(value, usual=5.0, among=among) == 1.0


@pytest.mark.parametrize(("code", "count"), [(1.0, 29), (2.0, 1), (UNKNOWN_CATEGORY, 0)])
def test_another_category_is_as_odd_as_it_is_rare(code: float, count: int) -> None:
    assert odd_shop(code) == pytest.approx(rarity(count))
    assert odd_shop(0.0, usual=code) == pytest.approx(rarity(70))


def test_half_of_all_rows_beyond_is_hardly_odd_beside_what_nobody_has() -> None:
    flags = np.column_stack([np.repeat([0.0, 1.0], [70, 30]), np.zeros(100)])
    assert odd(1.0, usual=0.0, among=flags) < 0.3
    assert odd(2.0, usual=0.0, among=flags) == 2.0


def test_a_missing_value_is_as_odd_as_gaps_are_rare() -> None:
    assert odd(MISSING, usual=40.0) == 1.0
    among = ordinary()
    among[:20, 0] = MISSING
    assert odd(MISSING, usual=40.0, among=among) == pytest.approx(rarity(20))


def test_rarity_is_among_the_values_that_are_known() -> None:
    among = ordinary()
    among[:50, 0] = MISSING  # 50 to 99 are left
    assert odd(95.0, usual=55.0, among=among) == pytest.approx(40.0 / 49.0 * rarity(5, 50))


def test_a_number_that_nobody_had_is_odd() -> None:
    among = ordinary()
    among[:, 0] = MISSING
    assert odd(40.0, usual=0.0, among=among) == 1.0


@pytest.mark.parametrize("most", [1.7e308, 1e-300, 1e-320])
def test_the_greatest_and_the_least_range_are_ranges(most: float) -> None:
    among = ordinary()
    among[:, 0] = np.repeat([-most, 0.0, most], [30, 40, 30])
    assert odd(most, usual=0.0, among=among) < odd(most, usual=-most, among=among) <= 1.0
    assert 0.0 < odd(1.79e308, usual=-most, among=among) <= MOST_RANGES


numbers = st.one_of(st.floats(allow_nan=True, allow_infinity=False), st.sampled_from([0.0, 1.0]))


@given(
    arrays(np.float64, st.tuples(st.integers(1, 6), st.just(2)), elements=numbers),
    arrays(np.float64, (3, 2), elements=numbers),
    arrays(np.float64, (3, 2), elements=st.floats(allow_nan=False, allow_infinity=False)),
)
def test_any_numbers_are_odd_within_bounds(among: Matrix, rows: Matrix, usual: Matrix) -> None:
    found = Oddness(SCHEMA, among).of(rows, usual)
    assert ((found >= 0.0) & (found <= MOST_RANGES)).all()
