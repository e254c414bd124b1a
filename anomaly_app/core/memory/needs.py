"""What the features of a spec need to be read and kept, each thing once."""

from collections.abc import Callable
from typing import TypeAlias, TypeVar

from anomaly_app.core.memory import tables as t
from anomaly_app.core.memory.features import Feature, logarithm_of

Formula: TypeAlias = list[int]
"""A formula of `tables`, and indices of what it needs."""

_Key = TypeVar("_Key")


class Needs:
    """Everything that features need, with the index of each thing in its table.

    Features that need the same thing share it. Indices named ``to`` are those of `Scratch.reals`.
    """

    def __init__(self) -> None:
        self.numbers: dict[str, int] = {}
        """Column of each field."""
        self.values: dict[str, tuple[int, bool]] = {}
        """Column of each number, and whether it is the logarithm of the field."""
        self.texts: dict[str, int] = {}
        self.windows: dict[int, int] = {}
        self.rows: dict[tuple[int, int, int], int] = {}
        """By operation, value (-1 for the event itself) and window."""
        self.decays: dict[int, int] = {}
        self.moments: dict[tuple[int, int], int] = {}
        """Where they are read to, by value and decay."""
        self.hours: dict[int, int] = {}
        """Where they are read to, by decay."""
        self.seen: dict[int, int] = {}
        """By text."""
        self.distinct: dict[tuple[int, int], int] = {}
        """Where they are read to, by row of `seen` and window."""
        self.firsts: dict[tuple[int, int], int] = {}
        """Where they are read to, by text and span."""
        self.places: dict[tuple[int, int], int] = {}
        """Where they are read to, by the values of latitude and longitude."""
        self.last: dict[int, int] = {}
        """By value."""
        self.last_values: list[int] = []
        """How many values each row of `last` keeps."""
        self.differences: dict[int, int] = {}
        """Where they are read to, by row of `last`."""
        self.slopes: dict[tuple[int, int], int] = {}
        """Where they are read to, by row of `last` and steps."""
        self.reals = 0
        """How many are read."""

    def formula(self, feature: Feature) -> Formula:
        """Return how a feature is made, and note what it needs."""
        return self._makers[feature.kind](self, feature)

    def _to(self, many: int = 1) -> int:
        self.reals += many
        return self.reals - many

    def _value(self, name: str) -> int:
        field = logarithm_of(name)
        if name not in self.values:
            column = _index(self.numbers, name if field is None else field)
            self.values[name] = column, field is not None
        return [*self.values].index(name)

    def _number(self, feature: Feature) -> int:
        return self._value(feature.values[0])

    def _row(self, operation: int, feature: Feature, *, duration: int = 0) -> int:
        number = -1 if operation == t.COUNT else self._number(feature)
        window = _index(self.windows, feature.durations[duration])
        return _index(self.rows, (operation, number, window))

    def _last(self, number: int, values: int) -> int:
        row = _index(self.last, number)
        if row == len(self.last_values):
            self.last_values.append(0)
            self.differences[row] = self._to()
        self.last_values[row] = max(self.last_values[row], values)
        return row

    def _count(self, feature: Feature) -> Formula:
        return [t.COUNT_OF, self._row(t.COUNT, feature)]

    def _sum(self, feature: Feature) -> Formula:
        return [t.SUM_OF, self._row(t.SUM, feature), self._number(feature)]

    def _mean(self, feature: Feature) -> Formula:
        total, count = self._row(t.SUM, feature), self._row(t.PRESENT, feature)
        return [t.MEAN_OF, total, count, self._number(feature)]

    def _max(self, feature: Feature) -> Formula:
        return [t.EXTREME_OF, self._row(t.MAX, feature), self._number(feature)]

    def _min(self, feature: Feature) -> Formula:
        return [t.EXTREME_OF, self._row(t.MIN, feature), self._number(feature)]

    def _std(self, feature: Feature) -> Formula:
        rows = [self._row(operation, feature) for operation in (t.PRESENT, t.SUM, t.SQUARES)]
        return [t.STD_OF, *rows, self._number(feature)]

    def _distinct(self, feature: Feature) -> Formula:
        assert feature.text is not None  # noqa: S101
        seen = _index(self.seen, _index(self.texts, feature.text))
        query = seen, _index(self.windows, feature.window)
        if query not in self.distinct:
            self.distinct[query] = self._to()
        return [t.READ, self.distinct[query]]

    def _distinct_rate(self, feature: Feature) -> Formula:
        return [t.SHARE_OF_DISTINCT, self._distinct(feature)[1], self._row(t.COUNT, feature)]

    def _moments(self, feature: Feature, name: str) -> Formula:
        number = self._value(name)
        moments = number, _index(self.decays, feature.durations[-1])
        if moments not in self.moments:
            self.moments[moments] = self._to(3)
        return [self.moments[moments], number]

    def _zscore(self, feature: Feature) -> Formula:
        return [t.ZSCORE_OF, *self._moments(feature, feature.values[0])]

    def _relative(self, feature: Feature) -> Formula:
        field = feature.numbers[0]
        moments = self._moments(feature, f"log({field})")
        return [t.RELATIVE_OF, *moments, self._value(field)]

    def _shift(self, feature: Feature) -> Formula:
        total, count = self._row(t.SUM, feature), self._row(t.PRESENT, feature)
        return [t.SHIFT_OF, total, count, *self._moments(feature, feature.values[0])]

    def _ratio(self, feature: Feature, operation: int) -> Formula:
        short, long = (self._row(operation, feature, duration=which) for which in (0, 1))
        windows = [_index(self.windows, window) for window in feature.durations]
        if operation == t.COUNT:
            return [t.RATIO_OF_COUNTS, short, long, *windows]
        count = self._row(t.PRESENT, feature, duration=1)
        return [t.RATIO_OF_SUMS, short, long, *windows, count, self._number(feature)]

    def _ratio_of_means(self, feature: Feature) -> Formula:
        sums = (self._row(t.SUM, feature, duration=which) for which in (0, 1))
        counts = (self._row(t.PRESENT, feature, duration=which) for which in (0, 1))
        return [t.RATIO_OF_MEANS, *sums, *counts, self._number(feature)]

    def _since_last(self, feature: Feature) -> Formula:  # noqa: ARG002
        return [t.SINCE_LAST]

    def _first(self, feature: Feature) -> Formula:
        assert feature.text is not None  # noqa: S101
        known = _index(self.texts, feature.text), feature.window
        if known not in self.firsts:
            self.firsts[known] = self._to()
        return [t.READ, self.firsts[known]]

    def _hours(self, feature: Feature) -> Formula:
        decay = _index(self.decays, feature.window)
        if decay not in self.hours:
            self.hours[decay] = self._to()
        return [t.READ, self.hours[decay]]

    def _place(self, feature: Feature) -> int:
        latitude, longitude = map(self._value, feature.values)
        if (latitude, longitude) not in self.places:
            self.places[latitude, longitude] = self._to(2)
        return self.places[latitude, longitude]

    def _slope(self, feature: Feature) -> Formula:
        query = self._last(self._number(feature), feature.steps - 1), feature.steps
        if query not in self.slopes:
            self.slopes[query] = self._to()
        return [t.READ, self.slopes[query]]

    def _difference(self, feature: Feature) -> Formula:
        if feature.durations:
            return [t.DIFFERENCE_OF, *self._mean(feature)[1:]]
        return [t.READ, self.differences[self._last(self._number(feature), 1)]]

    _makers: dict[str, Callable[["Needs", Feature], Formula]] = {  # noqa: RUF012
        "count": _count,
        "sum": _sum,
        "mean": _mean,
        "max": _max,
        "min": _min,
        "std": _std,
        "distinct": _distinct,
        "distinct_rate": _distinct_rate,
        "zscore": _zscore,
        "relative": _relative,
        "shift": _shift,
        "ratio:count": lambda self, feature: self._ratio(feature, t.COUNT),
        "ratio:sum": lambda self, feature: self._ratio(feature, t.SUM),
        "ratio:mean": _ratio_of_means,
        "since_last": _since_last,
        "first": _first,
        "hours": _hours,
        "distance": lambda self, feature: [t.READ, self._place(feature)],
        "speed": lambda self, feature: [t.SPEED_OF, self._place(feature)],
        "slope": _slope,
        "difference": _difference,
    }


def _index(known: dict[_Key, int], key: _Key) -> int:
    return known.setdefault(key, len(known))
