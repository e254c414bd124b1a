"""When too many records are rejected, or anomalies are not as many as the model was made for.

Each watch is a state and a pure step: it gets the counts of a batch and the time, and gives its
next state and what to say, if anything.
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
    """Whether more than half of the last thousand records were rejected.

    It is said once, and again after the share has fallen and risen, or after ten minutes; never
    twice in a minute.
    """

    window: Window = Window(500)
    said_at: float = NEVER
    fell: bool = True
    """The share was lower since it was last said."""

    ENOUGH = 100
    """Records before which nothing is said."""
    AGAIN = 10 * MINUTE

    @property
    def share(self) -> float | None:
        """Share of the latest records that were rejected; None before the first."""
        return self.window.counts.share

    @property
    def advice(self) -> str | None:
        """What is wrong now, and the remedy; None where all is well."""
        seen, found, kinds = self.window.counts
        if seen < self.ENOUGH or 2 * found <= seen:
            return None
        [(reason, most)] = Counter(kinds).most_common(1)
        return (
            f"{found:,} of the last {seen:,} records were rejected, {most:,} of them as {reason}: "
            f"{remedy(reason)}"
        )

    def step(self, batch: Counts, now: float) -> tuple[Self, str | None]:
        """Count a batch of judged records; what is found are rejections."""
        if not batch.seen:
            return self, None
        counted = replace(self, window=self.window.with_batch(batch))
        advice = counted.advice
        if advice is None:
            return replace(counted, fell=True), None
        if now - self.said_at < (MINUTE if self.fell else self.AGAIN):
            return counted, None
        return replace(counted, said_at=now, fell=False), advice


class AlertRateWatch(msgspec.Struct, frozen=True):
    """Whether anomalies are about as many as the model's alert rate says.

    Two things are said, each at most once an hour: that there was none among so many transactions
    that 50 are to be expected, which chance alone makes once in 10^21 cases; and that the latest
    ones held at least 50, and five times as many as are to be expected.

    Parameters
    ----------
    asked
        The model's alert rate; 0 while there is no model.
    model
        Folder of the model, for the command that is advised.
    """

    asked: float = 0.0
    model: str = ""
    window: Window = Window(500)
    scored: int = 0
    since_last: int = 0
    """Transactions since the last anomaly."""
    none_said_at: float = NEVER
    many_said_at: float = NEVER

    ENOUGH = 500
    """Transactions before which nothing is said of too many."""
    SURE = 50
    """Anomalies that are missing, or that were found, before anything is said."""
    TOO_MANY = 5
    """Times the asked rate."""
    EXPECTED_IN_HALF = 10
    """Anomalies that are to be expected in half of the window."""

    @classmethod
    def of(cls, alert_rate: float, model: str) -> Self:
        """Begin to watch what a model finds."""
        half = int(min(cls.EXPECTED_IN_HALF / alert_rate, 1e15))
        return cls(alert_rate, model, Window(max(cls.ENOUGH, half)))

    @property
    def seen(self) -> float | None:
        """Share of the latest transactions that were anomalies; None before the first."""
        return self.window.counts.share

    @property
    def none(self) -> str | None:
        """Say that there are no anomalies; None where that may be chance."""
        expected = self.since_last * self.asked
        if expected < self.SURE:
            return None
        return (
            f"none of the last {self.since_last:,} transactions was an anomaly, and the model's "
            f"alert rate of {_percent(self.asked)} means {expected:,.0f} of them: the stream "
            f"differs from the model's history; {self._compare()}"
        )

    @property
    def many(self) -> str | None:
        """Say that there are far too many anomalies; None where that may be chance."""
        seen, found, _ = self.window.counts
        # Five times a high rate is more than there are transactions.
        many = seen * min(self.TOO_MANY * self.asked, (1 + self.asked) / 2)
        if self.scored < self.ENOUGH or found < self.SURE or found < many:
            return None
        return (
            f"{found:,} of the last {seen:,} transactions were anomalies "
            f"({_percent(found / seen)}), and the model's alert rate of {_percent(self.asked)} "
            f"means {seen * self.asked:,.0f} of them: something happens, or the stream "
            f"differs from the model's history; {self._compare()}"
        )

    def step(self, batch: Counts, now: float) -> tuple[Self, str | None]:
        """Count a batch of scored transactions; what is found are anomalies."""
        if not batch.seen:
            return self, None
        counted = replace(
            self,
            window=self.window.with_batch(batch),
            scored=self.scored + batch.seen,
            since_last=0 if batch.found else self.since_last + batch.seen,
        )
        if now - self.none_said_at >= HOUR and (line := counted.none):
            return replace(counted, none_said_at=now), line
        if now - self.many_said_at >= HOUR and (line := counted.many):
            return replace(counted, many_said_at=now), line
        return counted, None

    def _compare(self) -> str:
        return (
            f"compare them with `python -m training evaluate {self.model} newer.csv`, and fit a "
            "model on newer history"
        )


def _percent(share: float) -> str:
    return f"{100 * share:.3g} %"
