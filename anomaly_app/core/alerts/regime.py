"""Whether a large part of all entities has turned odd at once.

A sample of ordinary traffic tells what part: the share of sampled entities that have been odd
lately, compared with what is usual.
"""

import msgspec

from anomaly_app.core.alerts.policy import Regime

WINDOW = 900.0
"""Seconds in which an entity counts as odd after an anomaly."""

MEMORY = 12 * 3_600.0
"""Seconds over which the usual share is taken."""

LEAST_SAMPLES = 20
MOST_SAMPLES = 400


class RegimeState(msgspec.Struct):
    """What is known of the traffic of the last while."""

    samples: list[tuple[float, str]] = []
    """Times and entities of sampled transactions, in order of time."""
    odd: dict[str, float] = {}
    """When each entity was odd last, without those that a campaign explains."""
    incident: str = ""
    """The incident that goes on; empty if none does."""
    reasons: list[list[str]] = []
    """Its features and directions."""
    expired_at: float = 0.0
    usual: float = 0.0
    """The mean share, of about `MEMORY`."""
    notes: int = 0
    noted_at: float = 0.0

    def add_sample(self, entity: str, now: float) -> None:
        """Add a sampled transaction."""
        self.samples.append((now, entity))
        if len(self.samples) > MOST_SAMPLES:
            del self.samples[: len(self.samples) - MOST_SAMPLES]

    def add_odd(self, entity: str, now: float) -> None:
        """Note that an entity is odd."""
        self.odd[entity] = now

    def discard(self, entity: str) -> None:
        """Note that something else explains why an entity is odd."""
        self.odd.pop(entity, None)

    def expire(self, now: float) -> None:
        """Drop what is too old."""
        if now >= self.expired_at + WINDOW / 100.0:
            self.odd = {entity: at for entity, at in self.odd.items() if at >= now - WINDOW}
            self.expired_at = now

    def share(self, now: float) -> float:
        """Return the share of the sampled entities that are odd, 0 if too few are known."""
        entities = {entity for at, entity in self.samples if at >= now - WINDOW}
        if len(entities) < LEAST_SAMPLES:
            return 0.0
        return sum(entity in self.odd for entity in entities) / len(entities)

    def excess(self, now: float) -> float:
        """Return how far the share is above the usual one."""
        return self.share(now) - self.usual

    def note_usual(self, now: float) -> None:
        """Take the present share into account, as long as nothing unusual goes on."""
        elapsed = now - self.noted_at
        if elapsed < WINDOW / 10.0 or self.incident:
            return
        self.noted_at = now
        self.notes += 1
        weight = max(1.0 / self.notes, min(elapsed / MEMORY, 1.0))
        self.usual += weight * (self.share(now) - self.usual)

    def is_on(self, regime: Regime, now: float) -> bool:
        """Whether so many entities are odd."""
        return len(self.odd) >= regime.entities and self.excess(now) >= regime.share
