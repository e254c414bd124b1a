"""Small pictures of what is remembered: well-formed, within their frame, whatever the values."""

import re
from xml.etree import ElementTree as ET

import pytest

from anomaly_app.core.memory.profile_data import Buckets, LastValue, UsualHours
from anomaly_app.core.memory.profile_lines import heights, spark
from anomaly_app.web.pictures import (
    BELOW,
    HEIGHT,
    WIDTH,
    buckets_picture,
    hours_picture,
    values_picture,
)

EXTREME = [-1.7e308, 0.0, 1.7e308]


def drawn(picture: str) -> ET.Element:
    """Read a picture, and check that everything in it is within its frame."""
    root = ET.fromstring(picture)  # noqa: S314  # it is ours
    for part in root.iter():
        for name in ("x", "cx"):
            assert -1.0 <= float(part.get(name, 0.0)) <= WIDTH
        for name in ("y", "cy"):
            assert -1.0 <= float(part.get(name, 0.0)) <= HEIGHT + BELOW
        for number in re.findall(r"[^ ,]+", part.get("points", "")):
            assert -1.0 <= float(number) <= WIDTH
    return root


def of_class(root: ET.Element, tag: str, name: str) -> list[ET.Element]:
    return [part for part in root.iter(tag) if part.get("class") == name]


def buckets(*values: float | None, known: int | None = None) -> Buckets:
    return Buckets("sum", "amount", "1d", "4h", [*values], len(values) if known is None else known)


@pytest.mark.parametrize(("now", "hour"), [(0.0, 0), (13.99, 13), (24.0, 0)])
def test_the_hour_that_it_is_is_marked(now: float, hour: int) -> None:
    root = drawn(hours_picture(UsualHours(9.5, 0.8, 40.0), now))
    bars = [*root.iter("rect")]
    assert len(bars) == 24
    assert [place for place, bar in enumerate(bars) if bar.get("class") == "now"] == [hour]
    heights = [float(bar.get("height", 0.0)) for bar in bars]
    assert heights.index(max(heights)) == 9


def test_the_latest_bucket_is_marked_and_a_line_says_what_is_usual() -> None:
    root = drawn(buckets_picture(buckets(2.0, 4.0, None, 9.0)))
    assert len([*root.iter("rect")]) == 3
    [latest] = of_class(root, "rect", "now")
    assert latest.findtext("title") == "9"
    assert len(of_class(root, "polyline", "usual")) == 1
    assert "latest 4h: 9, usually 3" in "".join(root.itertext())


def test_what_was_before_the_first_event_is_not_usual() -> None:
    assert "usually 6" in buckets_picture(buckets(0.0, 0.0, 0.0, 6.0, 9.0, known=2))
    assert "usually" not in buckets_picture(buckets(0.0, 0.0, 9.0, known=1))


def test_numbers_below_zero_hang_from_a_common_level() -> None:
    root = drawn(buckets_picture(buckets(-4.0, 4.0, 0.0)))
    down, up, nothing = root.iter("rect")
    bottom = float(up.get("y", 0.0)) + float(up.get("height", 0.0))
    assert float(down.get("y", 0.0)) == pytest.approx(bottom - 1.0)
    assert float(nothing.get("height", 0.0)) == 1.0


def test_last_values_go_from_left_to_right() -> None:
    values = [LastValue(3.0, 30.0), LastValue(2.0, 10.0), LastValue(1.0, 20.0)]
    root = drawn(values_picture("amount", values))
    points = [*root.iter("circle")]
    assert [(point.findtext("title") or "")[:2] for point in points] == ["20", "10", "30"]
    assert [point.get("class") for point in points] == ["bar", "bar", "now"]


@pytest.mark.parametrize("values", [EXTREME, [5e-324], [0.0], [None, None], [1.0] * 61, [None, -1]])
def test_any_numbers_can_be_drawn(values: list[float | None]) -> None:
    assert drawn(buckets_picture(buckets(*values))).tag == "svg"
    assert len(spark(values)) == len(values)
    known = [value for value in values if value is not None]
    assert all(0.0 <= height <= 1.0 for height in heights(known) if height is not None)
    last = [LastValue(float(place), value) for place, value in enumerate(known or [7.0])]
    assert drawn(values_picture("a", last)).tag == "svg"


def test_names_are_text() -> None:
    hostile = '"><script>&\x00\n'
    root = drawn(values_picture(hostile, [LastValue(1.0, 2.0)]))
    assert '"><script>&' in root.get("aria-label", "")
    assert {part.tag for part in root.iter()} == {"svg", "polyline", "circle", "title", "text"}
    drawn(buckets_picture(Buckets("max", hostile, "1h", "10m", [1.0], 1)))
