"""The anomalies of the last while, and which entities share a reason and a value of a field."""

import math
from collections import deque
from collections.abc import Container, Iterable, Iterator
from typing import TypeAlias, TypeVar

from anomaly_app.core.alerts.background import Background
from anomaly_app.core.alerts.keys import Key, Reason, Seen

WINDOW = 3_600.0
"""Seconds within which anomalies are compared with each other."""

STORM = 600.0
"""Seconds in which entities that are odd for the same reason are counted."""

PATIENCE = 240.0
"""Seconds for which incidents of a storm are held, until it shows what they share."""

LEAST_IN_STORM, STORMY = 5, 6.0
"""So many entities, and so many times as many as usual in the hour before, are a storm."""

MOST_SEEN = 4_000
"""Anomalies that are compared with each other; with more, the window is shorter."""

COMMON = 0.7
"""A value that most anomalies have is no cause."""

ODDS = 5.0
"""The odds of a value have to be so many times what chance gives: small differences are no cause,
however many anomalies show them."""

Entities: TypeAlias = dict[str, int]
"""The anomalies of each entity."""

Name = TypeVar("Name")


class Recent:
    """The anomalies within the window, with an index of what they share.

    An anomaly that belongs to an incident of many entities is explained: it does not count in what
    others share, so that two causes at the same time stay apart.

    Parameters
    ----------
    seen
        In order of time.
    """

    def __init__(self, seen: Iterable[Seen] = ()) -> None:
        self.seen: deque[Seen] = deque()
        self._by_key: dict[Key, Entities] = {}
        self._by_reason: dict[Reason, Entities] = {}
        self._members: dict[str, Entities] = {}
        """Of those that are explained, by incident; the same for each key and reason."""
        self._members_by_key: dict[tuple[str, Key], Entities] = {}
        self._members_by_reason: dict[tuple[str, Reason], Entities] = {}
        for one in seen:
            self.add(one)

    def add(self, seen: Seen) -> None:
        """Add an anomaly."""
        self.seen.append(seen)
        self._count(seen, 1)

    def explain(self, seen: Seen, incident: str) -> None:
        """Note that an anomaly belongs to an incident of many entities."""
        self._count(seen, -1)
        seen.incident, seen.is_explained = incident, True
        self._count(seen, 1)

    def _count(self, seen: Seen, number: int) -> None:
        name, entity = seen.incident, seen.entity
        if seen.is_explained:
            _add(self._members, name, entity, number)
            for key in seen.possible_keys():
                _add(self._members_by_key, (name, key), entity, number)
            for reason in seen.reasons:
                _add(self._members_by_reason, (name, reason), entity, number)
            return
        for key in seen.possible_keys():
            _add(self._by_key, key, entity, number)
        for reason in seen.reasons:
            _add(self._by_reason, reason, entity, number)

    def expire(self, now: float, background: Background, usual: Container[str]) -> None:
        """Drop what is too old: it becomes a part of the background, unless something explains it.

        Parameters
        ----------
        now
            Seconds since the epoch.
        background
            Counts what is dropped.
        usual
            Incidents of many entities that go on for so long that their members are usual.
        """
        while self.seen and (self.seen[0].at < now - WINDOW or len(self.seen) > MOST_SEEN):
            old = self.seen.popleft()
            self._count(old, -1)
            if not old.is_explained or old.incident in usual:
                background.add(old, now)

    def members(self, incident: str) -> Entities:
        """Return the entities of an incident of many entities."""
        return self._members.get(incident, {})

    def sharing(self, key: Key) -> Entities:
        """Return the entities that share something, without those that are explained."""
        return self._by_key.get(key, {})

    def incidents_of(self, key: Key) -> set[str]:
        """Return the incidents of single entities whose anomalies share something."""
        if key not in self._by_key:
            return set()
        return {one.incident for one in self.seen if not one.is_explained and one.has(key)}

    def part(self, incident: str, key: Key) -> float:
        """Return the part of an incident's anomalies that share something, 0 to 1."""
        if of_key := self._members_by_key.get((incident, key)):
            return sum(of_key.values()) / sum(self._members[incident].values())
        if incident in self._members or key not in self._by_key:
            return 0.0
        members = [one for one in self.seen if one.incident == incident]
        return sum(one.has(key) for one in members) / len(members) if members else 0.0

    def is_going_on(self, reason: Reason, now: float, *, incident: str) -> bool:
        """Whether enough entities for a storm are odd in an incident in these minutes."""
        entities: set[str] = set()
        for one in self.latest(reason, now, incident=incident):
            entities.add(one.entity)
            if len(entities) >= LEAST_IN_STORM:
                return True
        return False

    def latest(self, reason: Reason, now: float, *, incident: str = "") -> Iterator[Seen]:
        """Yield the anomalies of a storm: those with a reason as their first, the latest first.

        Parameters
        ----------
        reason
            The reason.
        now
            Seconds since the epoch.
        incident
            Yield those of this incident, instead of those that nothing explains.
        """
        for one in reversed(self.seen):
            if one.at < now - STORM:
                return
            is_of_it = one.incident == incident if incident else not one.is_explained
            if is_of_it and one.reasons[:1] == (reason,):
                yield one

    def is_storm(self, reason: Reason, now: float) -> bool:
        """Whether far more entities than before have a reason in these minutes."""
        latest = {one.entity for one in self.latest(reason, now)}
        before = len(self._by_reason.get(reason, ())) - len(latest)
        expected = (max(before, 0) + 1.0) * STORM / WINDOW
        return len(latest) >= LEAST_IN_STORM and len(latest) >= STORMY * expected

    def surprise(
        self, key: Key, background: Background, now: float, *, incident: str = "", entity: str = ""
    ) -> float:
        """Return how surprising it is that so many entities share something.

        It is the negative decimal logarithm of an upper bound of the probability that as many of
        the entities with the reason have the value by chance (Chernoff's bound of a binomial
        tail).

        Parameters
        ----------
        key
            What they share.
        background
            Tells how common the value is.
        now
            Seconds since the epoch.
        incident
            Its members count as well, although it explains them.
        entity
            This entity, too, though its anomaly is not added yet.
        """
        one = {entity} if entity else set()
        inside = self._members_by_key.get((incident, key), {}).keys()
        sharing = len(self.sharing(key).keys() | inside | one)
        if sharing < 2:  # noqa: PLR2004  # one shares nothing
            return 0.0
        inside = self._members_by_reason.get((incident, key.reason), {}).keys()
        trials = len(self._by_reason.get(key.reason, {}).keys() | inside | one)
        return binomial_surprise(sharing, max(trials, sharing), background.share(key, now))


def binomial_surprise(found: int, trials: int, share: float) -> float:
    """Return how surprising it is to find something in so many of some trials.

    Parameters
    ----------
    found
        1 to `trials`.
    trials
        At least 1.
    share
        The probability of each, above 0 and below 1.

    Returns
    -------
    float
        At least 0; 3 is 1 in 1,000. Differences that are too small to be a cause are 0.
    """
    part = found / trials
    if share > COMMON or part * (1.0 - share) < ODDS * share * (1.0 - part):
        return 0.0
    rest = (1.0 - part) * math.log((1.0 - part) / (1.0 - share)) if found < trials else 0.0
    return trials * (part * math.log(part / share) + rest) / math.log(10.0)


def _add(index: dict[Name, Entities], name: Name, entity: str, number: int) -> None:
    entities = index.setdefault(name, {})
    entities[entity] = entities.get(entity, 0) + number
    if not entities[entity]:
        del entities[entity]
        if not entities:
            del index[name]
