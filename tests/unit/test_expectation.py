"""What would have been expected in place of a value, and the reasons that rest on it."""

import numpy as np
import pytest

from anomaly_app.core.arrays import Matrix
from anomaly_app.core.model.categories import UNKNOWN_CATEGORY
from anomaly_app.core.model.expectation import ALIKE, Expectation
from anomaly_app.core.model.explain import MOST_A_ROW, Reason, explain
from anomaly_app.core.model.feature import Feature
from anomaly_app.core.model.oddness import MOST_RANGES
from anomaly_app.core.model.schema import FeatureSchema

MISSING = float("nan")

SCHEMA = FeatureSchema(
    (
        Feature("hour", "number", expected=12.0),
        Feature("amount", "number", expected=55.0),
        Feature("shop", "category", categories=("food", "fuel")),
    )
)

DAY, NIGHT = (12.0, 20.0, 0.0), (2.0, 90.0, 1.0)


def ordinary(rows: int = 40, seed: int = 0) -> Matrix:
    """Small amounts for food at noon, large ones for fuel at night."""
    groups = np.array([DAY, NIGHT])[np.arange(rows) % 2]
    made: Matrix = groups + np.random.default_rng(seed).normal(size=(rows, 3)) * [0.5, 1.0, 0.0]
    return made


def expected_for(*row: float, among: Matrix | None = None) -> tuple[list[float], list[float]]:
    expected, distance = Expectation(SCHEMA, ordinary() if among is None else among).of(
        np.array([row])
    )
    return expected[0].tolist(), distance[0].tolist()


@pytest.mark.parametrize("wild", [-1e6, 0.0, 55.0, 5_000.0, 1e300])
@pytest.mark.parametrize("group", [DAY, NIGHT])
def test_the_amount_of_the_right_group_is_expected_whatever_is_found(
    group: tuple[float, float, float], wild: float
) -> None:
    expected, _ = expected_for(group[0], wild, group[2])
    assert expected[1] == pytest.approx(group[1], abs=1.0)


@pytest.mark.parametrize(("group", "other"), [(DAY, NIGHT), (NIGHT, DAY)])
def test_a_value_of_the_other_group_is_odd_beside_the_rest(
    group: tuple[float, float, float], other: tuple[float, float, float]
) -> None:
    expected, odd = expected_for(group[0], other[1], group[2])
    assert expected[1] == pytest.approx(group[1], abs=1.0)
    assert odd[1] > 2 * max(odd[0], odd[2])


@pytest.mark.parametrize("wild", [-1e9, 1e9])
def test_one_other_wild_value_does_not_lead_astray(wild: float) -> None:
    # The hour is as far from day as from night: the shop and the amount decide.
    for group in (DAY, NIGHT):
        expected, _ = expected_for(wild, group[1], group[2])
        assert expected[1] == pytest.approx(group[1], abs=1.0)
        assert expected[0] == pytest.approx(group[0], abs=0.5)


@pytest.mark.parametrize(("hour", "amount", "usual"), [(9.0, 90.0, 20.0), (5.0, 20.0, 90.0)])
def test_the_value_in_question_has_no_say(hour: float, amount: float, usual: float) -> None:
    # The amount is that of the group that the hour is farther from; the shop says nothing.
    expected, _ = expected_for(hour, amount, UNKNOWN_CATEGORY)
    assert expected[1] == pytest.approx(usual, abs=1.0)


def test_two_wild_values_do_not_lead_astray_from_the_other_four() -> None:
    schema = FeatureSchema(tuple(Feature(f"f{place}", "number") for place in range(6)))
    rng = np.random.default_rng(0)
    levels = np.repeat([[-5.0], [5.0]], 100, axis=0)
    among = levels + rng.normal(size=(200, 6))
    row = np.array([[5.0, 5.0, 5.0, 5.0, -1e9, 1e9]])
    expected, odd = Expectation(schema, among).of(row)
    assert expected[0] == pytest.approx([5.0] * 6, abs=1.0)
    assert odd[0, 4:].min() > 5 * odd[0, :4].max()


@pytest.mark.parametrize("shop", [1.0, UNKNOWN_CATEGORY, MISSING])
def test_the_usual_category_is_expected_in_place_of_another_an_unknown_or_none(shop: float) -> None:
    expected, odd = expected_for(12.0, 20.0, shop)
    assert expected[2] == 0.0
    assert odd[2] > 0.1


def test_a_missing_number_is_expected_as_beside_the_others() -> None:
    expected, odd = expected_for(2.0, MISSING, 1.0)
    assert expected[1] == pytest.approx(90.0, abs=1.0)
    assert odd[1] == 1.0


