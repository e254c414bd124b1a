"""The old model and the new one on rows that neither has seen."""

import dataclasses
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from anomaly_app.core.arrays import Vector
from anomaly_app.core.model.model import Model
from training.encoding import encode_history
from training.evaluation.agreement import overlap, top_rows
from training.evaluation.blocks import blocks_of
from training.evaluation.intervals import (
    Bootstrap,
    Draws,
    Interval,
    binomial,
    interval,
    sure_enough,
)
from training.history import History, Labels
from training.retraining.joining import Verdicts
from training.retraining.sides import Measured, Side, side_of
from training.threshold import SECONDS_PER_DAY


class Outcome(StrEnum):
    """Which model is better."""

    BETTER = "better"
    """The new one ranks frauds higher, or finds more of them or has fewer other alerts, and the
    other does not suffer."""
    WORSE = "worse"
    SAME = "same"
    """There is no difference beyond chance."""
    UNKNOWN = "unknown"
    """There are too few frauds to tell."""


@dataclass(frozen=True)
class Judgement:
    """The old and the new model on the same rows.

    Parameters
    ----------
    history
        The rows, with frauds as labels; the disputed ones are not labelled.
    verdicts
        What is known of them.
    days
        Time that they span.
    old, new
        The models.
    average_precision
        That of the new model minus that of the old one; None with too few frauds.
    found
        Share of the known frauds that the new model finds minus that of the old one; None with too
        few frauds.
    other_alerts
        Alerts a day of the new model on rows that are no known fraud, minus those of the old one.
    agreement
        Overlap of the most anomalous 1% of rows, 0 to 1.
    """

    history: History
    verdicts: Verdicts
    days: float
    old: Side
    new: Side
    average_precision: Measured | None
    found: Measured | None
    other_alerts: Measured
    agreement: float

    @property
    def lost(self) -> Labels:
        """Known frauds that the old model finds and the new one does not."""
        return self.verdicts.fraud & self.old.alerts & ~self.new.alerts

    @property
    def won(self) -> Labels:
        """Known frauds that the new model finds and the old one does not."""
        return self.verdicts.fraud & self.new.alerts & ~self.old.alerts

    @property
    def outcome(self) -> Outcome:
        """Which model is better."""
        ranked, found, others = self.average_precision, self.found, self.other_alerts
        if ranked is None or found is None:
            return Outcome.UNKNOWN
        is_up = (found.is_above_zero and not others.is_above_zero) or (
            others.is_below_zero and not self.lost.any()
        )
        is_down = (found.is_below_zero and not others.is_below_zero) or (
            others.is_above_zero and not self.won.any()
        )
        if ranked.is_below_zero or (is_down and not ranked.is_above_zero):
            return Outcome.WORSE
        if (ranked.is_above_zero or is_up) and self.new.finds_frauds:
            return Outcome.BETTER
        return Outcome.SAME


def judge_both(
    old: Model,
    new: Model,
    history: History,
    verdicts: Verdicts,
    *,
    seed: int = 0,
) -> Judgement:
    """Judge two models on rows that neither has seen.

    Every row that is not known to be a fraud counts as another: most are ordinary, and frauds that
    nobody has noticed are against whichever model finds them. Disputed rows are left out.

    Parameters
    ----------
    old, new
        The models.
    history
        The rows, with the columns of both.
    verdicts
        All that is known of them today.
    seed
        Seed of the resamples, which are the same for both.
    """
    frauds, known = verdicts.fraud, ~verdicts.disputed
    history = dataclasses.replace(history, labels=frauds, labelled=known)
    bootstrap = Bootstrap(blocks_of(history), seed)
    scored = [one.log_p_values(encode_history(history, one.schema)) for one in (old, new)]
    draws: list[Draws | None] = [None, None]
    others = known & ~frauds
    if sure_enough(bootstrap.blocks, frauds) and others.any():
        rows = bootstrap.rows[known]
        draws = [bootstrap.ranking(log_p[known], frauds[known], rows) for log_p in scored]
    before = side_of(old, scored[0], verdicts, bootstrap, draws[0])
    after = side_of(new, scored[1], verdicts, bootstrap, draws[1])
    days = max(float(np.ptp(history.times)), 1.0) / SECONDS_PER_DAY  # type: ignore[arg-type]
    gain = (after.alerts.astype(float) - before.alerts) * frauds
    more = (after.alerts.astype(float) - before.alerts) * others * len(history) / days
    return Judgement(
        history=history,
        verdicts=verdicts,
        days=days,
        old=before,
        new=after,
        average_precision=_difference(before, after, *draws),
        found=None if draws[0] is None else _share_of(bootstrap, gain, frauds),
        other_alerts=Measured(
            float(more.mean()), interval(bootstrap.mean(more), float(more.mean()))
        ),
        agreement=overlap(*map(top_rows, scored)),
    )


def _difference(
    old: Side, new: Side, old_draws: Draws | None, new_draws: Draws | None
) -> Measured | None:
    if old.average_precision is None or new.average_precision is None:
        return None
    if old_draws is None or new_draws is None:
        return None
    value = new.average_precision.value - old.average_precision.value
    drawn = new_draws.average_precision - old_draws.average_precision
    return Measured(value, interval(drawn, value))


def _share_of(bootstrap: Bootstrap, gain: Vector, frauds: Labels) -> Measured:
    """Return the mean gain of the frauds."""
    value = float(gain.sum() / frauds.sum())
    if abs(value) == 1.0:
        # It is the same in every resample, as a share of 0 or 1.
        blocks = len(np.unique(bootstrap.blocks[frauds]))
        low, high = binomial(blocks, blocks)
        return Measured(value, Interval(low, high) if value > 0.0 else Interval(-high, -low))
    drawn, whole = bootstrap.mean(gain), bootstrap.mean(frauds.astype(float))
    shares = np.divide(drawn, whole, out=np.full_like(drawn, np.nan), where=whole > 0.0)
    return Measured(value, interval(shares, value))
