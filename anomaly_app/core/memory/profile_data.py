"""What is remembered of one entity, as plain data."""

from typing import Annotated

import msgspec

Seconds = Annotated[float, msgspec.Meta(ge=0.0, le=4_102_444_800.0)]
"""A time from 1970 to 2100, in seconds since the epoch."""

Hour = Annotated[float, msgspec.Meta(ge=0.0, le=24.0)]
"""Local time of day."""


class Buckets(msgspec.Struct, frozen=True):
    """A window bucket by bucket, for a small picture."""

    measure: str
    """``count``, ``sum``, ``max`` or ``min``."""
    field: str | None
    window: str
    hop: str
    values: Annotated[list[float | None], msgspec.Meta(min_length=1)]
    """The oldest first; None is a bucket without an extreme."""
    known: int
    """How many of the values, the latest, are of the time since the entity's first event."""
    present: list[int] | None = None
    """Of a sum, how many numbers each was added up from; None if that is not remembered."""


class UsualHours(msgspec.Struct, frozen=True):
    """When an entity is usually active."""

    hour: Hour
    """The middle of the usual hours."""
    concentration: Annotated[float, msgspec.Meta(ge=0.0, le=1.0)]
    """0 (any time of day) to 1 (always the same)."""
    events: float
    """How many events this is known from: they count less as they get older."""


class LastValue(msgspec.Struct, frozen=True):
    """One of the last values of a field."""

    time: Seconds
    value: float


class Profile(msgspec.Struct, frozen=True):
    """What is remembered of one entity."""

    time: Seconds
    """The time of the profile."""
    hour: Hour
    """The same as local time of day."""
    since: Seconds
    """Time of its first event that is remembered."""
    latest: Seconds
    """Time of its latest event."""
    features: dict[str, float]
    """What an event without values would have at the time of the profile, by name."""
    windows: list[Buckets]
    usual_hours: list[UsualHours]
    """By half-life, in the order of the spec."""
    position: tuple[float, float] | None
    """Latitude and longitude of the last position, in degrees."""
    last_values: dict[str, list[LastValue]]
    """By field, the latest first."""
