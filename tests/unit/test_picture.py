"""Pictures of values: whatever the values are, they are drawn, and quickly."""

import io
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageColor

from anomaly_app.channels.picture import (
    HEIGHT,
    MOST_POINTS,
    ODD,
    WIDTH,
    Series,
    draw_series,
    sample_series,
)
from tests.support.slack_notices import NOON, incident, member

RED = ImageColor.getrgb(ODD)


def series(*values: float, **changes: Any) -> Series:
    fields: dict[str, Any] = {
        "title": "amount: card-0042",
        "times": tuple(NOON + 60.0 * i for i in range(len(values))),
        "values": values,
        "odd": (False,) * len(values),
    }
    return Series(**(fields | changes))


def drawn(shown: Series) -> Image.Image:
    data = draw_series(shown)
    assert data.startswith(b"\x89PNG")
    return Image.open(io.BytesIO(data)).convert("RGB")


def red_spots(picture: Image.Image) -> int:
    """Count the separate red dots, by the columns in which they are."""
    columns = [
        any(picture.getpixel((x, y)) == RED for y in range(picture.height))
        for x in range(picture.width)
    ]
    return sum(now and not before for before, now in zip([False, *columns], columns, strict=False))


def test_the_odd_values_are_marked() -> None:
    odd = (False, True, False, False, True, False)
    assert red_spots(drawn(series(20, 4_000, 25, 30, 2_500, 22, odd=odd))) == 2


def test_usual_values_are_not_marked() -> None:
    assert red_spots(drawn(series(20, 25, 22))) == 0


def test_what_is_usual_is_a_line() -> None:
    assert drawn(series(20, 25)).tobytes() != drawn(series(20, 25, expected=22)).tobytes()


def test_values_of_many_entities_are_not_connected() -> None:
    connected, apart = series(1, 9, 2), series(1, 9, 2, is_connected=False)
    assert drawn(connected).tobytes() != drawn(apart).tobytes()


@pytest.mark.parametrize(
    "values",
    [
        (),
        (5.0,),
        (7.0, 7.0, 7.0),
        (1e308, -1e308, 0.0),
        (5e-324, 0.0),
        (1e300,),
        (float("nan"), float("inf"), float("-inf")),
        (1.0, float("nan"), 2.0),
    ],
)
def test_values_that_are_hard_to_draw_are_drawn(values: tuple[float, ...]) -> None:
    assert drawn(series(*values, expected=1.0)).size == (WIDTH, HEIGHT)


@given(
    points=st.lists(st.tuples(st.floats(), st.floats(), st.booleans()), max_size=30),
    expected=st.none() | st.floats(),
    title=st.text(max_size=100),
)
def test_whatever_the_stream_holds_is_a_picture(
    points: list[tuple[float, float, bool]], expected: float | None, title: str
) -> None:
    times, values, odd = zip(*points, strict=True) if points else ((), (), ())
    assert drawn(Series(title, times, values, odd, expected)).size == (WIDTH, HEIGHT)


def test_values_are_drawn_in_order_of_time() -> None:
    late_first = series(1.0, 9.0, 2.0, times=(NOON + 120, NOON, NOON + 60))
    in_order = series(9.0, 2.0, 1.0)
    assert draw_series(late_first) == draw_series(in_order)


def test_of_very_many_values_the_latest_are_drawn() -> None:
    many = series(*(float(i % 7) for i in range(100_000)))
    latest = Series(
        many.title, many.times[-MOST_POINTS:], many.values[-MOST_POINTS:], (False,) * MOST_POINTS
    )
    assert draw_series(many) == draw_series(latest)


def test_an_incident_is_drawn_from_the_members_that_it_has() -> None:
    shown = sample_series(incident(3))
    assert shown == Series(
        "card-0042: amount",
        (NOON, NOON + 60, NOON + 120),
        (4_210.0, 3_910.0, 3_610.0),
        (True, True, True),
        28.8,
    )


@pytest.mark.parametrize(
    "view",
    [
        incident(1),
        incident(3, charted=None),
        incident(2, sample=(member(0, value=None), member(1, value=float("nan")))),
    ],
)
def test_what_shows_nothing_is_not_drawn(view: Any) -> None:
    assert sample_series(view) is None
