"""The features of a transaction: their names, kinds and columns in the model's matrix."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from struct import Struct
from struct import error as StructError  # noqa: N812
from typing import Literal, TypeAlias

import msgspec
import numpy as np

from anomaly_app.core.arrays import Matrix, Vector
from anomaly_app.core.hours import hour_of_day
from anomaly_app.core.model.categories import UNKNOWN_CATEGORY, category_codes
from anomaly_app.core.model.scales import Entities, Scales

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
        ``number``; ``category`` (a string, coded by its index in `categories`); or
        ``hour_of_day``, derived from the transaction's time (0 to 24).
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
    kind: Literal["number", "category", "hour_of_day"]
    categories: tuple[str, ...] = ()
    rare_values: int = 0
    rare_rate: float = 0.0
    hours: tuple[float, ...] = ()
    expected: float = 0.0
    low: float = 0.0
    high: float = 0.0
    missing_rate: float = 0.0

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


class FeatureSchema(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The ordered features of a model; training and serving encode through this one object.

    Parameters
    ----------
    features
        In the order of the model's matrix.
    timezone
        IANA time zone of the hour of the day.
    scales
        Scales of the series, if one model judges series on different scales.
    """

    features: tuple[Feature, ...]
    timezone: str = "UTC"
    scales: Scales | None = None

    @property
    def needs_entities(self) -> bool:
        """Whether `encode` needs the entities of the transactions."""
        return self.scales is not None

    @property
    def wire_features(self) -> tuple[Feature, ...]:
        """The features that a transaction itself contains, in order."""
        return tuple(f for f in self.features if f.kind != "hour_of_day")

    @property
    def expected(self) -> Vector:
        """The expected row of the model's matrix, shape ``(features,)``."""
        expected = np.array([f.expected for f in self.features], dtype=np.float64)
        return expected if self.scales is None else np.where(self.scales.scaled, 0.0, expected)

    def encode(
        self,
        rows: Sequence[Row],
        times: Sequence[float] | Vector,
        entities: Entities | None = None,
    ) -> Matrix:
        """Turn decoded transactions into the model's matrix.

        Parameters
        ----------
        rows
            One entry per transaction, each with a value per wire feature.
        times
            The transactions' times, in seconds since the epoch.
        entities
            Their entities, if `needs_entities`.

        Returns
        -------
        Matrix
            Shape ``(transactions, features)``; missing values are NaN, unknown strings are
            `UNKNOWN_CATEGORY` or the code for rare ones.
        """
        return self.scaled(self._encode(rows, times), entities)

    def scaled(self, matrix: Matrix, entities: Entities | None) -> Matrix:
        """Scale an encoded matrix by the rows' series, if the schema has scales.

        Parameters
        ----------
        matrix
            Shape ``(rows, features)``.
        entities
            The entities of the rows; None, for all or for one row, is an unknown entity.
        """
        if self.scales is None:
            return matrix
        return self.scales.apply(matrix, [None] * len(matrix) if entities is None else entities)

    def unscaled(self, matrix: Matrix, entities: Entities | None) -> Matrix:
        """Return a matrix of the model in its original units; see `scaled`."""
        if self.scales is None:
            return matrix
        return self.scales.revert(matrix, [None] * len(matrix) if entities is None else entities)

    def _encode(self, rows: Sequence[Row], times: Sequence[float] | Vector) -> Matrix:
        if (packed := self._pack(rows)) is not None:
            return packed
        matrix = np.empty((len(rows), len(self.features)), dtype=np.float64)
        columns = iter(zip(*rows, strict=True) if rows else ())
        for index, feature in enumerate(self.features):
            if feature.kind == "hour_of_day":
                matrix[:, index] = hour_of_day(times, self.timezone)
            elif rows:
                matrix[:, index] = _encode_column(feature, next(columns))
        return matrix

    def _pack(self, rows: Sequence[Row]) -> Matrix | None:
        """Encode numbers without gaps in a third of the time; None for anything else."""
        if any(feature.kind != "number" for feature in self.features):
            return None
        pack = Struct(f"{len(self.features)}d").pack
        try:
            numbers = b"".join([pack(*row) for row in rows])
        except StructError:
            return None
        return np.frombuffer(numbers, dtype=np.float64).reshape(len(rows), len(self.features))

    def values(self, row: Row, time: float) -> list[FeatureValue]:
        """Return the value of every feature of one transaction, including derived ones.

        Parameters
        ----------
        row
            The wire features.
        time
            Seconds since the epoch.
        """
        carried = iter(row)
        return [
            float(hour_of_day([time], self.timezone)[0])
            if f.kind == "hour_of_day"
            else next(carried)
            for f in self.features
        ]


def _encode_column(feature: Feature, column: Sequence[FeatureValue]) -> Vector:
    if feature.kind == "number":
        return np.array(column, dtype=np.float64)
    code, other = feature.codes.get, feature.other_code
    return np.array([code(value, other) for value in column], dtype=np.float64)
