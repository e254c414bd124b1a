"""A picture of recent values, the odd ones marked: what a table of reasons cannot show."""

import io
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from math import isfinite
from typing import NamedTuple

from PIL import Image, ImageDraw, ImageFont

from anomaly_app.core.alerts.notice import IncidentView
from anomaly_app.core.model.wording import feature_in_words
from anomaly_app.core.times import EARLIEST, LATEST
from anomaly_app.core.wording import number

WIDTH, HEIGHT = 1200, 360
"""Pixels; about twice the size at which people see it."""
LEFT, RIGHT, TOP, BOTTOM = 150, 40, 76, 56
"""Pixels around the values, for the title and the labels."""

MOST_POINTS = 400
"""Values that are drawn: the latest."""
FEWEST_POINTS = 2
MOST_NAMED = 5
"""Unusual values that are named in words: the latest."""
LONGEST_TITLE = 50

PAPER, INK, PALE, LINE, ODD, USUAL = (
    "#ffffff",
    "#1d1c1d",
    "#6f7680",
    "#aab1ba",
    "#d1242f",
    "#2f6fbf",
)

Font = ImageFont.FreeTypeFont | ImageFont.ImageFont


@dataclass(frozen=True, slots=True)
class Series:
    """Values of one feature over time.

    Parameters
    ----------
    title
        What the values are.
    times, values, odd
        As long as each other: seconds since the epoch, values, and whether each is an anomaly.
        What is not finite, or no time between 1970 and 2100, is left out.
    expected
        What is usual, drawn as a line; None if nothing is.
    is_connected
        Whether a line leads from each value to the next: they are of one entity.
    about
        What the values are that are no anomalies, if that needs to be said: ``grey: the mean of
        each day``.
    """

    title: str
    times: tuple[float, ...]
    values: tuple[float, ...]
    odd: tuple[bool, ...]
    expected: float | None = None
    is_connected: bool = True
    about: str = ""


def sample_series(view: IncidentView) -> Series | None:
    """Give the values that an incident has of its members; None if they are too few to be seen."""
    shown = [(m.time, m.value) for m in view.sample if m.value is not None and isfinite(m.value)]
    if view.charted is None or len(shown) < FEWEST_POINTS:
        return None
    times, values = zip(*shown, strict=True)
    return Series(
        f"{view.entity or f'{view.entities:,} entities'}: {feature_in_words(view.charted)}",
        times,
        values,
        (True,) * len(shown),
        view.expected,
        is_connected=view.entity is not None,
    )


class _Point(NamedTuple):
    time: float
    value: float
    is_odd: bool


class Drawing(NamedTuple):
    """A picture, and what is in it."""

    png: bytes
    words: str
    """For people who do not see it, and below it for the others."""


def drawing_of(series: Series) -> Drawing:
    """Draw values; see `draw_series`."""
    return Drawing(draw_series(series), in_words(series))


def in_words(series: Series) -> str:
    """Say in a sentence what a picture shows."""
    points = _drawable(series)
    if not points:
        return f"{_fitting(series.title)}, no values."
    count = "1 value" if len(points) == 1 else f"{len(points):,} values"
    span = [_when(points[0].time), _when(points[-1].time)]
    when = f"from {span[0]} to {span[1]}" if span[0] != span[1] else f"of {span[0]}"
    parts = [f"{_fitting(series.title)}, {count} {when}", series.about]
    if series.expected is not None and isfinite(series.expected):
        parts.append(f"usually {number(series.expected)}")
    if odd := [number(point.value) for point in points if point.is_odd]:
        others = len(odd) - MOST_NAMED
        more = f" and {others} more" if others > 0 else ""
        parts.append(f"unusual, in red: {', '.join(odd[-MOST_NAMED:])}{more}")
    return "; ".join(filter(None, parts)) + "."


