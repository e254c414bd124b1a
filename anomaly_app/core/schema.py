"""What a transaction's features are: their names, kinds and places in the model's matrix."""

from collections.abc import Sequence
from functools import lru_cache
from struct import Struct
from struct import error as StructError  # noqa: N812
from typing import Literal, TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt

FeatureValue: TypeAlias = float | int | str | None
"""A feature as it travels: a number, a text, or null."""

Row: TypeAlias = Sequence[FeatureValue]
"""One transaction's wire features, in the schema's order."""

Matrix: TypeAlias = npt.NDArray[np.float64]
"""Transactions as rows, features as columns."""

UNKNOWN_CATEGORY = -1.0
"""Code of a text that the training data did not hold."""

MOST_DIGITS = 4_300
"""Of a whole number that Python and the parser read from a text."""

SECONDS_PER_HOUR = 3600.0
HOURS_PER_DAY = 24.0


class Feature(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One column of the model's matrix, and what the training data held in it.

    Parameters
    ----------
    name
        Key of the value in a transaction's ``features``.
    kind
        ``number``; ``category`` (a text, coded by its place in `categories`); or
        ``hour_of_day``, derived from the transaction's time (UTC, 0 to 24).
    categories
        The texts of the training data, most frequent first.
    expected
        The median of a number, the code of the most frequent category.
    low, high
        The range of a number in the training data.
    missing_rate
        Share of training rows without a value, 0 to 1.
    """

    name: str
    kind: Literal["number", "category", "hour_of_day"]
    categories: tuple[str, ...] = ()
    expected: float = 0.0
    low: float = 0.0
    high: float = 0.0
    missing_rate: float = 0.0

    @property
    def expected_value(self) -> FeatureValue:
        """The expected value as it travels."""
        return self.value_of(self.expected)

    def value_of(self, number: float) -> FeatureValue:
        """Give the value that a number in the model's matrix stands for, as it travels."""
        if np.isnan(number):
            return None
        if self.kind != "category":
            return number
        return self.categories[int(number)] if 0 <= number < len(self.categories) else None


class FeatureSchema(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The ordered features of a model; training and serving encode through this one object."""

    features: tuple[Feature, ...]

    @property
    def wire_features(self) -> tuple[Feature, ...]:
        """The features that a transaction carries itself, in order."""
        return tuple(f for f in self.features if f.kind != "hour_of_day")

    @property
    def expected(self) -> Matrix:
        """The expected row, shape ``(features,)``."""
        return np.array([f.expected for f in self.features], dtype=np.float64)

    def encode(self, rows: Sequence[Row], times: Sequence[float] | Matrix) -> Matrix:
        """Turn decoded transactions into the model's matrix.

        Parameters
        ----------
        rows
            One entry per transaction, each with a value per wire feature.
        times
            The transactions' times, in seconds since the epoch.

        Returns
        -------
        Matrix
            Shape ``(transactions, features)``; missing values are NaN, unknown texts
            `UNKNOWN_CATEGORY`.
        """
        if (packed := self._pack(rows)) is not None:
            return packed
        matrix = np.empty((len(rows), len(self.features)), dtype=np.float64)
        columns = iter(zip(*rows, strict=True) if rows else ())
        for place, feature in enumerate(self.features):
            if feature.kind == "hour_of_day":
                matrix[:, place] = hour_of_day(times)
            elif rows:
                matrix[:, place] = _encode_column(feature, next(columns))
        return matrix

    def _pack(self, rows: Sequence[Row]) -> Matrix | None:
        """Encode numbers without a gap in a third of the time; None for anything else."""
        if any(feature.kind != "number" for feature in self.features):
            return None
        pack = Struct(f"{len(self.features)}d").pack
        try:
            numbers = b"".join([pack(*row) for row in rows])
        except StructError:
            return None
        return np.frombuffer(numbers, dtype=np.float64).reshape(len(rows), len(self.features))

    def values(self, row: Row, time: float) -> list[FeatureValue]:
        """List the value of every feature of one transaction, derived ones included.

        Parameters
        ----------
        row
            The wire features.
        time
            Seconds since the epoch.
        """
        carried = iter(row)
        return [
            float(hour_of_day([time])[0]) if f.kind == "hour_of_day" else next(carried)
            for f in self.features
        ]


def hour_of_day(times: Sequence[float] | Matrix) -> Matrix:
    """Hour of the day in UTC, 0 to 24, of times in seconds since the epoch."""
    seconds = np.asarray(times, dtype=np.float64)
    return seconds / SECONDS_PER_HOUR % HOURS_PER_DAY


def _encode_column(feature: Feature, column: Sequence[FeatureValue]) -> Matrix:
    if feature.kind == "number":
        return np.array(column, dtype=np.float64)
    codes = category_codes(feature.categories)
    return np.array([codes.get(value, UNKNOWN_CATEGORY) for value in column], dtype=np.float64)


@lru_cache(maxsize=1024)
def category_codes(categories: tuple[str, ...]) -> dict[FeatureValue, float]:
    """Map each category, and each whole number that reads like one, to its code."""
    codes: dict[FeatureValue, float] = {None: np.nan}
    for code, text in enumerate(categories):
        codes[text] = float(code)
        # A source that sends the shop 311 means the category "311".
        whole = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
        if whole and str(int(text)) == text:
            codes[int(text)] = float(code)
    return codes
