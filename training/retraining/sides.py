"""One model on rows that it has not seen: how it ranks known frauds, and what alerts."""

from dataclasses import dataclass
from typing import NamedTuple

from anomaly_app.core.arrays import Vector
from anomaly_app.core.model.model import Model
from training.evaluation.intervals import Bootstrap, Draws, Interval, interval
from training.history import Labels
from training.metrics import rank_metrics
from training.retraining.joining import Verdicts


class Measured(NamedTuple):
    """A number and its 95% interval; None if there is none."""

    value: float
    interval: Interval | None

    def is_above(self, value: float) -> bool:
        """Whether it is above a value beyond chance."""
        return self.interval is not None and self.interval.low > value

    @property
    def is_below_zero(self) -> bool:
        """Whether a difference is negative beyond chance."""
        return self.interval is not None and self.interval.high < 0.0

    @property
    def is_above_zero(self) -> bool:
        """Whether a difference is positive beyond chance."""
        return self.is_above(0.0)


@dataclass(frozen=True)
class Side:
    """One model on the judged rows.

    Parameters
    ----------
    model
        The model.
    log_p
        Logarithms of the rows' p-values, shape ``(rows,)``.
    alerts
        Whether each row alerts, at the model's own threshold.
    average_precision, roc_auc
        How frauds rank above all other rows; None with too few frauds.
    found
        Share of the known frauds that alert; None without any.
    false_alarms
        Share of the rows known to be expected that alert; None without any.
    """

    model: Model
    log_p: Vector
    alerts: Labels
    average_precision: Measured | None
    roc_auc: Measured | None
    found: Measured | None
    false_alarms: Measured | None

    @property
    def finds_frauds(self) -> bool:
        """Whether it alerts on known frauds more often than on all rows, beyond chance."""
        return self.found is not None and self.found.is_above(float(self.alerts.mean()))


def side_of(
    model: Model, log_p: Vector, verdicts: Verdicts, bootstrap: Bootstrap, draws: Draws | None
) -> Side:
    """Measure one model.

    Parameters
    ----------
    model
        The model.
    log_p
        Logarithms of the rows' p-values, shape ``(rows,)``.
    verdicts
        What is known of the rows.
    bootstrap
        Of the rows.
    draws
        How the model ranks frauds in each resample; None with too few frauds.
    """
    alerts = log_p <= model.log_alert_rate
    precision = auc = None
    if draws is not None:
        known = ~verdicts.disputed
        ranked = rank_metrics(-log_p[known], verdicts.fraud[known])
        precision, auc = (
            Measured(float(value), interval(drawn, float(value)))
            for value, drawn in (
                (ranked.average_precision, draws.average_precision),
                (ranked.roc_auc, draws.roc_auc),
            )
        )
    return Side(
        model=model,
        log_p=log_p,
        alerts=alerts,
        average_precision=precision,
        roc_auc=auc,
        found=_share(bootstrap, alerts, verdicts.fraud),
        false_alarms=_share(bootstrap, alerts, verdicts.expected),
    )


def _share(bootstrap: Bootstrap, alerts: Labels, whole: Labels) -> Measured | None:
    if not whole.any():
        return None
    part = alerts & whole
    value = float(part.sum() / whole.sum())
    return Measured(value, bootstrap.share(part, whole))
