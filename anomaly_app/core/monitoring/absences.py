"""When records lack what the model's history had."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Self

import msgspec
from msgspec.structs import replace

from anomaly_app.core.monitoring.rates import HOUR, MINUTE, NEVER
from anomaly_app.core.monitoring.window import NOTHING, Counts, Window
from anomaly_app.core.visible import visible

LONGEST_NAME = 80
"""Characters of a feature's name that a line shows."""

KAFKAS = {"key": "Kafka's key", "time": "Kafka's timestamp"}
"""What counts where a record lacks the part that roles name."""


class Absences(NamedTuple):
    """What some scored records lacked."""

    scored: int = 0
    numbers: Mapping[str, int] = NOTHING
    """Records without it, for each feature and for the roles' key and time."""
    similar: Callable[[str], str | None] = lambda name: None  # noqa: ARG005
    """Says which fields of a record without it have nearly its name. It takes a while."""


class AbsenceWatch(msgspec.Struct, frozen=True):
    """Whether something is absent far more often than in training.

    It is said once, and again after an hour, or when something else is absent, too; never twice
    in a minute.

    Parameters
    ----------
    usual
        Share of training's rows without it, for each feature; 0 for the roles' key and time, which
        are named ``key=`` and ``time=`` with their field.
    """

    usual: Mapping[str, float] = {}
    window: Window = Window(500)
    similar: Mapping[str, str] = {}
    """What was said of fields with nearly the same name."""
    said: frozenset[str] = frozenset()
    said_at: float = NEVER

    ENOUGH = 100
    """Records before which nothing is said."""
    LEAST = 0.1
    """Share below which nothing is said."""
    TIMES = 5
    """As often as in training, from which on it is said."""
    MOST = 3
    """Names in a line."""

    def share(self, name: str) -> float | None:
        """Give the share of the latest records without it; None before the first."""
        seen, _, kinds = self.window.counts
        return round(kinds.get(name, 0) / seen, 6) if seen else None

    @property
    def missed(self) -> list[str]:
        """What is absent far more often than in training, the most often first."""
        seen, _, kinds = self.window.counts
        if seen < self.ENOUGH or not kinds:
            return []
        limits = {name: seen * self._limit(self.usual.get(name, 0.0)) for name in kinds}
        missed = [name for name, limit in limits.items() if kinds[name] >= limit]
        return sorted(missed, key=lambda name: -kinds[name])

    def _limit(self, usual: float) -> float:
        # Five times a high share is more than there are records.
        return max(min(self.TIMES * usual, (1 + usual) / 2), self.LEAST)

    @property
    def advice(self) -> str | None:
        """Say what is absent now; None where all is as in training."""
        return self._advise(self.missed)

    def _advise(self, missed: list[str]) -> str | None:
        if not missed:
            return None
        lines = [self._line(name) for name in missed[: self.MOST]]
        if len(missed) > self.MOST:
            lines.append(f"so are {len(missed) - self.MOST:,} others, which /stats lists")
        return "; ".join(lines)

    def _line(self, name: str) -> str:
        seen, _, kinds = self.window.counts
        share, usual = kinds[name] / seen, self.usual.get(name, 0.0)
        part, _, field = name.partition("=")
        if field and part in KAFKAS:
            line = (
                f"{visible(field, LONGEST_NAME)}, the {part}, is absent in {100 * share:.3g} % of "
                f"the last {seen:,} records, and {KAFKAS[part]} counts"
            )
            otherwise = f"send it, or set ANOMALY_ROLES='{part}=none' if that is meant"
        else:
            line = (
                f"{visible(name, LONGEST_NAME)} is absent in {100 * share:.3g} % of the last "
                f"{seen:,} records (in training {100 * usual:.3g} %)"
            )
            otherwise = "send it, or train on newer history"
        return f"{line}; {self.similar.get(name, otherwise)}"

    def step(self, batch: Absences, now: float) -> tuple[Self, str | None]:
        """Count a batch of scored records."""
        if not batch.scored:
            return self, None
        counts = Counts(batch.scored, 0, batch.numbers)
        watch = replace(self, window=self.window.with_batch(counts))
        missed = watch.missed
        if not missed:
            return (replace(watch, said=frozenset()) if watch.said else watch), None
        pause = HOUR if watch.said.issuperset(missed) else MINUTE
        if now - self.said_at < pause:
            return watch, None
        similar = dict(self.similar)
        for name in missed[: self.MOST]:
            # Only what this batch lacks has a record at hand.
            if name in batch.numbers and (found := batch.similar(name)):
                similar[name] = found
        watch = replace(watch, said=frozenset(missed), said_at=now, similar=similar)
        return watch, watch.advice
