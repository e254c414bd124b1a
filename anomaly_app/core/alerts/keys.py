"""What anomalies may have in common: a reason, its direction, and the value of a field."""

from collections.abc import Container, Iterator, Mapping
from functools import lru_cache
from typing import NamedTuple, TypeAlias

import msgspec

from anomaly_app.core.alerts.sighting import Sighting
from anomaly_app.core.memory.features import Feature, feature_of
from anomaly_app.errors import DataError

Item: TypeAlias = tuple[str, str]
"""A field and its value."""

Reason: TypeAlias = tuple[str, str]
"""What a feature is about, and a direction."""

REASONS_COMPARED = 3
LEAST_SHARE = 0.1
"""Reasons with a smaller share do not make anomalies alike, except the first."""


class Key(NamedTuple):
    """What anomalies share: a reason, its direction, and the value of a field."""

    subject: str
    direction: str
    field: str
    value: str

    @property
    def item(self) -> Item:
        """The field and its value."""
        return self.field, self.value

    @property
    def reason(self) -> tuple[str, str]:
        """What is odd, and its direction."""
        return self.subject, self.direction


class Seen(msgspec.Struct, array_like=True):
    """An anomaly of the last while."""

    at: float
    entity: str
    incident: str
    reasons: tuple[tuple[str, str], ...]
    items: tuple[Item, ...]
    is_explained: bool = False
    """Whether it belongs to an incident of many entities: then chance does not give it."""
    is_of_memory: bool = False
    """Whether its first reason is what the entity's memory has, more than this transaction."""

    def has(self, key: Key) -> bool:
        """Whether it may share something with others."""
        return (key[0], key[1]) in self.reasons and (key[2], key[3]) in self.items

    def possible_keys(self) -> Iterator[Key]:
        """Yield all that it may share with others."""
        for subject, direction in self.reasons:
            for field, value in self.items:
                # That the category is unusual says already which one it is.
                if field.rpartition(".")[2] != subject:
                    yield Key(subject, direction, field, value)


def key_of_storm(reason: Reason) -> Key:
    """Return what anomalies share that have nothing but a reason in common."""
    return Key(*reason, "", "")


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
    found = (
        (subject_of(cause.feature), cause.direction)
        for place, cause in enumerate(sighting.causes[:REASONS_COMPARED])
        if place == 0 or cause.share >= LEAST_SHARE
    )
    reasons = tuple(dict.fromkeys(found))
    is_of_memory = any(_is_of_memory(cause.feature) for cause in sighting.causes[:1])
    return Seen(
        *(now, sighting.entity, "", reasons, items_of(sighting.fields, measured)),
        is_of_memory=is_of_memory,
    )


def items_of(fields: Mapping[str, str], measured: Container[str]) -> tuple[Item, ...]:
    """Return the fields of a transaction that others may have in common with it by a cause."""
    return tuple(
        (field, value)
        for field, value in fields.items()
        if field.rpartition(".")[2] not in measured
    )


def measured_in(sighting: Sighting) -> Iterator[str]:
    """Yield the names of fields that an anomaly shows to be measured."""
    for cause in sighting.causes:
        if isinstance(cause.actual, float) and isinstance(cause.expected, float):
            remembered = _remembered(cause.feature)
            yield from (cause.feature,) if remembered is None else remembered.numbers


@lru_cache(maxsize=4096)
def subject_of(name: str) -> str:
    """Return what a feature is about: ``amount`` for ``relative:amount:30d``."""
    remembered = _remembered(name)
    if remembered is None:
        return name
    return next(iter(remembered.numbers), remembered.text or remembered.kind)


def _is_of_memory(name: str) -> bool:
    remembered = _remembered(name)
    return remembered is not None and remembered.kind != "relative"


@lru_cache(maxsize=4096)
def _remembered(name: str) -> Feature | None:
    """Take the name of a feature of the memory apart; None if it is a field's own."""
    try:
        return feature_of(name.rpartition("/")[2])
    except DataError:
        return None
