"""What the review page shows beside an anomaly: a timeline, what would do, and its neighbours."""

import re
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.core.arrays import Matrix
from anomaly_app.core.model.feature_values import row_of
from anomaly_app.core.model.model import Model
from anomaly_app.web.review.ordinary import MOST_FEATURES, MOST_NEIGHBOURS, ordinary_beside
from anomaly_app.web.review.timeline import Point, timeline
from tests.support.factories import NOON, model
from tests.support.memories import model_with_memory

SVG = "{http://www.w3.org/2000/svg}"


def sent(judge: Model, row: Any) -> dict[str, Any]:
    """The values of a row as an anomaly's message has them."""
    return {
        feature.name: feature.value_of(float(value))
        for feature, value in zip(judge.schema.features, row, strict=True)
    }


def ordinary_rows(judge: Model) -> Matrix:
    found: Matrix = judge.neighbours(np.zeros(len(judge.schema.features)), 50).rows
    return found


@pytest.mark.parametrize("judge", [model(), model_with_memory()], ids=["plain", "memory"])
def test_a_row_comes_back_from_its_message(judge: Model) -> None:
    for row in ordinary_rows(judge):
        np.testing.assert_array_equal(row_of(judge.schema, sent(judge, row), "card-1"), row)


def test_what_is_not_there_or_no_number_is_missing() -> None:
    row = row_of(model().schema, {"amount": "•••", "shop": None}, None)
    assert np.isnan(row).all()
    assert np.isnan(row_of(model().schema, {}, None)).all()


def test_a_shop_that_was_never_seen_is_not_missing() -> None:
    judge = model()
    row = row_of(judge.schema, {"amount": 20, "shop": "casino"}, None)
    place = [one.name for one in judge.schema.features].index("shop")
    assert row[place] == judge.schema.features[place].other_code


def test_a_number_that_is_too_large_is_infinite() -> None:
    assert np.isinf(row_of(model().schema, {"amount": 10**400}, None)).any()


def test_what_would_do_is_said_in_words() -> None:
    found = ordinary_beside(model(), {"amount": 950.0, "shop": "food"}, "card-1")
    assert not found.is_ordinary
    assert found.changes is not None
    [change] = found.changes
    assert (change.feature, change.value) == ("amount", "950")
    assert 10.0 < float(change.needed) < 60.0


def test_an_ordinary_one_needs_nothing() -> None:
    found = ordinary_beside(model(), {"amount": 20.0, "shop": "food"}, "card-1")
    assert found.is_ordinary
    assert found.changes == ()


def test_neighbours_stand_beside_it_the_oddest_feature_first() -> None:
    found = ordinary_beside(model(), {"amount": 950.0, "shop": "food"}, "card-1")
    first, *others = found.neighbours
    assert (first.feature, first.value, first.is_odd) == ("amount", "950", True)
    assert len(first.others) == MOST_NEIGHBOURS
    assert all(float(value) < 60.0 for value in first.others)
    assert [(one.feature, one.is_odd) for one in others] == [("shop", False)]
    assert set(others[0].others) == {"food"}


@given(
    st.fixed_dictionaries(
        {},
        optional={
            "amount": st.none() | st.floats() | st.integers() | st.text(max_size=5),
            "shop": st.none() | st.text(max_size=5) | st.integers(),
        },
    )
)
def test_any_values_can_be_shown(values: dict[str, Any]) -> None:
    found = ordinary_beside(model(), values, None)
    assert len(found.neighbours) == 2 <= MOST_FEATURES
    assert list(found.distances) == sorted(found.distances)


points = st.lists(
    st.builds(
        Point,
        id=st.text(min_size=1, max_size=30),
        time=st.floats(0.0, 2e9),
        p_value=st.floats(0.0, 1.0),
        verdict=st.none() | st.sampled_from(["fraud", "expected", "disputed", "<b>"]),
    ),
    min_size=1,
    max_size=20,
)


@given(points, st.text(max_size=5))
def test_a_timeline_is_a_picture_whatever_the_names(found: list[Point], current: str) -> None:
    text = timeline(found, current)
    # The attributes of HTML need no namespace.
    root = ET.fromstring(text.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1))  # noqa: S314
    assert len(root.findall(f"{SVG}a")) == len(found)
    for number in re.findall(r' (?:cx|x|cy|y)="([^"]+)"', text):
        assert -10.0 <= float(number) <= 730.0


def test_what_was_said_is_a_shape_and_the_present_one_has_a_ring() -> None:
    verdicts = [None, "fraud", "expected", "disputed"]
    found = [
        Point(f"t-0-{n}", NOON + 60.0 * n, 0.001, verdict) for n, verdict in enumerate(verdicts)
    ]
    text = timeline(found, "t-0-1")
    assert [text.count(f"<{shape} ") for shape in ("rect", "polygon", "circle")] == [1, 1, 3]
    assert text.count('class="current"') == 1
    assert 'href="/review/anomalies/t-0-3"' in text


def test_the_rarer_is_higher() -> None:
    rare, less = Point("a-0-1", 1.0, 1e-8, None), Point("a-0-2", 2.0, 1e-3, None)
    ys = [float(y) for y in re.findall(r'cy="([\d.]+)"', timeline([rare, less], ""))]
    assert ys[0] < ys[1]
