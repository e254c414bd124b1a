"""The messages of one receiver: how many more it may get, and what waits for the digest."""

import math

import msgspec

from anomaly_app.core.alerts.policy import CRITICAL, DAY, HIGH, HOUR, MEDIUM, Budget

RESERVE = {MEDIUM: 0.5, HIGH: 0.25, CRITICAL: 0.0}
"""Share of the budget that is kept for what is more severe."""

MOST_PEAKS = 4_000


class Ledger(msgspec.Struct):
    """What a receiver has got, and what it has not.

    Messages are counted for each period of the budget. What counts is the present period, and of
    the one before it the part that is not yet a period ago, as if its messages had come evenly: an
    estimate of a sliding window that needs two numbers.
    """

    begins: float = 0.0
    """When the present period began; 0 before the first message."""
    sent: float = 0.0
    """Messages of the present period."""
    sent_before: float = 0.0
    """Messages of the period before it."""
    since: float = 0.0
    """When the first incident was noted."""
    peaks: dict[str, tuple[float, float]] = {}
    """When the incidents of the last day were opened, and their strength."""
    waiting: dict[str, str] = {}
    """Incidents for the next digest, and why they have no message."""
    digest_at: float = 0.0
    """When that is due; 0 if nothing waits."""
    digest_from: float = 0.0
    digest_made: float = 0.0

    def left(self, budget: Budget, now: float) -> float:
        """Return the messages that there may be now; below 0 if critical ones were too many."""
        _, sent, before, passed = self._at(budget, now)
        return budget.messages - sent - before * (1.0 - passed)

    def take(self, budget: Budget, now: float) -> None:
        """Count a message."""
        self.begins, self.sent, self.sent_before, _ = self._at(budget, now)
        self.sent += 1.0

    def until_affordable(self, level: int, budget: Budget, now: float) -> float:
        """Return in how many seconds there is a message for a level; 0 if there is one now."""
        most = (1.0 - RESERVE[level]) * (budget.messages - 1)
        _, sent, before, passed = self._at(budget, now)
        if sent + before * (1.0 - passed) <= most:
            return 0.0
        if sent <= most:
            return ((1.0 - (most - sent) / before) - passed) * budget.per
        return ((1.0 - passed) + (1.0 - most / sent)) * budget.per

    def _at(self, budget: Budget, now: float) -> tuple[float, float, float, float]:
        """Return the begin of the present period, both counts, and the part of it that is over."""
        periods = math.floor((now - self.begins) / budget.per) if self.begins else 2
        begins, sent, before = self.begins, self.sent, self.sent_before
        if periods >= 2:  # noqa: PLR2004  # nothing of either period counts any more
            begins, sent, before = now, 0.0, 0.0
        elif periods == 1:
            begins, sent, before = begins + budget.per, 0.0, sent
        return begins, sent, before, max((now - begins) / budget.per, 0.0)

    def note(self, incident: str, opened: float, strength: float, now: float) -> None:
        """Note the strength of an incident, see `evidence.strength`."""
        self.since = self.since or now
        self.peaks[incident] = opened, strength
        if len(self.peaks) > MOST_PEAKS:
            newest = sorted(self.peaks.items(), key=lambda found: found[1][0])[MOST_PEAKS // 2 :]
            self.peaks = dict(newest)

    def is_among_strongest(self, strength: float, budget: Budget, now: float) -> bool:
        """Whether an incident is among the strongest, as many as the budget allows.

        They are compared over a day, or since the first one, if that is less.
        """
        seconds = min(max(now - self.since, HOUR), DAY)
        most = max(budget.messages * seconds / budget.per, 1.0)
        stronger = sum(1 for at, peak in self.peaks.values() if peak > strength and at > now - DAY)
        return stronger < most
