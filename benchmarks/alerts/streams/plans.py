"""What is to go wrong in a stream, drawn before anything is planted."""

from collections.abc import Iterator, Sequence
from typing import Literal, NamedTuple, TypeAlias, TypeVar

import numpy as np

from benchmarks.alerts.stream import DAY, HOUR, MINUTE
from benchmarks.alerts.streams.families.family import Family, Oddity, Sharing

CAMPAIGNS_A_DAY, BURSTS_A_DAY, CHRONIC_A_DAY = 2.0, 4.0, 2.0
TWINS = 0.7
"""Share of the streams in which two campaigns meet."""

OUTAGES = 0.5
"""Share of the streams with an outage."""

FLAPPING = 0.5
"""Share of the chronic entities that are odd and ordinary in turn."""

SMALL, LARGE = 20, 400
"""Entities of a campaign."""

LARGE_FROM = 200
"""The first campaign of each stream has at least so many entities."""

WIDE = 60
"""So many entities share only what is wide."""

Item = TypeVar("Item")

Twin: TypeAlias = Literal["other", "other value", "other feature"]
"""How the second of two campaigns differs: by all; by the value that is shared; by the feature."""


class Campaign(NamedTuple):
    """Many entities that share an attribute and are odd in the same feature and direction."""

    begin: float
    duration: float
    entities: int
    sharing: Sharing
    oddity: Oddity
    strength: float
    share: float
    """Share of its records that are odd at all."""
    again: float
    """Records of an entity after its first, on average."""
    twin: "Campaign | None" = None
    twin_by: Twin = "other"


class Burst(NamedTuple):
    """One entity that is odd very often within an hour."""

    begin: float
    duration: float
    records: int
    oddity: Oddity
    strength: float


class Chronic(NamedTuple):
    """One entity that is odd again and again over most of a day."""

    begin: float
    duration: float
    pause: float
    """Seconds between two of its records, on average."""
    phase: float | None
    """Seconds for which it is odd, and then ordinary, in turn; None: it is always odd."""
    oddity: Oddity
    strength: float


class Outage(NamedTuple):
    """A large part of all entities is odd for a while."""

    begin: float
    duration: float
    share: float
    """Of the entities."""
    oddity: Oddity
    strength: float


class Plan(NamedTuple):
    """All that is planted in a stream."""

    campaigns: Sequence[Campaign]
    bursts: Sequence[Burst]
    chronic: Sequence[Chronic]
    outages: Sequence[Outage]


def draw_plan(family: Family, begin: float, rng: np.random.Generator) -> Plan:
    """Draw what goes wrong in the days from `begin` (seconds since the epoch) on."""
    days = family.days
    outage = rng.random() < OUTAGES
    return Plan(
        campaigns=[*_campaigns(family, begin, rng)],
        bursts=[_burst(family, begin, rng) for _ in range(1 + rng.poisson(BURSTS_A_DAY * days))],
        chronic=[
            _chronic(family, begin, rng) for _ in range(1 + rng.poisson(CHRONIC_A_DAY * days))
        ],
        outages=[_outage(family, begin, rng)] if outage else [],
    )


def _begin(family: Family, begin: float, duration: float, rng: np.random.Generator) -> float:
    """Draw when something begins, so that it ends within the stream."""
    first, last = family.waking
    day = int(rng.integers(family.days))
    hour = rng.uniform(first, last) * HOUR
    return float(begin + min(day * DAY + hour, family.days * DAY - duration))


def _between(low: float, high: float, rng: np.random.Generator) -> float:
    """Draw a number whose logarithm is uniform."""
    return float(np.exp(rng.uniform(np.log(low), np.log(high))))


def _campaigns(family: Family, begin: float, rng: np.random.Generator) -> Iterator[Campaign]:
    for number in range(2 + rng.poisson(CAMPAIGNS_A_DAY * family.days - 1.0)):
        duration = _between(20 * MINUTE, 3 * HOUR, rng)
        one = _campaign(
            family,
            _begin(family, begin, duration, rng),
            duration,
            LARGE_FROM if number == 0 else SMALL,
            rng,
        )
        yield one
        if number == 0 and rng.random() < TWINS:
            yield _twin_of(one, family, rng)


def _campaign(
    family: Family, begin: float, duration: float, least: int, rng: np.random.Generator
) -> Campaign:
    entities = round(_between(least, LARGE, rng))
    return Campaign(
        begin=begin,
        duration=duration,
        entities=entities,
        sharing=_one_of([one for one in family.sharings if one.wide or entities < WIDE], rng),
        oddity=_one_of(family.oddities, rng),
        strength=float(rng.uniform(0.1, 1.0)),
        share=float(rng.uniform(0.6, 1.0)),
        again=float(rng.uniform(0.0, 1.5)),
    )


def _twin_of(one: Campaign, family: Family, rng: np.random.Generator) -> Campaign:
    begin = one.begin + rng.uniform(0.0, 0.5) * one.duration
    two = _campaign(family, float(begin), one.duration, LARGE_FROM // 2, rng)
    by: Twin = rng.choice(["other", "other value", "other feature"])
    others = [oddity for oddity in family.oddities if oddity != one.oddity]
    if by == "other value":
        two = two._replace(sharing=one.sharing, oddity=one.oddity)
    elif by == "other feature":
        two = two._replace(sharing=one.sharing, oddity=_one_of(others, rng))
    else:
        sharings = [each for each in family.sharings if each != one.sharing and each.wide]
        two = two._replace(sharing=_one_of(sharings, rng), oddity=_one_of(others, rng))
    return two._replace(twin=one, twin_by=by)


def _burst(family: Family, begin: float, rng: np.random.Generator) -> Burst:
    duration = rng.uniform(10 * MINUTE, HOUR)
    return Burst(
        begin=_begin(family, begin, duration, rng),
        duration=duration,
        records=round(_between(20, 300, rng)),
        oddity=_one_of(family.oddities, rng),
        strength=float(rng.uniform(0.3, 1.0)),
    )


def _chronic(family: Family, begin: float, rng: np.random.Generator) -> Chronic:
    duration = rng.uniform(10.0, 20.0) * HOUR
    first = rng.uniform(0.0, family.days * DAY - duration)
    return Chronic(
        begin=begin + first,
        duration=duration,
        pause=_between(4 * MINUTE, 40 * MINUTE, rng),
        phase=_between(8 * MINUTE, 60 * MINUTE, rng) if rng.random() < FLAPPING else None,
        oddity=_one_of(family.oddities, rng),
        strength=float(rng.uniform(0.3, 1.0)),
    )


def _outage(family: Family, begin: float, rng: np.random.Generator) -> Outage:
    duration = _between(15 * MINUTE, HOUR, rng)
    return Outage(
        begin=_begin(family, begin, duration, rng),
        duration=duration,
        share=float(rng.uniform(0.4, 0.8)),
        oddity=_one_of(family.outages, rng),
        strength=float(rng.uniform(0.2, 0.7)),
    )


def _one_of(items: Sequence[Item], rng: np.random.Generator) -> Item:
    return items[int(rng.integers(len(items)))]
