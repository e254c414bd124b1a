"""A picture of an entity's anomalies over time: SVG, for a page with `templates/review.css`.

What was said of an anomaly is told by its shape, not by its colour alone.
"""

from collections.abc import Sequence
from html import escape
from math import log10
from typing import NamedTuple
from urllib.parse import quote

from anomaly_app.core.times import iso_time
from anomaly_app.core.wording import odds

WIDTH, HEIGHT = 720.0, 120.0
MARGIN = 8.0
BELOW = 16.0
"""Height of the scale below."""

RAREST = 1e-9
"""P-values below this are drawn at the top."""

SIZE = 4.0


class Point(NamedTuple):
    """An anomaly."""

    id: str
    time: float
    """Seconds since the epoch."""
    p_value: float
    verdict: str | None
    """What was said of it; None for nothing."""


def timeline(points: Sequence[Point], current: str) -> str:
    """Draw anomalies by time, the rarest at the top; each is a link to its page.

    Parameters
    ----------
    points
        At least one.
    current
        Id of the one that is marked.
    """
    first, last = min(one.time for one in points), max(one.time for one in points)
    marks = [_mark(one, first, last, is_current=one.id == current) for one in points]
    scale = [_text(MARGIN, iso_time(first)[:16].replace("T", " "), "start")]
    if last > first:
        scale.append(_text(WIDTH - MARGIN, iso_time(last)[:16].replace("T", " "), "end"))
    about = f"{len(points)} anomalies of this entity over time, the rarest at the top"
    height = HEIGHT + BELOW
    return (
        f'<svg class="timeline" role="img" aria-label="{about}" '
        f'viewBox="0 0 {WIDTH:.0f} {height:.0f}">'
        f'<line class="axis" x1="0" x2="{WIDTH:.0f}" y1="{HEIGHT:.0f}" y2="{HEIGHT:.0f}"/>'
        f"{''.join(marks)}{''.join(scale)}</svg>"
    )


def _mark(point: Point, first: float, last: float, *, is_current: bool) -> str:
    across = (point.time - first) / (last - first) if last > first else 0.5
    up = log10(min(max(point.p_value, RAREST), 1.0)) / log10(RAREST)
    x = MARGIN + across * (WIDTH - 2 * MARGIN)
    y = HEIGHT - MARGIN - up * (HEIGHT - 2 * MARGIN)
    said = point.verdict or "nobody has looked"
    words = f"{iso_time(point.time)}, {odds(point.p_value)}, {said}"
    ring = f'<circle class="current" cx="{x:.1f}" cy="{y:.1f}" r="9"/>' if is_current else ""
    return (
        f'<a href="/review/anomalies/{quote(point.id, safe="")}">{ring}'
        f"{_shape(point.verdict, x, y)}<title>{escape(words)}</title></a>"
    )


def _shape(verdict: str | None, x: float, y: float) -> str:
    match verdict:
        case "fraud":
            return (
                f'<rect class="fraud" x="{x - SIZE:.1f}" y="{y - SIZE:.1f}" '
                f'width="{2 * SIZE}" height="{2 * SIZE}"/>'
            )
        case "expected":
            return f'<circle class="expected" cx="{x:.1f}" cy="{y:.1f}" r="{SIZE}"/>'
        case "disputed":
            points = " ".join(
                f"{x + dx * SIZE:.1f},{y + dy * SIZE:.1f}"
                for dx, dy in ((0, -1.3), (1.3, 0), (0, 1.3), (-1.3, 0))
            )
            return f'<polygon class="disputed" points="{points}"/>'
        case _:
            return f'<circle class="open" cx="{x:.1f}" cy="{y:.1f}" r="{SIZE - 1}"/>'


def _text(x: float, text: str, anchor: str) -> str:
    return (
        f'<text x="{x:.1f}" y="{HEIGHT + BELOW - 4.0:.1f}" text-anchor="{anchor}">'
        f"{escape(text)}</text>"
    )
