"""Replays that branch where a cause is silenced."""

import heapq
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from anomaly_app.core.alerts.answering import find
from anomaly_app.core.alerts.feedback import AddSilence
from anomaly_app.core.alerts.log import Entry
from anomaly_app.core.alerts.notice import Event, IncidentView, Notice
from anomaly_app.core.alerts.sighting import Sighting
from anomaly_app.core.alerts.silence import Silence
from anomaly_app.core.alerts.state import State
from benchmarks.alerts.policies.replaying import Replaying, policy_with
from benchmarks.alerts.stream import HOUR, MINUTE
from benchmarks.alerts.truth import Truth

CAUSES, ANOMALIES = 6, 10
"""At most so many causes of a stream, each with at least so many anomalies."""

PRESSED, WATCHED = MINUTE, HOUR
"""Seconds from the first message to the silence, and from this to the end of a replay."""

POLICY = policy_with(1_000_000)

Timed = tuple[float, Entry]


class Moment(NamedTuple):
    """Where a replay branches: a minute after people are told of a cause."""

    at: float
    """Seconds since the epoch."""
    image: bytes
    """The state."""
    cause: str
    incident: str
    """The incident that the cause is the subject of."""
    rest: list[Timed]
    """What comes afterwards, without what the incident's entities and the cause have."""


class Heard(NamedTuple):
    """What people are told of a probe."""

    messages: int
    first: float | None
    """When the first message comes that does not only tell of an end; seconds since the epoch."""
    joined: bool
    """Whether the stream's own anomalies are in the same incident by then, beside those that were
    there when the replay began."""


def moments(truth: Truth, log: Sequence[Timed]) -> Iterator[Moment]:
    """Yield a moment for each of the causes that people are told of first, if they are large."""
    told: list[tuple[float, str, str]] = []
    causes = {
        entry.id: truth.stream.arrivals[entry.origin.offset].cause
        for _, entry in log
        if isinstance(entry, Sighting)
    }
    met: set[str] = set()

    def take(at: float, notice: Notice) -> None:
        if not isinstance(notice.subject, IncidentView) or notice.event != Event.OPENED:
            return
        counts = Counter(causes[member.anomaly_id] for member in notice.subject.sample)
        cause = max(counts, key=lambda name: (counts[name], name is not None))
        if cause is not None and cause not in met and len(truth.members[cause]) >= ANOMALIES:
            met.add(cause)
            told.append((at + PRESSED, cause, notice.id))

    replaying = Replaying(POLICY, take)
    left = CAUSES
    for place, (at, entry) in enumerate(log):
        while told and told[0][0] <= at:
            due, cause, name = told.pop(0)
            replaying.wait_until(due)
            incident = find(replaying.state, name)
            if incident is None or not incident.is_open:
                continue
            now = max(due, replaying.state.now)
            end = bisect_right(log, now + WATCHED, lo=place, key=lambda timed: timed[0])
            rest = [
                timed
                for timed in log[place:end]
                if not isinstance(one := timed[1], Sighting)
                or (one.entity not in incident.entities and causes[one.id] != cause)
            ]
            yield Moment(now, replaying.state.to_bytes(), cause, incident.id, rest)
            left -= 1
            if not left:
                return
        replaying.wait_until(at)
        replaying.apply(entry, at)


def replay(
    moment: Moment, injected: Sequence[tuple[float, Sighting]], silence: Silence | None
) -> Heard:
    """Return what people are told of what is injected.

    Parameters
    ----------
    moment
        Where the replay begins.
    injected
        Anomalies with their times.
    silence
        Added at the begin; None: there is none.
    """
    heard: list[tuple[str, float, bool]] = []

    def take(at: float, notice: Notice) -> None:
        # An edit of a message tells nobody.
        is_told = notice.event in {Event.OPENED, Event.REPEATED} or notice.changes
        if isinstance(notice.subject, IncidentView) and is_told and at >= injected[0][0]:
            heard.append((notice.id, at, notice.event == Event.RESOLVED))

    replaying = Replaying(POLICY, take, State.from_bytes(moment.image))
    state = replaying.state
    known = state.incidents[moment.incident].members
    if silence is not None:
        replaying.apply(AddSilence(id=silence.id, silence=silence, at=moment.at), moment.at)
    names = {one.id for _, one in injected}
    homes: set[str] = set()
    for at, entry in heapq.merge(moment.rest, injected, key=lambda timed: timed[0]):
        replaying.wait_until(at)
        replaying.apply(entry, at)
        if isinstance(entry, Sighting) and entry.id in names:
            homes.add(state.recent.seen[-1].incident)
    replaying.wait_until(moment.at + WATCHED)
    roots = [found for home in homes if (found := find(state, home)) is not None]
    homes |= {root.id for root in roots}
    about = [(at, is_end) for name, at, is_end in heard if name in homes]
    return Heard(
        len(about),
        min((at for at, is_end in about if not is_end), default=None),
        joined=any(root.members > known + len(injected) for root in roots),
    )
