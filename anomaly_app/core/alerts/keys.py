"""What anomalies may have in common: a reason, its direction, and the value of a field."""

from collections.abc import Container, Iterator
from typing import NamedTuple, TypeAlias

import msgspec

from anomaly_app.core.alerts.sighting import Sighting

Item: TypeAlias = tuple[str, str]
"""A field and its value."""

Reason: TypeAlias = tuple[str, str]
"""A feature and a direction."""

REASONS_COMPARED = 3
LEAST_SHARE = 0.1
"""Reasons with a smaller share do not make anomalies alike, except the first."""


class Key(NamedTuple):
    """What anomalies share: a reason, its direction, and the value of a field."""

    feature: str
    direction: str
    field: str
    value: str

    @property
    def item(self) -> Item:
        """The field and its value."""
        return self.field, self.value

    @property
    def reason(self) -> tuple[str, str]:
        """The feature and its direction."""
        return self.feature, self.direction


class Seen(msgspec.Struct, array_like=True):
    """An anomaly of the last while."""

    at: float
    entity: str
    incident: str
    reasons: tuple[tuple[str, str], ...]
    items: tuple[Item, ...]
    is_explained: bool = False
    """Whether it belongs to an incident of many entities: then chance does not give it."""

    def possible_keys(self) -> Iterator[Key]:
        """Yield all that it may share with others."""
        for feature, direction in self.reasons:
            for field, value in self.items:
                # That the category is unusual says already which one it is.
                if field.rpartition(".")[2] != feature:
                    yield Key(feature, direction, field, value)


def seen_of(sighting: Sighting, measured: Container[str], now: float) -> Seen:
    """Return what is compared of an anomaly; it belongs to no incident yet.

    Parameters
    ----------
    sighting
        The anomaly.
    measured
        Names of fields that are measured: two anomalies may have the same number by chance.
    now
        Seconds since the epoch.
    """
    reasons = tuple(
        (cause.feature, cause.direction)
        for place, cause in enumerate(sighting.causes[:REASONS_COMPARED])
        if place == 0 or cause.share >= LEAST_SHARE
    )
    items = tuple(
        (field, value)
        for field, value in sighting.fields.items()
        if field.rpartition(".")[2] not in measured
    )
    return Seen(now, sighting.entity, "", reasons, items)


def measured_in(sighting: Sighting) -> Iterator[str]:
    """Yield the names of fields that an anomaly shows to be measured."""
    for cause in sighting.causes:
        if isinstance(cause.actual, float) and isinstance(cause.expected, float):
            # What is remembered of a field names it: relative:amount:30d.
            yield from cause.feature.split(":")
