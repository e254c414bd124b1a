"""What would have to change for an anomaly to be ordinary, and which ordinary ones are near it."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.core.arrays import Matrix, Vector
from anomaly_app.core.detectors import DETECTORS
from anomaly_app.core.model.counterfactual import MOST_CHANGES, Change, fewest_changes
from anomaly_app.core.model.expectation import FARTHEST
from anomaly_app.core.model.model import Model
from tests.support.detectors import model as model_of
from tests.support.factories import model

LIMIT = -3.0


def far_from_zero(matrix: Matrix) -> Vector:
    """Judge rows by their largest value: above 3 they are anomalies."""
    found: Vector = -np.abs(np.nan_to_num(matrix, nan=9.0)).max(axis=1)
    return found


def changes(row: list[float], *targets: list[float]) -> tuple[Change, ...] | None:
    columns = frozenset(range(len(row)))
    wanted = [np.array(target) for target in targets or ([0.0] * len(row),)]
    odd = np.abs(np.nan_to_num(np.array(row), nan=9.0))
    return fewest_changes(np.array(row), odd, wanted, far_from_zero, LIMIT, columns)


def test_only_what_is_odd_has_to_change_and_no_further_than_needed() -> None:
    found = changes([1.0, 50.0, -2.0])
    assert found is not None
    [one] = found
    assert one.column == 1
    assert 2.99 < one.value < 3.0


def test_an_ordinary_row_needs_no_change() -> None:
    assert changes([1.0, 2.0]) == ()


def test_more_changes_than_a_reader_follows_are_none() -> None:
    assert changes([9.0] * (MOST_CHANGES + 1)) is None
    found = changes([9.0] * MOST_CHANGES)
    assert found is not None
    assert len(found) == MOST_CHANGES


def test_a_missing_value_is_replaced_as_a_whole() -> None:
    assert changes([float("nan"), 1.0]) == (Change(0, 0.0),)


def test_the_target_with_the_fewest_changes_wins() -> None:
    found = changes([8.0, 8.0, 0.0], [8.0, 8.0, 0.0], [0.0, 0.0, 0.0], [9.0, 9.0, 9.0])
    assert found is not None
    assert sorted(one.column for one in found) == [0, 1]


values = st.lists(st.floats(-20.0, 20.0) | st.just(float("nan")), min_size=1, max_size=8)


@given(values)
def test_what_is_said_to_be_enough_is_enough_and_nothing_of_it_can_be_left_out(
    row: list[float],
) -> None:
    found = changes(row)
    if found is None:
        assert sum(not abs(value) < -LIMIT for value in row) > MOST_CHANGES
        return
    changed = np.array(row)
    for one in found:
        changed[one.column] = one.value
    assert not found or far_from_zero(changed[np.newaxis])[0] > LIMIT
    for one in found:
        without = changed.copy()
        without[one.column] = row[one.column]
        assert far_from_zero(without[np.newaxis])[0] <= LIMIT


def anomaly_of(judge: Model) -> Vector:
    """A row that the model finds odd: an ordinary one with one value far off."""
    row: Vector = judge.neighbours(np.zeros(len(judge.schema.features)), 1).rows[0].copy()
    numbers = [i for i, one in enumerate(judge.schema.features) if one.kind == "number"]
    row[numbers[0]] = 40.0 * (judge.schema.features[numbers[0]].high or 1.0)
    return row


@pytest.mark.parametrize("name", DETECTORS)
def test_each_detector_can_be_asked(name: str) -> None:
    judge = model_of(name)
    row = anomaly_of(judge)
    found = judge.fewest_changes(row)
    changed = row.copy()
    for one in found or ():
        changed[one.column] = one.value
    is_odd = judge.log_p_values(row[np.newaxis])[0] <= judge.log_alert_rate
    is_ordinary = judge.log_p_values(changed[np.newaxis])[0] > judge.log_alert_rate
    assert found is None or is_ordinary
    assert found != () or not is_odd


def test_neighbours_are_ordinary_rows_nearest_first() -> None:
    judge = model()
    row = anomaly_of(judge)
    found = judge.neighbours(row, 5)
    assert found.rows.shape == (5, len(row))
    assert list(found.distances) == sorted(found.distances)
    assert 0.0 <= found.distances[0] <= found.distances[-1] <= FARTHEST


def test_a_row_among_the_ordinary_ones_is_its_own_neighbour() -> None:
    judge = model()
    one = judge.neighbours(anomaly_of(judge), 3).rows[2]
    assert judge.neighbours(one, 1).distances[0] == 0.0


def test_there_are_no_more_neighbours_than_ordinary_rows() -> None:
    judge = model()
    many = judge.neighbours(anomaly_of(judge), 10**9)
    assert len(many.rows) == len(many.distances) > 100
