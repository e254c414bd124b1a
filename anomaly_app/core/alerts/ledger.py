"""The messages of one receiver: how many more it may get, and what waits for the digest."""

import msgspec

from anomaly_app.core.alerts.policy import CRITICAL, DAY, HIGH, MEDIUM, Budget

RESERVE = {MEDIUM: 0.5, HIGH: 0.25, CRITICAL: 0.0}
"""Share of the budget that is kept for what is more severe."""

MOST_PEAKS = 4_000


class Ledger(msgspec.Struct):
    """What a receiver has got, and what it has not."""

    tokens: float = -1.0
    """Messages that it may get now; -1 before the first."""
    at: float = 0.0
    """When that was."""
    peaks: dict[str, tuple[float, float]] = {}
    """When the incidents of the last day were opened, and their strength."""
    waiting: dict[str, str] = {}
    """Incidents for the next digest, and why they have no message."""
    digest_at: float = 0.0
    """When that is due; 0 if nothing waits."""
    digest_from: float = 0.0
    digest_made: float = 0.0

    def refill(self, budget: Budget, now: float) -> None:
        """Bring the number of messages up to date."""
        self.tokens = self.left(budget, now)
        self.at = max(self.at, now)

    def left(self, budget: Budget, now: float) -> float:
        """Return the messages that there may be now."""
        if self.at == 0.0:
            return float(budget.messages)
        gained = max(now - self.at, 0.0) * budget.messages / budget.per
        return min(self.tokens + gained, float(budget.messages))

    def take(self) -> None:
        """Count a message."""
        self.tokens -= 1.0

    def until_affordable(self, level: int, budget: Budget) -> float:
        """Return in how many seconds there is a message for a level; 0 if there is one now."""
        lacking = 1.0 + RESERVE[level] * (budget.messages - 1) - self.tokens
        return max(lacking, 0.0) * budget.pause

    def note(self, incident: str, opened: float, strength: float) -> None:
        """Note the strength of an incident, see `evidence.strength`."""
        self.peaks[incident] = opened, strength
        if len(self.peaks) > MOST_PEAKS:
            newest = sorted(self.peaks.items(), key=lambda found: found[1][0])[MOST_PEAKS // 2 :]
            self.peaks = dict(newest)

    def is_among_strongest(self, strength: float, budget: Budget, now: float) -> bool:
        """Whether an incident is among the strongest of a day, as many as the budget allows."""
        most = budget.messages * DAY / budget.per
        since = now - DAY
        stronger = sum(1 for at, peak in self.peaks.values() if peak > strength and at > since)
        return stronger < most