def test_gaps_among_ordinary_rows_are_passed_over() -> None:
    among = ordinary(200)
    among[::4, 1] = MISSING  # of half of the days
    among[1::4, 2] = MISSING  # of half of the nights
    assert expected_for(*DAY, among=among)[0][1] == pytest.approx(20.0, abs=1.0)
    assert expected_for(*NIGHT, among=among)[0][2] == 1.0


def test_where_no_row_has_a_value_the_schema_tells_what_to_expect() -> None:
    among = ordinary()
    among[:, 1:] = MISSING
    expected, odd = expected_for(12.0, 70.0, 1.0, among=among)
    assert expected[1:] == [55.0, 0.0]
    assert odd[1:] == [1.0, 1.0]


def test_a_value_that_is_missing_as_usual_is_not_odd() -> None:
    among = ordinary(200)
    among[among[:, 2] == 0.0, 1] = MISSING  # amounts are not known by day
    assert expected_for(12.0, MISSING, 0.0, among=among)[1] == pytest.approx([0.0, 0.0, 0.0], abs=1)
    assert expected_for(2.0, MISSING, 1.0, among=among)[1][1] > 0.1


@pytest.mark.parametrize("rows", [1, 2, 3, ALIKE - 1, ALIKE, ALIKE + 1])
def test_few_ordinary_rows_are_enough(rows: int) -> None:
    among = np.tile(DAY, (rows, 1)) + np.arange(rows)[:, np.newaxis] * [0.0, 0.1, 0.0]
    expected, _ = expected_for(12.0, 999.0, 1.0, among=among)
    assert expected == pytest.approx(
        [12.0, np.sort(among[:ALIKE, 1])[(min(rows, ALIKE) - 1) // 2], 0.0], abs=0.11
    )


def test_all_rows_in_question_are_told_each_for_itself() -> None:
    rows = np.array([[12.0, 500.0, 0.0], [2.0, 500.0, 1.0]])
    expected, distance = Expectation(SCHEMA, ordinary()).of(rows)
    for i, row in enumerate(rows):
        alone = expected_for(*row)
        assert (expected[i].tolist(), distance[i].tolist()) == alone


def reasons(row: tuple[float, float, float], log_p_values: object, most: int = 3) -> list[Reason]:
    matrix = np.array([row])
    assert callable(log_p_values)
    values = [[SCHEMA.features[j].value_of(value) for j, value in enumerate(row)]]
    (why,) = explain(
        SCHEMA,
        log_p_values,
        Expectation(SCHEMA, ordinary()),
        matrix,
        log_p_values(matrix),
        values,
        most=most,
    )
    return why


def surprised_by_amounts(matrix: Matrix) -> Matrix:
    odd: Matrix = -np.abs(matrix[:, 1] - 20.0)
    return odd


def surprised_by_anything(matrix: Matrix) -> Matrix:
    """One odd value is as bad as two."""
    odd = np.abs(matrix - np.array(DAY)).max(axis=1) > 5.0
    return np.where(odd, -9.0, -1.0)


def nothing_helps(matrix: Matrix) -> Matrix:
    return np.full(len(matrix), -9.0)


def test_the_value_whose_replacement_helps_carries_the_surprise() -> None:
    (why,) = reasons((12.0, 500.0, 0.0), surprised_by_amounts)
    assert (why.feature, why.value) == ("amount", 500.0)
    assert why.share == pytest.approx(1.0, abs=0.01)
    assert why.expected == pytest.approx(20.0, abs=1.0)


def test_what_the_detector_sees_and_how_odd_a_value_is_by_itself_add_up() -> None:
    row = (60.0, 500.0, 0.0)
    _, odd = expected_for(*row)
    assert odd[:2] == [MOST_RANGES, MOST_RANGES]
    why = {reason.feature: reason.share for reason in reasons(row, surprised_by_amounts)}
    assert why == pytest.approx({"amount": (1 + 2) / (1 + 2 + 2), "hour": 2 / 5}, abs=0.01)


def test_of_values_in_their_usual_ranges_the_detector_is_the_judge() -> None:
    def surprised_by_shops(matrix: Matrix) -> Matrix:
        odd: Matrix = -np.abs(matrix[:, 2])
        return odd

    # The shop of the night and an amount between both: neither is out of its range.
    why = reasons((12.0, 45.0, 1.0), surprised_by_shops)
    assert why[0].feature == "shop"
    assert why[0].share > 0.9


def test_a_value_that_the_detector_sees_but_a_little_comes_first_where_it_alone_is_odd() -> None:
    def surprised_by_averages(matrix: Matrix) -> Matrix:
        """One that takes an hour a little before noon for worse than any amount."""
        odd: Matrix = 6.0 * (matrix[:, 0] < 11.9) + 5.0 * (matrix[:, 1] > 25.0)
        return -odd

    first, second = reasons((11.7, 500.0, 0.0), surprised_by_averages)
    assert (first.feature, second.feature) == ("amount", "hour")


def test_where_no_single_replacement_helps_the_oddest_values_carry_it() -> None:
    row = (500.0, 500.0, 0.0)
    assert surprised_by_anything(np.array([[12.0, 500.0, 0.0], [500.0, 20.0, 0.0]])).max() == -9.0
    why = reasons(row, surprised_by_anything)
    assert {reason.feature for reason in why} == {"hour", "amount"}
    assert [reason.share for reason in why] == pytest.approx([0.5, 0.5])


def test_oddness_is_squared_so_that_one_far_value_tells_more_than_many_near_ones() -> None:
    row = (13.5, 40.0, 1.0)
    _, odd = expected_for(*row)
    total = sum(part**2 for part in odd)
    found = {reason.feature: reason.share for reason in reasons(row, nothing_helps)}
    names = [feature.name for feature in SCHEMA.features]
    assert found == pytest.approx(
        {name: part**2 / total for name, part in zip(names, odd, strict=True)}
    )


def test_values_that_are_as_expected_are_not_replaced() -> None:
    scored = []

    def counted(matrix: Matrix) -> Matrix:
        scored.append(len(matrix))
        return surprised_by_amounts(matrix)

    hour, _, shop = expected_for(12.0, 500.0, 0.0)[0]
    reasons((hour, 500.0, shop), counted)
    assert scored == [1, 1]  # the row itself, and with its amount replaced


def wide(features: int, rows: int = 50) -> tuple[FeatureSchema, Matrix]:
    schema = FeatureSchema(tuple(Feature(f"f{place}", "number") for place in range(features)))
    return schema, np.random.default_rng(1).normal(size=(rows, features))


@pytest.mark.parametrize("features", [200, 500])
def test_of_many_values_the_oddest_are_replaced_so_that_the_cost_is_bounded(features: int) -> None:
    schema, among = wide(features)
    row = np.random.default_rng(3).normal(size=(1, features))
    row[0, -5] = 100.0
    scored = []

    def counted(matrix: Matrix) -> Matrix:
        scored.append(len(matrix))
        farthest: Matrix = np.abs(matrix).max(axis=1)
        return -farthest

    (why,) = explain(
        schema, counted, Expectation(schema, among), row, counted(row), row.tolist(), most=3
    )
    assert scored == [1, min(features, MOST_A_ROW // features)]
    assert (why[0].feature, why[0].value) == (f"f{features - 5}", 100.0)
    assert why[0].share > 2 * why[1].share


def test_a_feature_is_named_even_where_all_share_evenly_in_a_wide_row() -> None:
    schema, among = wide(200)
    row = Expectation(schema, np.tile(among[:1], (20, 1))).of(among[:1])[0]
    (why,) = explain(
        schema,
        nothing_helps,
        Expectation(schema, np.tile(among[:1], (20, 1))),
        row,
        np.array([-9.0]),
        row.tolist(),
        most=3,
    )
    assert [reason.share for reason in why] == [1 / 200]


def test_rows_are_explained_alike_alone_and_together(monkeypatch: pytest.MonkeyPatch) -> None:
    schema, among = wide(8)
    rows = np.random.default_rng(2).normal(size=(30, 8)) * 3.0

    def surprise(matrix: Matrix) -> Matrix:
        odd: Matrix = -np.square(matrix).sum(axis=1)
        return odd

    def explained(some: Matrix) -> list[list[Reason]]:
        expectation = Expectation(schema, among)
        return explain(schema, surprise, expectation, some, surprise(some), some.tolist(), most=8)

    alone = [explained(rows[i : i + 1])[0] for i in range(len(rows))]
    monkeypatch.setattr("anomaly_app.core.model.explain.MOST_VALUES", 8 * 5)
    assert explained(rows) == alone


def test_a_row_that_is_all_as_expected_shares_evenly() -> None:
    among = np.tile(DAY, (20, 1))
    matrix = np.array([DAY])
    (why,) = explain(
        SCHEMA,
        lambda m: np.full(len(m), -9.0),
        Expectation(SCHEMA, among),
        matrix,
        np.array([-9.0]),
        [list(DAY)],
        most=3,
    )
    assert [reason.share for reason in why] == pytest.approx([1 / 3] * 3)


def test_no_more_reasons_are_given_than_asked_for() -> None:
    assert len(reasons((500.0, 500.0, 0.0), surprised_by_anything, most=1)) == 1
