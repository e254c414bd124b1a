"""One column of the model's matrix: its kind, and what the training data say of it."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Literal, TypeAlias

import msgspec
import numpy as np

from anomaly_app.core.model.categories import UNKNOWN_CATEGORY, category_codes

FeatureValue: TypeAlias = float | int | str | None
"""A feature's value as sent: a number, a string, or null."""

Row: TypeAlias = Sequence[FeatureValue]
"""One transaction's wire features, in the schema's order."""


class Feature(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """One column of the model's matrix, and its statistics in the training data.

    Parameters
    ----------
    name
        Key of the value in a transaction's ``features``.
    kind
        ``number``; ``category`` (a string, coded by its index in `categories`); ``hour_of_day``,
        derived from the transaction's time (0 to 24); or ``memory``, a number derived from the
        past of the transaction's entity, see `anomaly_app.core.memory`.
    categories
        The strings of the training data, most frequent first.
    rare_values
        Number of other strings in the training data, each rarer than those in `categories`. If
        there are any, they form one class, which includes strings never seen in training.
    rare_rate
        Share of training rows in that class, 0 to 1.
    hours
        Share of training rows in each hour of the day.
    expected
        The median of a number, the code of the most frequent category.
    low, high
        The range of a number in the training data.
    missing_rate
        Share of training rows without a value, 0 to 1.
    """

    name: str
    kind: Literal["number", "category", "hour_of_day", "memory"]
    categories: tuple[str, ...] = ()
    rare_values: int = 0
    rare_rate: float = 0.0
    hours: tuple[float, ...] = ()
    expected: float = 0.0
    low: float = 0.0
    high: float = 0.0
    missing_rate: float = 0.0

    @property
    def is_sent(self) -> bool:
        """Whether a transaction itself contains the value: it is not derived."""
        return self.kind in {"number", "category"}

    @property
    def expected_value(self) -> FeatureValue:
        """The expected value as it would be sent."""
        return self.value_of(self.expected)

    def value_of(self, number: float) -> FeatureValue:
        """Convert a number in the model's matrix to the value as it would be sent."""
        if np.isnan(number):
            return None
        if self.kind != "category":
            return number
        if number == self.other_code and self.rare_values:
            return f"one of {self.rare_values:,} rare values"
        return self.categories[int(number)] if 0 <= number < len(self.categories) else None

    @property
    def other_code(self) -> float:
        """Code for strings that are not in `categories`."""
        return float(len(self.categories)) if self.rare_values else UNKNOWN_CATEGORY

    @cached_property
    def codes(self) -> Mapping[FeatureValue, float]:
        """Code of each category; see `category_codes`."""
        return category_codes(self.categories)
