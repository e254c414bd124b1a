"""The recent values of an entity as they are remembered, with the anomalies of an incident.

A memory keeps last values of some fields. Of most it keeps what a window adds up to, bucket by
bucket: then each bucket is a point, and the picture says so.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from anomaly_app.channels.picture import FEWEST_POINTS, Series
from anomaly_app.core.alerts.notice import IncidentView
from anomaly_app.core.memory.durations import SECOND, duration_of
from anomaly_app.core.memory.features import feature_of
from anomaly_app.core.memory.profile_data import Buckets, LastValue, Profile
from anomaly_app.core.memory.wording import duration_in_words, is_remembered

SAME = 0.001
"""Seconds between an anomaly and a remembered value that is the same."""

MEAN, SUM, HIGHEST, LOWEST = "mean", "sum", "max", "min"

NAMES = {MEAN: "mean {}", SUM: "sum of {}", HIGHEST: "highest {}", LOWEST: "lowest {}"}


class Point(NamedTuple):
    """A value at a time, in seconds since the epoch."""

    time: float
    value: float
    is_odd: bool = False


def remembered_series(view: IncidentView, profile: Profile) -> Series | None:
    """Return what is drawn for an incident of one entity.

    If the incident is about a field as it is, its anomalies are points of their own beside what is
    remembered: last values, or means or extremes of buckets. If it is about something that was
    computed of the field, such as its sum in a day, then those buckets are marked in which there
    were anomalies.

    Parameters
    ----------
    view
        The incident.
    profile
        What is remembered of its entity.

    Returns
    -------
    Series | None
        None if nothing is remembered that could be compared.
    """
    field = None if view.charted is None else field_of(view.charted)
    if field is None:
        return None
    odd = [one.time for one in view.sample]
    last = profile.last_values.get(field)
    if view.charted == field:
        if last:
            return _series(view, field, [*_values(view, last)], view.expected)
        found = _kept_of(field, profile, (MEAN, HIGHEST, LOWEST))
        if found is None:
            return None
        # An anomaly is a point of its own: a mean with it in it is not what is usual.
        usual = [point for point in _points(found, odd) if not point.is_odd]
        points = [*usual, *_anomalies(view)] if usual else []
        return _series(view, field, points, view.expected, f"grey: {found.in_words}")
    if found := _kept_of(field, profile, (MEAN, SUM, HIGHEST, LOWEST)):
        return _series(view, found.in_words, [*_points(found, odd)], None)
    return None


def field_of(feature: str) -> str | None:
    """Return the number that a feature is about; None if it is about none of the entity's own."""
    if "/" in feature:
        return None
    if not is_remembered(feature):
        return feature
    numbers = feature_of(feature).numbers
    return numbers[0] if len(numbers) == 1 else None


class _Kept(NamedTuple):
    """What is known of a field bucket by bucket."""

    what: str
    hop: float
    """Seconds of a bucket."""
    values: Mapping[float, float]
    """By the times at which the buckets begin."""

    @property
    def in_words(self) -> str:
        return f"{self.what} in each {duration_in_words(self.hop * SECOND).removeprefix('1 ')}"


def _kept_of(field: str, profile: Profile, kinds: Iterable[str]) -> _Kept | None:
    """Return the first of the kinds that is known; of several windows the longest."""
    windows = sorted(
        (one for one in profile.windows if one.field == field),
        key=lambda one: -duration_of(one.window, "window"),
    )
    for kind in kinds:
        for one in windows:
            values = _means(one) if kind == MEAN else one.values if one.measure == kind else None
            if values is not None:
                hop = duration_of(one.hop, "hop") / SECOND
                known = {
                    (profile.latest // hop - place) * hop: value
                    for place, value in enumerate(reversed(values))
                    if value is not None and place < one.known
                }
                return _Kept(NAMES[kind].format(field), hop, known)
    return None


def _means(buckets: Buckets) -> list[float | None] | None:
    if buckets.measure != SUM or buckets.present is None:
        return None
    pairs = zip(buckets.values, buckets.present, strict=False)
    return [total / count if total is not None and count else None for total, count in pairs]


def _points(kept: _Kept, odd: Iterable[float]) -> Iterator[Point]:
    marked = {time // kept.hop * kept.hop for time in odd}
    for begin, value in kept.values.items():
        yield Point(begin + kept.hop / 2.0, value, begin in marked)


def _anomalies(view: IncidentView) -> Iterator[Point]:
    for one in view.sample:
        if one.value is not None:
            yield Point(one.time, one.value, is_odd=True)


def _values(view: IncidentView, last: Iterable[LastValue]) -> Iterator[Point]:
    """Yield last values and anomalies, each once."""
    anomalies = [*_anomalies(view)]
    yield from anomalies
    for one in last:
        if all(abs(one.time - odd.time) >= SAME for odd in anomalies):
            yield Point(one.time, one.value)


def _series(
    view: IncidentView, what: str, points: list[Point], expected: float | None, about: str = ""
) -> Series | None:
    if len(points) < FEWEST_POINTS:
        return None
    times, values, odd = zip(*sorted(points), strict=True)
    return Series(f"{view.entity}: {what}", times, values, odd, expected, about=about)
