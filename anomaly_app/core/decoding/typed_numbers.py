"""Numbers in the rows of typed parsers: convert strings, and drop those that mean missing."""

from collections.abc import Callable, Sequence
from math import isfinite
from typing import Any

from anomaly_app.core.decoding.layouts import NUMBER_OR_TEXT
from anomaly_app.core.decoding.wire import Wire
from anomaly_app.core.json_reading import number_in
from anomaly_app.core.model.feature import FeatureValue, Row


def with_numbers(
    get: Callable[[Any], Row], kinds: Sequence[Any], wire: Wire
) -> Callable[[Any], Row]:
    """Convert numbers in strings, and replace those that stand for a missing value by None."""
    return _without_missing(_from_texts(get, kinds), wire)


def _from_texts(get: Callable[[Any], Row], kinds: Sequence[Any]) -> Callable[[Any], Row]:
    indices = [index for index, kind in enumerate(kinds) if kind == NUMBER_OR_TEXT]
    if not indices:
        return get

    def converted(message: Any) -> Row:
        row: list[FeatureValue] = [*get(message)]
        for index in indices:
            if isinstance(value := row[index], str):
                number = number_in(value)
                if number is None or not isfinite(number):
                    raise ValueError
                row[index] = number
        return row

    return converted


def _without_missing(get: Callable[[Any], Row], wire: Wire) -> Callable[[Any], Row]:
    """Replace the numbers that stand for a missing value by None."""
    missing = frozenset(wire.roles.missing)
    if not missing:
        return get
    indices = [index for index, one in enumerate(wire.features) if one.kind == "number"]

    def replaced(message: Any) -> Row:
        row: list[FeatureValue] = [*get(message)]
        for index in indices:
            if row[index] in missing:
                row[index] = None
        return row

    return replaced
