"""A profile in words and small pictures, for a terminal and for a page."""

import math
from collections.abc import Sequence

from anomaly_app.core.memory.profile_data import Buckets, LastValue, Profile, UsualHours
from anomaly_app.core.memory.wording import remembered_in_words
from anomaly_app.core.times import iso_time
from anomaly_app.core.visible import visible
from anomaly_app.core.wording import number

BARS = "▁▂▃▄▅▆▇█"

EMPTY = "·"
"""A bucket without a value."""

HOURS = 24

LONGEST_NAME, LONGEST_LINE = 60, 120
"""Maximum length of the name of an entity or a field, and of a line about one."""


def profile_lines(entity: str, profile: Profile) -> list[str]:
    """Describe what is remembered of an entity, line by line, in printable text.

    Parameters
    ----------
    entity
        Its name, of any length and with any characters.
    profile
        What is remembered.
    """
    windows = [(buckets_title(one), spark(one.values)) for one in profile.windows]
    width = max((len(name) for name, _ in windows), default=0)
    lines = [
        visible(entity, LONGEST_NAME),
        f"  first event {iso_time(profile.since)}, latest {iso_time(profile.latest)}",
        *(_hours_line(hours) for hours in profile.usual_hours),
    ]
    if profile.position is not None:
        lines.append("  last position {:.4f}, {:.4f}".format(*profile.position))
    lines += [
        f"  {visible(remembered_in_words(name, value), LONGEST_LINE)}"
        for name, value in profile.features.items()
    ]
    lines += [f"  {name:{width}}  {picture}" for name, picture in windows]
    return lines + [
        f"  last values of {visible(field, LONGEST_NAME)}, the latest first: {_values(last)}"
        for field, last in profile.last_values.items()
        if last
    ]


def buckets_title(buckets: Buckets) -> str:
    """Say what the buckets of a window hold, in printable text."""
    field = "" if buckets.field is None else f" of {visible(buckets.field, LONGEST_NAME)}"
    measure = "events" if buckets.measure == "count" else buckets.measure
    return f"{measure}{field} in each {buckets.hop} of the last {buckets.window}"


def spark(values: Sequence[float | None]) -> str:
    """Draw numbers as bars of eight heights; see `heights`."""
    return "".join(
        EMPTY if height is None else BARS[round(height * (len(BARS) - 1))]
        for height in heights(values)
    )


def heights(values: Sequence[float | None]) -> list[float | None]:
    """Return the heights of bars, 0 to 1, from 0 or the lowest number to the highest."""
    known = [value for value in values if value is not None]
    # The difference of two numbers may be too large for one.
    low, high = min([0.0, *known]) / 2.0, max([0.0, *known]) / 2.0
    span = high - low or 1.0
    return [None if value is None else (value / 2.0 - low) / span for value in values]


def density_of(hours: UsualHours) -> list[float]:
    """Return how likely each hour of the day is, relative to the likeliest.

    A von Mises distribution with the mean direction and the resultant length of the events
    (Mardia and Jupp, Directional Statistics, 2000).
    """
    length = min(hours.concentration, 0.999)
    kappa = length * (2.0 - length**2) / (1.0 - length**2)
    return [
        math.exp(kappa * (math.cos((hour + 0.5 - hours.hour) / HOURS * 2.0 * math.pi) - 1.0))
        for hour in range(HOURS)
    ]


def _hours_line(hours: UsualHours) -> str:
    minutes = round(hours.hour * 60) % (HOURS * 60)
    middle = f"{minutes // 60:02d}:{minutes % 60:02d}"
    return f"  usual hours around {middle}  0h {spark(density_of(hours))} 24h"


def _values(last: Sequence[LastValue]) -> str:
    return ", ".join(number(one.value) for one in last)
