"""Features of the memory in words that people understand."""

from collections.abc import Callable

from anomaly_app.core.memory.durations import DAY, HOUR, MINUTE, SECOND
from anomaly_app.core.memory.features import Feature, feature_of
from anomaly_app.core.wording import number, percent
from anomaly_app.errors import DataError

NAMES = ((DAY, "day"), (HOUR, "hour"), (MINUTE, "minute"), (SECOND, "second"))


def is_remembered(name: str) -> bool:
    """Return whether a feature's name is written as the memory's are, and not a field's own."""
    try:
        feature_of(name)
    except DataError:
        return False
    return True


def duration_in_words(milliseconds: float) -> str:
    """Format a duration: ``2.5 hours``."""
    size, unit = next((n for n in NAMES if abs(milliseconds) >= n[0]), NAMES[-1])
    amount = number(milliseconds / size, 2)
    return f"{amount} {unit}" if amount == "1" else f"{amount} {unit}s"


def feature_in_words(name: str) -> str:
    """Name a feature without a value: ``events in the last hour``."""
    feature = feature_of(name)
    return _of(_TITLES, feature).format(*_parts(feature))


def remembered_in_words(
    name: str, value: float, expected: float | None = None, shorten: Callable[[str], str] = str
) -> str:
    """Say a feature's value, and the usual one: ``12 events in the last hour, usually 1``.

    Parameters
    ----------
    name
        A feature's name, as in `features.FORMS`.
    value, expected
        Both in the feature's unit; without an expected value nothing is said of it.
    shorten
        Truncates names of fields and values, which may be of any length.
    """
    feature = feature_of(name)
    parts = [shorten(part) for part in _parts(feature)]
    if feature.kind == "first":
        return f"{parts[0]} is {'new' if value >= 1.0 else 'known'}"
    said = _of(_SENTENCES, feature)
    format_ = _FORMATS.get(feature.kind, number)
    found = said.format(*parts, value=shorten(_counted(feature, value) or format_(value)))
    return found if expected is None else f"{found}, usually {shorten(format_(expected))}"


def _of(words: dict[str, str], feature: Feature) -> str:
    return words.get(f"{feature.kind} {len(feature.durations)}") or words[feature.kind]


def _counted(feature: Feature, value: float) -> str | None:
    """Return a number of things with their noun, if the feature counts something."""
    noun = {"count": "event", "distinct": "different value"}.get(feature.kind)
    if noun is None:
        return None
    amount = _FORMATS[feature.kind](value)
    return f"{amount} {noun}" if amount == "1" else f"{amount} {noun}s"


def _parts(feature: Feature) -> list[str]:
    """Return the words for a feature's field, then for its durations."""
    numbers = (
        feature.values if feature.kind not in {"zscore", "relative", "shift"} else feature.numbers
    )
    field = feature.text or " and ".join(numbers)
    return [*([field] if field else []), *(_last(d) for d in feature.durations), str(feature.steps)]


def _last(milliseconds: int) -> str:
    words = duration_in_words(milliseconds)
    return f"the last {words.removeprefix('1 ')}"


def _seconds(value: float) -> str:
    return duration_in_words(value * SECOND)


def _signed(value: float) -> str:
    return number(value) if value <= 0.0 else f"+{number(value)}"


def _whole(value: float) -> str:
    return number(round(value, 1), 2)


def _brief(value: float) -> str:
    return number(value, 2)


_FORMATS: dict[str, Callable[[float], str]] = {
    "count": _whole,
    "distinct": lambda value: _whole(round(value)),
    "distinct_rate": percent,
    "zscore": lambda value: _signed(round(value, 1)),
    "relative": _brief,
    "shift": lambda value: _signed(round(value, 1)),
    "ratio:count": _brief,
    "ratio:sum": _brief,
    "ratio:mean": _brief,
    "since_last": _seconds,
    "hours": _brief,
    "distance": lambda value: f"{number(value, 3)} km",
    "speed": lambda value: f"{number(value, 3)} km/h",
    "slope": _signed,
    "difference": _signed,
}

_SENTENCES = {
    "count": "{value} in {0}",
    "sum": "{0} adds up to {value} in {1}",
    "mean": "mean {0} in {1} is {value}",
    "max": "highest {0} in {1} is {value}",
    "min": "lowest {0} in {1} is {value}",
    "std": "{0} varies by {value} in {1}",
    "distinct": "{value} of {0} in {1}",
    "distinct_rate": "{0} differs in {value} of the events of {1}",
    "zscore": "{0} is {value} standard deviations from its own mean",
    "relative": "{0} is {value} times its own mean",
    "shift": "mean {0} in {1} is {value} standard errors from its own mean",
    "ratio:count": "{value} times as many events in {0} as usual in {1}",
    "ratio:sum": "{value} times as much {0} in {1} as usual in {2}",
    "ratio:mean": "mean {0} in {1} is {value} times that of {2}",
    "since_last": "{value} since the last event",
    "hours": "time of day is {value} of 2 away from the usual hours",
    "distance": "{value} from the last position",
    "speed": "{value} since the last position",
    "slope": "{0} changes by {value} a step over the last {1} values",
    "difference 0": "{0} differs by {value} from the last one",
    "difference 1": "{0} differs by {value} from its mean in {1}",
}
"""Of a kind, or of a kind with so many durations. The field comes first, then durations, then
steps."""

_TITLES = {
    "count": "events in {0}",
    "sum": "sum of {0} in {1}",
    "mean": "mean {0} in {1}",
    "max": "highest {0} in {1}",
    "min": "lowest {0} in {1}",
    "std": "deviation of {0} in {1}",
    "distinct": "different values of {0} in {1}",
    "distinct_rate": "share of different values of {0} in {1}",
    "zscore": "standard deviations of {0} from its own mean",
    "relative": "{0} relative to its own mean",
    "shift": "standard errors of mean {0} in {1} from its own mean",
    "ratio:count": "events in {0}, relative to {1}",
    "ratio:sum": "sum of {0} in {1}, relative to {2}",
    "ratio:mean": "mean {0} in {1}, relative to {2}",
    "since_last": "time since the last event",
    "first": "new {0}",
    "hours": "distance from the usual hours",
    "distance": "distance from the last position",
    "speed": "speed since the last position",
    "slope": "slope of the last {1} values of {0}",
    "difference 0": "difference of {0} from the last one",
    "difference 1": "difference of {0} from its mean in {1}",
}
