"""Detect that records lack fields that the model's history had."""

from collections.abc import Callable, Mapping
from typing import NamedTuple, Self

import msgspec
from msgspec.structs import replace

from anomaly_app.core.monitoring.rates import HOUR, MINUTE, NEVER
from anomaly_app.core.monitoring.window import NOTHING, Counts, Window
from anomaly_app.core.visible import visible

LONGEST_NAME = 80
"""Maximum length of a feature name in a line."""

KAFKAS = {"key": "Kafka's key", "time": "Kafka's timestamp"}
"""Fallbacks for records without the part that the roles name."""


class Absences(NamedTuple):
    """Fields missing from some scored records."""

    scored: int = 0
    numbers: Mapping[str, int] = NOTHING
    """Number of records without each feature and without the roles' key and time."""
    similar: Callable[[str], str | None] = lambda name: None  # noqa: ARG005
    """Describes fields with a similar name in a record that lacks it; slow."""


class AbsenceWatch(msgspec.Struct, frozen=True):
    """Watches whether something is absent far more often than in training.

    It is reported once, and again after an hour or when something else is absent, too; never twice
    within a minute.

    Parameters
    ----------
    usual
        Share of training rows without each feature; 0 for the roles' key and time, which are named
        ``key=`` and ``time=`` followed by their field.
    """

    usual: Mapping[str, float] = {}
    window: Window = Window(500)
    similar: Mapping[str, str] = {}
    """Descriptions of fields with similar names."""
    reported: frozenset[str] = frozenset()
    reported_at: float = NEVER

    ENOUGH = 100
    """Minimum number of records before anything is reported."""
    LEAST = 0.1
    """Minimum share that is reported."""
    TIMES = 5
    """Minimum ratio to the share in training that is reported."""
    MOST = 3
    """Maximum number of names in a line."""

    def share(self, name: str) -> float | None:
        """Return the share of the latest records without it; None before the first record."""
        seen, _, kinds = self.window.counts
        return round(kinds.get(name, 0) / seen, 6) if seen else None

    @property
    def missed(self) -> list[str]:
        """Return names absent far more often than in training, most frequently absent first."""
        seen, _, kinds = self.window.counts
        if seen < self.ENOUGH or not kinds:
            return []
        limits = {name: seen * self._limit(self.usual.get(name, 0.0)) for name in kinds}
        missed = [name for name, limit in limits.items() if kinds[name] >= limit]
        return sorted(missed, key=lambda name: -kinds[name])

    def _limit(self, usual: float) -> float:
        # Five times a high share may exceed 1.
        return max(min(self.TIMES * usual, (1 + usual) / 2), self.LEAST)

    @property
    def advice(self) -> str | None:
        """Return a line about what is absent now; None if all is as in training."""
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
                f"{visible(field, LONGEST_NAME)}, the {part}, is absent from {100 * share:.3g} % "
                f"of the last {seen:,} records, so {KAFKAS[part]} is used"
            )
            otherwise = f"send it, or set ANOMALY_ROLES='{part}=none' if that is intended"
        else:
            line = (
                f"{visible(name, LONGEST_NAME)} is absent from {100 * share:.3g} % of the last "
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
            return (replace(watch, reported=frozenset()) if watch.reported else watch), None
        pause = HOUR if watch.reported.issuperset(missed) else MINUTE
        if now - self.reported_at < pause:
            return watch, None
        similar = dict(self.similar)
        for name in missed[: self.MOST]:
            # Only for names missing from this batch is there a record to look at.
            if name in batch.numbers and (found := batch.similar(name)):
                similar[name] = found
        watch = replace(watch, reported=frozenset(missed), reported_at=now, similar=similar)
        return watch, watch.advice
