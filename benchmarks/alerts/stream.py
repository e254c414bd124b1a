"""A labelled stream: the anomalies topic of some days, and the root cause of each anomaly."""

from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

import msgspec

DAY = 86_400.0
HOUR = 3_600.0
MINUTE = 60.0

CauseKind: TypeAlias = Literal["campaign", "burst", "chronic", "outage", "episode"]
"""What kind of root cause: many entities that share an attribute; one entity, very often within an
hour; one entity, again and again over most of a day; a large part of all entities at once; or what
the scenario has by itself (an episode of a simulator, frauds of one card)."""

CAUSE_KINDS: tuple[CauseKind, ...] = ("campaign", "burst", "chronic", "outage", "episode")


class Cause(msgspec.Struct, frozen=True):
    """One root cause of the ground truth.

    Parameters
    ----------
    name
        Its name, unique in the stream.
    kind
        Its kind.
    begin, end
        Seconds since the epoch of its first record and its last.
    records
        How many records it has, whether they became anomalies or not.
    entities
        How many entities it has.
    attributes
        The values that all its records share, if it is a campaign.
    oddity
        The feature that is odd, and the direction: ``amount up``; for an episode, the
        simulator's name of its kind.
    twin
        The campaign at the same time, if two were planted together.
    """

    name: str
    kind: CauseKind
    begin: float
    end: float
    records: int
    entities: int
    attributes: Mapping[str, str | float] = {}
    oddity: str = ""
    twin: str | None = None


class Arrival(NamedTuple):
    """An anomaly on its topic."""

    at: float
    """Seconds since the epoch at which it reaches the topic."""
    value: bytes
    """The message, as `anomaly_app.core.scoring.anomaly.write_json` writes it."""
    cause: str | None
    """The root cause; None: a false alarm."""


class Sample(NamedTuple):
    """Some transactions of all that came since the sample before."""

    at: float
    transactions: tuple[tuple[str, bytes], ...]
    """Entities and records."""


class Stream(NamedTuple):
    """The anomalies topic of some days.

    The begin is the begin of the time that was judged: the first anomaly may be later.
    """

    family: str
    seed: int
    begin: float
    """Seconds since the epoch."""
    days: float
    records: int
    """How many transactions were judged."""
    arrivals: tuple[Arrival, ...]
    """In the order of their times."""
    causes: tuple[Cause, ...]
    """All, with and without anomalies, in the order of their begin."""
    samples: tuple[Sample, ...] = ()
    """Of the traffic, in the order of their times."""

    @property
    def name(self) -> str:
        """Family and seed, such as ``cards-7``."""
        return f"{self.family}-{self.seed}"

    @property
    def found(self) -> frozenset[str]:
        """The causes with at least one anomaly: what a message for each anomaly tells of."""
        return frozenset(each.cause for each in self.arrivals if each.cause is not None)
