"""Numbers, times and reasons as people read them."""

from collections.abc import Mapping
from datetime import UTC, datetime

from anomaly_app.core.explain import Reason
from anomaly_app.core.schema import Feature, FeatureSchema, FeatureValue

METRICS: Mapping[str, str] = {
    "alert_rate": "alert rate",
    "roc_auc": "AUC",
    "average_precision": "average precision",
    "precision": "precision",
    "recall": "recall",
}
"""Names of the measures of `training.measures.measure`."""

GAP = "\N{NO-BREAK SPACE}"

PLAIN = 1e-4, 1e9
"""Sizes of numbers that are written without an exponent."""

RARE = 1e-15
"""A smaller p-value says no more than this one: it is far beyond all data."""

_RAISED = str.maketrans("0123456789", "⁰¹²³⁴⁵⁶⁷⁸⁹")


def metric_name(metric: str) -> str:
    """Name a measure as people do."""
    return METRICS.get(metric, metric)


def number(value: float, digits: int = 4) -> str:
    """Write a number with so many significant digits, whole parts in full.

    Parameters
    ----------
    value
        Finite or not.
    digits
        At least 1.
    """
    if value != value:  # noqa: PLR0124  # only NaN is not itself
        return "-"
    size = abs(value)
    if value == 0.0 or PLAIN[0] <= size < PLAIN[1]:
        whole = len(f"{size:.0f}") if size >= 1.0 else 0
        if whole >= digits or value == int(value):
            return f"{value:,.0f}"
        return _without_idle_zeros(
            f"{value:,.{digits}g}" if whole == 0 else f"{value:,.{digits - whole}f}"
        )
    return f"{value:.{digits - 1}g}"


def value_in_words(value: FeatureValue, feature: Feature) -> str:
    """Write a feature's value: the hour of the day as a time, a missing one as such."""
    if value is None:
        return "missing"
    if isinstance(value, str):
        return value or "empty"
    if feature.kind == "hour_of_day":
        minutes = int(float(value) * 60)
        return f"{minutes // 60:02d}:{minutes % 60:02d}"
    return number(float(value))


def reason_in_words(reason: Reason, schema: FeatureSchema) -> str:
    """Write a reason: ``amount 950 (usually 20), 71 %``."""
    feature = next(f for f in schema.features if f.name == reason.feature)
    found, usual = (value_in_words(v, feature) for v in (reason.value, reason.expected))
    name = "hour of the day" if feature.kind == "hour_of_day" else feature.name
    return f"{name} {found} (usually {usual}), {reason.share * 100:.0f}{GAP}%"


def p_value(value: float) -> str:
    """Write a p-value, 0 to 1, as odds: ``1 in 1,250``."""
    if value < RARE:
        return "below 1 in 10¹⁵"
    odds = 1.0 / value
    if odds >= 1e6:  # noqa: PLR2004
        digits, exponent = f"{odds:.1e}".split("e+")
        return f"1 in {digits}·10{exponent.lstrip('0').translate(_RAISED)}"
    return f"1 in {number(float(f'{odds:.3g}'))}"


def share(value: float) -> str:
    """Write a share, 0 to 1, in per cent."""
    return f"{number(value * 100, 3)}{GAP}%"


def moment(seconds: float) -> str:
    """Write a time in seconds since the epoch as UTC, to the minute."""
    return datetime.fromtimestamp(seconds, tz=UTC).strftime("%Y-%m-%d %H:%M")


def _without_idle_zeros(written: str) -> str:
    return written.rstrip("0").rstrip(".") if "." in written else written
