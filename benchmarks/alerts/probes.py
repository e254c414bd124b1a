"""Anomalies that are injected while a silence lasts: repeats of what it covers, others, and worse.

They are made from anomalies of the stream, of which reasons, values or rarities are changed.
"""

import math
from collections.abc import Iterator, Sequence
from typing import Literal, TypeAlias

import msgspec

from anomaly_app.core.alerts.incident import Incident
from anomaly_app.core.alerts.sighting import BELOW, Cause, Origin, Sighting
from anomaly_app.core.alerts.silencing import FEW, MORE
from anomaly_app.core.alerts.telling import MORE as GROWN_BY

ProbeKind: TypeAlias = Literal["repeat", "another reason", "further out", "rarer"]
"""What a silence covers, and what it has to let through."""

BREAKING: tuple[ProbeKind, ...] = ("another reason", "further out", "rarer")
PROBE_KINDS: tuple[ProbeKind, ...] = ("repeat", *BREAKING)

MOST = 60
"""Anomalies of a probe."""

BETWEEN = 5.0
"""Seconds between two of them."""

RARER = 0.05
"""Times the rarity of the rarest so far."""

PARTITION = 1
"""Of the anomalies' topic: the stream's own have another one."""


def probe(
    kind: ProbeKind,
    covered: Sequence[Incident],
    members: Sequence[Sighting],
    others: Sequence[Sighting],
    begin: float,
) -> list[tuple[float, Sighting]]:
    """Return the anomalies of a probe with their times; empty: there can be none of this kind.

    There are as many as make people hear of an incident again, and too few to be worse by number.

    Parameters
    ----------
    kind
        Its kind.
    covered
        The incidents that are silenced, as they are then; the first is the one that is probed.
    members
        Some anomalies of the first.
    others
        Anomalies of the stream, of which another reason is taken.
    begin
        Time of the first, in seconds since the epoch.
    """
    made = [*_made(kind, covered, members, others)]
    if not made:
        return []
    known = covered[0].members
    number = max(MORE * known, FEW) - known if kind == "repeat" else max(known, GROWN_BY)
    times = [begin + BETWEEN * place for place in range(min(number, MOST))]
    return [(at, _as_new(made[place % len(made)], place, at)) for place, at in enumerate(times)]


def _made(
    kind: ProbeKind,
    covered: Sequence[Incident],
    members: Sequence[Sighting],
    others: Sequence[Sighting],
) -> Iterator[Sighting]:
    reason = _another(covered, others) if kind == "another reason" else None
    rarest = RARER * min(incident.rarest for incident in covered)
    p_value = RARER * min(incident.p_value for incident in covered)
    for one in members:
        match kind:
            case "repeat":
                yield one
            case "another reason" if reason is not None:
                yield _with(one, causes=(reason,))
            case "further out" if (further := _further(one, covered)) is not None:
                yield _with(one, causes=(further, *one.causes[1:]))
            case "rarer":
                yield _with(one, p_value=p_value, rarity=rarest)


def _another(covered: Sequence[Incident], others: Sequence[Sighting]) -> Cause | None:
    """Return the first reason of the first anomaly about something that is not covered."""
    known = {name.partition(" ")[2] for incident in covered for name in incident.ranges}
    firsts = (one.causes[0] for one in others if one.causes)
    return next((reason for reason in firsts if reason.feature not in known), None)


def _further(one: Sighting, covered: Sequence[Incident]) -> Cause | None:
    """Return the first reason with a value outside of all ranges, by their whole width."""
    reason = one.causes[0] if one.causes else None
    if reason is None or not isinstance(reason.actual, float) or not math.isfinite(reason.actual):
        return None
    name = f"{reason.direction} {reason.feature}"
    known = [incident.ranges[name] for incident in covered if name in incident.ranges]
    ends = [end for each in known for end in (each.lowest, each.highest) if end is not None]
    width = max(max(ends) - min(ends), *map(abs, ends)) if ends else 0.0
    if not width:
        return None
    value = min(ends) - width if reason.direction == BELOW else max(ends) + width
    return Cause(reason.feature, reason.direction, value, reason.expected, reason.share)


def _with(one: Sighting, **changes: object) -> Sighting:
    return msgspec.structs.replace(one, **changes)


def _as_new(one: Sighting, place: int, at: float) -> Sighting:
    origin = Origin("anomalies", PARTITION, place)
    return _with(one, id=f"probe-{PARTITION}-{place}", origin=origin, time=at)