def draw_series(series: Series) -> bytes:
    """Draw values as a PNG.

    It takes some milliseconds: call it in a thread of its own where others wait.
    """
    points = _drawable(series)
    image = Image.new("RGB", (WIDTH, HEIGHT), PAPER)
    draw = ImageDraw.Draw(image)
    expected = (
        series.expected if series.expected is not None and isfinite(series.expected) else None
    )
    draw.text((LEFT, 18), _fitting(series.title), fill=INK, font=_font(30))
    if points:
        _draw_points(draw, points, expected, is_connected=series.is_connected)
        middle = ((LEFT + WIDTH - RIGHT) / 2, HEIGHT - BOTTOM + 14)
        draw.text(middle, _fitting(series.about), fill=PALE, font=_font(22), anchor="ma")
    else:
        draw.text((LEFT, HEIGHT / 2), "no values", fill=PALE, font=_font(26))
    file = io.BytesIO()
    image.save(file, "PNG", optimize=True)
    return file.getvalue()


def _draw_points(
    draw: ImageDraw.ImageDraw, points: list[_Point], expected: float | None, *, is_connected: bool
) -> None:
    values = [p.value for p in points] + ([] if expected is None else [expected])
    lowest, highest = min(values), max(values)
    across = _Scale.of([p.time for p in points], LEFT + 12, WIDTH - RIGHT - 12)
    up = _Scale.of(values, HEIGHT - BOTTOM - 12, TOP + 12)
    for value in sorted({lowest, highest}):
        y = up(value)
        draw.line([(LEFT, y), (WIDTH - RIGHT, y)], fill="#eceef0", width=2)
        draw.text((LEFT - 14, y), number(value), fill=PALE, font=_font(22), anchor="rm")
    if expected is not None:
        _draw_expected(draw, up(expected), f"usually {number(expected)}")
    places = [(across(p.time), up(p.value)) for p in points]
    if is_connected:
        draw.line(places, fill=LINE, width=3, joint="curve")
    for (x, y), point in zip(places, points, strict=True):
        size, colour = (9, ODD) if point.is_odd else (4, PALE)
        draw.ellipse([(x - size, y - size), (x + size, y + size)], fill=colour)
    below = HEIGHT - BOTTOM + 14
    draw.text((LEFT, below), _when(points[0].time), fill=PALE, font=_font(22))
    if points[-1].time > points[0].time:
        last = _when(points[-1].time)
        draw.text((WIDTH - RIGHT, below), last, fill=PALE, font=_font(22), anchor="ra")


def _draw_expected(draw: ImageDraw.ImageDraw, y: float, words: str) -> None:
    for x in range(LEFT, WIDTH - RIGHT, 20):
        draw.line([(x, y), (x + 10, y)], fill=USUAL, width=3)
    # Beside the title, where no value can hide it.
    draw.text((WIDTH - RIGHT, 24), words, fill=USUAL, font=_font(22), anchor="ra")


class _Scale(NamedTuple):
    """From values to pixels; values as large as 1e308 do not overflow."""

    unit: float
    low: float
    extent: float
    begin: float
    end: float

    @classmethod
    def of(cls, values: list[float], begin: float, end: float) -> "_Scale":
        unit = max(map(abs, values)) or 1.0
        low = min(values) / unit
        return cls(unit, low, max(values) / unit - low, begin, end)

    def __call__(self, value: float) -> float:
        share = (value / self.unit - self.low) / self.extent if self.extent else 0.5
        return self.begin + (self.end - self.begin) * share


def _drawable(series: Series) -> list[_Point]:
    points = [
        _Point(time, value, is_odd)
        for time, value, is_odd in zip(series.times, series.values, series.odd, strict=True)
        if EARLIEST <= time <= LATEST and isfinite(value)
    ]
    return sorted(points)[-MOST_POINTS:]


def _when(time: float) -> str:
    return datetime.fromtimestamp(time, UTC).strftime("%Y-%m-%d %H:%M UTC")


def _fitting(title: str) -> str:
    seen = "".join(sign if sign.isprintable() else " " for sign in title[: LONGEST_TITLE + 1])
    return seen if len(seen) <= LONGEST_TITLE else seen[: LONGEST_TITLE - 1] + "…"


@cache
def _font(size: int) -> Font:
    return ImageFont.load_default(size)
