"""Format values and reasons, in the same way for terminal, reports and alerts."""

from collections.abc import Callable

from anomaly_app.core.memory.wording import feature_in_words as remembered_name
from anomaly_app.core.memory.wording import is_remembered, remembered_in_words
from anomaly_app.core.model.explain import Reason
from anomaly_app.core.model.feature import FeatureValue
from anomaly_app.core.wording import number, percent

LARGEST = 10**300
"""Integers below this certainly fit into a float."""


def value_in_words(value: FeatureValue, feature: str = "") -> str:
    """Format a feature's value: the hour of the day as a time, a missing value as such.

    Parameters
    ----------
    value
        The value as sent.
    feature
        The name of the feature.
    """
    if value is None:
        return "missing"
    if isinstance(value, str):
        return value or "empty"
    if abs(value) >= LARGEST:
        return str(value)
    if feature == "hour_of_day" and 0.0 <= value <= 24.0:  # noqa: PLR2004
        minutes = int(value * 60)
        return f"{minutes // 60:02d}:{minutes % 60:02d}"
    return number(float(value))


def feature_in_words(feature: str) -> str:
    """Return the display name of a feature: its own, or words for a derived one."""
    if feature == "hour_of_day":
        return "hour of the day"
    owner, name = _owner_and_name(feature)
    if not is_remembered(name):
        return feature
    return f"{owner}: {remembered_name(name)}" if owner else remembered_name(name)


def reason_in_words(reason: Reason, shorten: Callable[[str], str] = str) -> str:
    """Format a reason: ``amount is 950, usually 20 (71%)``.

    Parameters
    ----------
    reason
        One feature's contribution to an anomaly.
    shorten
        Truncates names and values, which may be of any length.
    """
    value = reason.value
    if (said := _remembered(reason, shorten)) is not None:
        return f"{said} ({shorten(percent(reason.share))})"
    if isinstance(reason.expected, str) and value is not None:
        value = str(value)  # a category that is sent as an integer
    found, usual = (
        shorten(value_in_words(one, reason.feature)) for one in (value, reason.expected)
    )
    name = shorten(feature_in_words(reason.feature))
    return f"{name} is {found}, usually {usual} ({shorten(percent(reason.share))})"


def _remembered(reason: Reason, shorten: Callable[[str], str]) -> str | None:
    """Format a reason from the memory; None if it is another."""
    owner, name = _owner_and_name(reason.feature)
    numbers = (reason.value, reason.expected)
    if not is_remembered(name) or not all(isinstance(one, int | float) for one in numbers):
        return None
    value, expected = map(float, numbers)  # type: ignore[arg-type]
    said = remembered_in_words(name, value, expected, shorten)
    return f"{shorten(owner)}: {said}" if owner else said


def _owner_and_name(feature: str) -> tuple[str, str]:
    """Return whose memory a feature is of, if not the entity's, and its name there."""
    owner, slash, name = feature.rpartition("/")
    return (owner, name) if slash and is_remembered(name) else ("", feature)
