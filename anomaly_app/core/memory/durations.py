"""Durations as text (``10m``, ``7d``), and the hops that windows advance by."""

import math
import re

from anomaly_app.errors import DataError

MILLISECOND = 1
SECOND = 1_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
"""In milliseconds, as all times of the memory."""

UNITS = {"d": DAY, "h": HOUR, "m": MINUTE, "s": SECOND, "ms": MILLISECOND}

USUAL_BUCKETS = 6
"""A window advances by about this share of itself, so that it is at most a sixth too long."""

ROUND_HOPS = (
    *(n * MILLISECOND for n in (100, 200, 500)),
    *(n * SECOND for n in (1, 2, 5, 10, 15, 20, 30)),
    *(n * MINUTE for n in (1, 2, 3, 5, 10, 15, 20, 30)),
    *(n * HOUR for n in (1, 2, 3, 4, 6, 8, 12)),
    *(n * DAY for n in (1, 2, 5)),
)


def duration_of(text: str, what: str) -> int:
    """Read a duration.

    Parameters
    ----------
    text
        A whole number and a unit: ``ms``, ``s``, ``m``, ``h`` or ``d``.
    what
        What it is the duration of, for the message.

    Returns
    -------
    int
        Milliseconds.

    Raises
    ------
    DataError
        It is not a duration.
    """
    found = re.fullmatch(r"([0-9]{1,9})(ms|s|m|h|d)", text)
    if found is None:
        raise DataError(f"{what}: {text!r} is not a duration: write a number and s, m, h or d: 10m")
    return int(found[1]) * UNITS[found[2]]


def duration_text(milliseconds: int) -> str:
    """Format a duration in the largest unit that divides it: ``90m``, ``1d``."""
    unit = next(unit for unit, size in UNITS.items() if milliseconds % size == 0)
    return f"{milliseconds // UNITS[unit]}{unit}"


def usual_hop(window: int) -> int | None:
    """Return the round hop that divides a window into nearly `USUAL_BUCKETS`, in milliseconds.

    None if no round hop is near enough: between half and twice as many.
    """
    near = {
        hop: abs(math.log(window / hop / USUAL_BUCKETS)) for hop in ROUND_HOPS if window % hop == 0
    }
    best = min(near, key=lambda hop: (near[hop], hop), default=None)
    return best if best is not None and near[best] <= math.log(2.0) else None
