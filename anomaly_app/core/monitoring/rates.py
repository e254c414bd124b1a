"""Detect that too many records are rejected, or that anomalies are too many or too few.

Each watch is a state and a pure step: it takes the counts of a batch and the time, and returns its
next state and a line to log, if any.
"""

from collections import Counter
from typing import Self

import msgspec
from msgspec.structs import replace

from anomaly_app.core.monitoring.remedies import remedy
from anomaly_app.core.monitoring.window import Counts, Window

MINUTE, HOUR = 60.0, 3600.0
NEVER = float("-inf")


class RejectedWatch(msgspec.Struct, frozen=True):
    """Watches whether more than half of the last thousand records were rejected.

    It is reported once, and again after the share has fallen and risen, or after ten minutes; never
    twice within a minute.
    """

    window: Window = Window(500)
    reported_at: float = NEVER
    fell: bool = True
    """Whether the share has been lower since the last report."""

    ENOUGH = 100
    """Minimum number of records before anything is reported."""
    AGAIN = 10 * MINUTE

    @property
    def share(self) -> float | None:
        """Share of the latest records that were rejected; None before the first."""
        return self.window.counts.share

    @property
    def advice(self) -> str | None:
        """What is wrong now, and the remedy; None if all is well."""
        seen, found, kinds = self.window.counts
        if seen < self.ENOUGH or 2 * found <= seen:
            return None
        [(reason, most)] = Counter(kinds).most_common(1)
        return (
            f"{found:,} of the last {seen:,} records were rejected, {most:,} of them as {reason}: "
            f"{remedy(reason)}"
        )

    def step(self, batch: Counts, now: float) -> tuple[Self, str | None]:
        """Count a batch of judged records; `found` counts rejections."""
        if not batch.seen:
            return self, None
        counted = replace(self, window=self.window.with_batch(batch))
        advice = counted.advice
        if advice is None:
            return replace(counted, fell=True), None
        if now - self.reported_at < (MINUTE if self.fell else self.AGAIN):
            return counted, None
        return replace(counted, reported_at=now, fell=False), advice


class AlertRateWatch(msgspec.Struct, frozen=True):
    """Watches whether anomalies are about as frequent as the model's alert rate.

    Two things are reported, each at most once an hour: that there were no anomalies among so many
    transactions that 50 are expected, which happens by chance once in 10^21 cases; and that the
    latest transactions had at least 50, and five times as many as expected.

    Parameters
    ----------
    asked
        The model's alert rate; 0 while there is no model.
    model
        Folder of the model, for the advised command.
    """

    asked: float = 0.0
    model: str = ""
    window: Window = Window(500)
    scored: int = 0
    since_last: int = 0
    """Number of transactions since the last anomaly."""
    none_reported_at: float = NEVER
    many_reported_at: float = NEVER

    ENOUGH = 500
    """Minimum number of transactions before too many anomalies are reported."""
    SURE = 50
    """Minimum number of anomalies, missing or found, before anything is reported."""
    TOO_MANY = 5
    """Minimum ratio to the alert rate that is reported."""
    EXPECTED_IN_HALF = 10
    """Number of anomalies expected in half of the window."""

    @classmethod
    def of(cls, alert_rate: float, model: str) -> Self:
        """Create the watch for a model."""
        half = int(min(cls.EXPECTED_IN_HALF / alert_rate, 1e15))
        return cls(alert_rate, model, Window(max(cls.ENOUGH, half)))

    @property
    def seen(self) -> float | None:
        """Share of the latest transactions that were anomalies; None before the first."""
        return self.window.counts.share

    @property
    def none(self) -> str | None:
        """Return the line that there are no anomalies; None if that may be chance."""
        expected = self.since_last * self.asked
        if expected < self.SURE:
            return None
        return (
            f"none of the last {self.since_last:,} transactions was an anomaly, but the model's "
            f"alert rate of {_percent(self.asked)} predicts {expected:,.0f}: the stream "
            f"differs from the model's history; {self._compare()}"
        )

    @property
    def many(self) -> str | None:
        """Return the line that there are far too many anomalies; None if that may be chance."""
        seen, found, _ = self.window.counts
        # Five times a high rate may exceed 1.
        many = seen * min(self.TOO_MANY * self.asked, (1 + self.asked) / 2)
        if self.scored < self.ENOUGH or found < self.SURE or found < many:
            return None
        return (
            f"{found:,} of the last {seen:,} transactions were anomalies "
            f"({_percent(found / seen)}), but the model's alert rate of {_percent(self.asked)} "
            f"predicts {seen * self.asked:,.0f}: something unusual is happening, or the stream "
            f"differs from the model's history; {self._compare()}"
        )

    def step(self, batch: Counts, now: float) -> tuple[Self, str | None]:
        """Count a batch of scored transactions; `found` counts anomalies."""
        if not batch.seen:
            return self, None
        counted = replace(
            self,
            window=self.window.with_batch(batch),
            scored=self.scored + batch.seen,
            since_last=0 if batch.found else self.since_last + batch.seen,
        )
        if now - self.none_reported_at >= HOUR and (line := counted.none):
            return replace(counted, none_reported_at=now), line
        if now - self.many_reported_at >= HOUR and (line := counted.many):
            return replace(counted, many_reported_at=now), line
        return counted, None

    def _compare(self) -> str:
        return (
            f"compare them with `python -m training evaluate {self.model} newer.csv`, and fit a "
            "model on newer history"
        )


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
