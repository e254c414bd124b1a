"""Small pictures of what is remembered of an entity: SVG, for a page without scripts.

Colours are those of the page's classes: ``bar``, ``now``, ``usual`` and ``line``.
"""

from collections.abc import Sequence
from html import escape

from anomaly_app.core.memory.profile_data import Buckets, LastValue, UsualHours
from anomaly_app.core.memory.profile_lines import (
    LONGEST_NAME,
    buckets_title,
    density_of,
    heights,
)
from anomaly_app.core.times import iso_time
from anomaly_app.core.visible import visible
from anomaly_app.core.wording import number

WIDTH, HEIGHT = 360.0, 72.0
"""Of what is drawn; the words are beside it."""

BELOW = 16.0
"""Height of the scale below the bars."""

LEAST = 1.0
"""Height of a bar of 0, so that it can be seen."""


def hours_picture(hours: UsualHours, now: float) -> str:
    """Draw the usual hours as 24 bars, and mark the hour that it is.

    Parameters
    ----------
    hours
        When the entity is usually active.
    now
        Local time of day, 0 to 24.
    """
    current, width = int(now) % 24, WIDTH / 24
    bars = [
        _bar(hour * width, width, (0.0, height), f"{hour}:00", is_now=hour == current)
        for hour, height in enumerate(density_of(hours))
    ]
    scale = [_text(hour * width, f"{hour}h", "middle") for hour in (6, 12, 18)]
    mark = _text((current + 0.5) * width, "▴", "middle", "now")
    about = f"usual hours, as bars; it is {current}:00 to {current + 1}:00 now"
    return _picture(about, [*bars, *scale, mark])


def buckets_picture(buckets: Buckets) -> str:
    """Draw a window bucket by bucket: the latest is marked, and a line is the mean of the others.

    Buckets from before the entity's first event say nothing of what is usual.
    """
    *before, latest = buckets.values
    seen = before[len(buckets.values) - max(buckets.known, 1) :]
    known = [value for value in seen if value is not None]
    usual = sum(value / len(known) for value in known) if known else None
    *shares, level, zero = heights([*buckets.values, usual, 0.0])
    width = WIDTH / len(shares)
    bars = [
        _bar(place * width, width, (zero or 0.0, share), _said(value), is_now=place == len(before))
        for place, (share, value) in enumerate(zip(shares, buckets.values, strict=True))
        if share is not None
    ]
    line = "" if level is None else _path([(0.0, level), (WIDTH, level)], "usual")
    scale = [
        _text(0.0, f"{buckets.window} ago", "start"),
        _text(WIDTH, _compared(buckets.hop, latest, usual), "end"),
    ]
    return _picture(f"{buckets_title(buckets)}, as bars", [*bars, line, *scale])


def values_picture(field: str, values: Sequence[LastValue]) -> str:
    """Draw the last values of a field as a line, the latest at the right.

    Parameters
    ----------
    field
        Its name, of any length and with any characters.
    values
        At least one, the latest first.
    """
    ordered = [*reversed(values)]
    shares = [share or 0.0 for share in heights([one.value for one in ordered])]
    step = (WIDTH - 12.0) / max(len(ordered) - 1, 1)
    places = [(6.0 + place * step, share) for place, share in enumerate(shares)]
    points = [
        f'<circle class="{"now" if place == len(ordered) - 1 else "bar"}" cx="{x:.1f}" '
        f'cy="{_down(share):.1f}" r="3">{_title(f"{number(one.value)} at {iso_time(one.time)}")}'
        "</circle>"
        for place, ((x, share), one) in enumerate(zip(places, ordered, strict=True))
    ]
    scale = [
        _text(0.0, iso_time(ordered[0].time), "start"),
        _text(WIDTH, f"latest: {number(ordered[-1].value)}", "end"),
    ]
    about = f"last values of {visible(field, LONGEST_NAME)}, as a line"
    return _picture(about, [_path(places, "line"), *points, *scale])


def _picture(about: str, parts: Sequence[str]) -> str:
    height = HEIGHT + BELOW
    return (
        f'<svg role="img" aria-label="{escape(about)}" viewBox="0 0 {WIDTH:.0f} {height:.0f}" '
        f'width="{WIDTH:.0f}" height="{height:.0f}">{"".join(parts)}</svg>'
    )


def _bar(x: float, width: float, span: tuple[float, float], said: str, *, is_now: bool) -> str:
    """Draw a bar between two heights, 0 to 1."""
    top, bottom = _down(max(span)), _down(min(span))
    return (
        f'<rect class="{"now" if is_now else "bar"}" x="{x + 1.0:.1f}" y="{top - LEAST:.1f}" '
        f'width="{max(width - 2.0, 1.0):.1f}" height="{bottom - top + LEAST:.1f}">{_title(said)}'
        "</rect>"
    )


def _path(places: Sequence[tuple[float, float]], kind: str) -> str:
    points = " ".join(f"{x:.1f},{_down(share):.1f}" for x, share in places)
    return f'<polyline class="{kind}" points="{points}"/>'


def _down(share: float) -> float:
    """Return where a height, 0 to 1, is drawn; there is room for points around it."""
    return 4.0 + (1.0 - share) * (HEIGHT - 8.0)


def _text(x: float, text: str, anchor: str, kind: str = "") -> str:
    place = f'x="{x:.1f}" y="{HEIGHT + BELOW - 4.0:.1f}" text-anchor="{anchor}"'
    return f'<text class="{kind}" {place}>{escape(text)}</text>'


def _title(text: str) -> str:
    return f"<title>{escape(text)}</title>"


def _compared(hop: str, latest: float | None, usual: float | None) -> str:
    said = f"latest {hop}: {_said(latest)}"
    return said if usual is None else f"{said}, usually {_said(usual)}"


def _said(value: float | None) -> str:
    return "nothing" if value is None else number(value)
