"""The features of a transaction: their names, kinds and columns in the model's matrix."""

from collections.abc import Sequence
from functools import cached_property
from struct import Struct
from struct import error as StructError  # noqa: N812

import msgspec
import numpy as np

from anomaly_app.core.arrays import Matrix, Vector
from anomaly_app.core.hours import hour_of_day
from anomaly_app.core.memory.spec import MemorySpec
from anomaly_app.core.model.feature import Feature, FeatureValue, Row
from anomaly_app.core.model.scales import Entities, Scales


class FeatureSchema(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """The ordered features of a model; training and serving encode through this one object.

    Parameters
    ----------
    features
        In the order of the model's matrix.
    timezone
        IANA time zone of the hour of the day.
    scales
        Scales of the series, if one model judges series on different scales.
    memory
        What is remembered of each entity, if there are features of kind ``memory``.
    inputs
        What the memory reads from a transaction, and the detector does not.
    """

    features: tuple[Feature, ...]
    timezone: str = "UTC"
    scales: Scales | None = None
    memory: MemorySpec | None = None
    inputs: tuple[Feature, ...] = ()

    @property
    def needs_entities(self) -> bool:
        """Whether the entities of the transactions are needed to judge them."""
        return self.scales is not None or self.memory is not None

    @property
    def needs_times(self) -> bool:
        """Whether the times of the transactions are needed to judge them."""
        return self.memory is not None or any(f.kind == "hour_of_day" for f in self.features)

    @cached_property
    def wire_features(self) -> tuple[Feature, ...]:
        """The features and inputs that a transaction itself contains, in order."""
        return (*(f for f in self.features if f.is_sent), *self.inputs)

    @property
    def expected(self) -> Vector:
        """The expected row of the model's matrix, shape ``(features,)``."""
        expected = np.array([f.expected for f in self.features], dtype=np.float64)
        return expected if self.scales is None else np.where(self.scales.scaled, 0.0, expected)

    def encode(self, rows: Sequence[Row], times: Sequence[float] | Vector) -> Matrix:
        """Turn decoded transactions into the model's matrix, before `scaled`.

        Parameters
        ----------
        rows
            One entry per transaction, each with a value per wire feature.
        times
            The transactions' times, in seconds since the epoch, if `needs_times`.

        Returns
        -------
        Matrix
            Shape ``(transactions, features)``; missing values are NaN, unknown strings are
            `UNKNOWN_CATEGORY` or the code for rare ones. Features of kind ``memory`` are 0: the
            caller sets them.
        """
        if (packed := self._pack(rows)) is not None:
            return packed
        matrix = np.zeros((len(rows), len(self.features)), dtype=np.float64)
        columns = iter(zip(*rows, strict=True) if rows else ())
        for index, feature in enumerate(self.features):
            if feature.kind == "hour_of_day":
                matrix[:, index] = hour_of_day(times, self.timezone)
            elif rows and feature.is_sent:
                matrix[:, index] = _encode_column(feature, next(columns))
        return matrix

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

    def _pack(self, rows: Sequence[Row]) -> Matrix | None:
        """Encode numbers without gaps in a third of the time; None for anything else."""
        if self.inputs or any(feature.kind != "number" for feature in self.features):
            return None
        pack = Struct(f"{len(self.features)}d").pack
        try:
            numbers = b"".join([pack(*row) for row in rows])
        except StructError:
            return None
        return np.frombuffer(numbers, dtype=np.float64).reshape(len(rows), len(self.features))

    def values(self, row: Row, time: float, encoded: Vector) -> list[FeatureValue]:
        """Return the value of every feature of one transaction, including derived ones.

        Parameters
        ----------
        row
            The wire features.
        time
            Seconds since the epoch.
        encoded
            The transaction's row of the model's matrix, with the features of the memory.
        """
        carried = iter(row)
        return [
            next(carried)
            if feature.is_sent
            else float(hour_of_day([time], self.timezone)[0])
            if feature.kind == "hour_of_day"
            else float(number)
            for feature, number in zip(self.features, encoded, strict=True)
        ]


def _encode_column(feature: Feature, column: Sequence[FeatureValue]) -> Vector:
    if feature.kind == "number":
        return np.array(column, dtype=np.float64)
    code, other = feature.codes.get, feature.other_code
    return np.array([code(value, other) for value in column], dtype=np.float64)
