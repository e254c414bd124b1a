"""The anomalies of the last while, and which entities share a reason and a value of a field."""

import math
from collections import deque
from collections.abc import Container

from anomaly_app.core.alerts.background import Background
from anomaly_app.core.alerts.keys import Key, Reason, Seen

WINDOW = 3_600.0
"""Seconds within which anomalies are compared with each other."""

STORM = 120.0
"""Seconds in which entities that are odd for the same reason are counted."""

LEAST_IN_STORM, STORMY = 4, 8.0
"""So many entities, and so many times as many as in the hour before, are a storm."""

MOST_SEEN = 4_000
"""Anomalies that are compared with each other; with more, the window is shorter."""


COMMON = 0.7
"""A value that most anomalies have is no cause."""

ODDS = 5.0
"""The odds of a value have to be so many times what chance gives: small differences are no cause,
however many anomalies show them."""


class Recent:
    """The anomalies within the window, with an index of what they share.

    Parameters
    ----------
    seen
        In order of time.
    """

    def __init__(self, seen: "list[Seen] | None" = None) -> None:
        self.seen: deque[Seen] = deque()
        self._by_key: dict[Key, dict[str, list[Seen]]] = {}
        self._by_reason: dict[tuple[str, str], dict[str, int]] = {}
        for one in seen or ():
            self.add(one)

    def add(self, seen: Seen) -> None:
        """Add an anomaly."""
        self.seen.append(seen)
        for key in seen.possible_keys():
            self._by_key.setdefault(key, {}).setdefault(seen.entity, []).append(seen)
        for reason in seen.reasons:
            entities = self._by_reason.setdefault(reason, {})
            entities[seen.entity] = entities.get(seen.entity, 0) + 1

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
            for key in old.possible_keys():
                entities = self._by_key[key]
                entities[old.entity].pop(0)
                if not entities[old.entity]:
                    del entities[old.entity]
                    if not entities:
                        del self._by_key[key]
            for reason in old.reasons:
                counts = self._by_reason[reason]
                counts[old.entity] -= 1
                if not counts[old.entity]:
                    del counts[old.entity]
            if not old.is_explained or old.incident in usual:
                background.add(old, now)

    def sharing(self, key: Key) -> dict[str, list[Seen]]:
        """Return the anomalies that share something, by entity."""
        return self._by_key.get(key, {})

    def entities(self, reason: tuple[str, str]) -> int:
        """Return the number of entities with a reason."""
        return len(self._by_reason.get(reason, ()))

    def is_storm(self, reason: Reason, now: float) -> bool:
        """Whether far more entities than before have a reason in these minutes."""
        latest: set[str] = set()
        for one in reversed(self.seen):
            if one.at < now - STORM:
                break
            if one.reasons and one.reasons[0] == reason:
                latest.add(one.entity)
        before = self.entities(reason) - len(latest)
        expected = (max(before, 0) + 1.0) * STORM / WINDOW
        return len(latest) >= LEAST_IN_STORM and len(latest) >= STORMY * expected

    def surprise(self, key: Key, background: Background, now: float) -> float:
        """Return how surprising it is that so many entities share something.

        It is the negative decimal logarithm of an upper bound of the probability that as many of
        the entities with the reason have the value by chance (Chernoff's bound of a binomial
        tail).
        """
        sharing, trials = len(self.sharing(key)), self.entities(key.reason)
        if sharing < 2:  # noqa: PLR2004  # one shares nothing
            return 0.0
        return binomial_surprise(sharing, trials, background.share(key, now))

    def surprise_with(self, seen: Seen, key: Key, background: Background, now: float) -> float:
        """Return how surprising it would be with one more anomaly, which is not added."""
        sharing = len(self.sharing(key)) + (seen.entity not in self.sharing(key))
        others = self._by_reason.get(key.reason, {})
        trials = len(others) + (seen.entity not in others)
        if sharing < 2:  # noqa: PLR2004  # as above
            return 0.0
        return binomial_surprise(sharing, trials, background.share(key, now))


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
        At least 0; 3 is 1 in 1,000.
    """
    part = found / trials
    if share > COMMON or part * (1.0 - share) < ODDS * share * (1.0 - part):
        return 0.0
    rest = (1.0 - part) * math.log((1.0 - part) / (1.0 - share)) if found < trials else 0.0
    return trials * (part * math.log(part / share) + rest) / math.log(10.0)
