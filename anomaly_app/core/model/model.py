"""A fitted model: loaded from an artifact's bytes, it scores and explains matrices."""

import io
from collections.abc import Sequence
from functools import cached_property
from typing import Any, Self

import joblib
import numpy as np
from sklearn.pipeline import Pipeline

from anomaly_app.core.arrays import Matrix, Vector
from anomaly_app.core.detectors.base import in_chunks
from anomaly_app.core.model.counterfactual import Change, fewest_changes
from anomaly_app.core.model.estimator import Preparation
from anomaly_app.core.model.expectation import Expectation
from anomaly_app.core.model.explain import Reason, explain
from anomaly_app.core.model.feature import FeatureValue
from anomaly_app.core.model.manifest import RETRAIN, Manifest, read_manifest
from anomaly_app.core.model.neighbours import Neighbours, nearest_ordinary
from anomaly_app.core.model.scales import Entities
from anomaly_app.errors import ModelIncompatible

NEIGHBOURS_TRIED = 5
"""Ordinary rows whose values are tried in place of an anomaly's."""


class Model:
    """A fitted estimator with its manifest.

    Parameters
    ----------
    manifest
        Describes the estimator.
    estimator
        A fitted pipeline of `anomaly_app.core.model.estimator.make_estimator`, for the matrices of
        the manifest's schema.
    ordinary
        Some ordinary training rows as a matrix of the schema, shape ``(rows, features)``; expected
        values are derived from them.
    """

    def __init__(self, manifest: Manifest, estimator: Pipeline, ordinary: Matrix) -> None:
        self.manifest = manifest
        self.schema = manifest.schema
        self._expectation = Expectation(manifest.schema, ordinary)
        self._steps = [
            step.prepare if isinstance(step, Preparation) else step.transform
            for step in estimator[:-1]
        ]
        self._detector = estimator[-1]
        self._score = self._detector.score_rows
        [self._missingness] = [
            step.missingness_ for step in estimator if isinstance(step, Preparation)
        ]

    @property
    def params(self) -> dict[str, Any]:
        """The parameters of the detector, without its random seed."""
        found = self._detector.get_params(deep=False)
        return {name: value for name, value in found.items() if name != "random_state"}

    @cached_property
    def log_alert_rate(self) -> float:
        """Logarithm of the p-value at and below which a transaction is an anomaly."""
        return float(np.log(self.manifest.alert_rate))

    def score_samples(self, matrix: Matrix) -> Vector:
        """Return raw scores as in scikit-learn, low = abnormal, shape ``(rows,)``."""
        if len(matrix) == 0:
            return np.empty(0)
        for step in self._steps:
            matrix = step(matrix)
        return in_chunks(self._score, matrix)

    def log_p_values(self, matrix: Matrix) -> Vector:
        """Return natural logarithms of the rows' tail p-values, shape ``(rows,)``, at most 0.

        They are small if the detector finds a row odd, or if it lacks values that are seldom
        missing; see `anomaly_app.core.model.missingness.Missingness`.
        """
        log_p = self.manifest.calibration.log_p_values(-self.score_samples(matrix))
        return self._missingness.joined_with(log_p, np.isnan(matrix))

    def explain(
        self,
        matrix: Matrix,
        log_p: Vector,
        values: Sequence[Sequence[FeatureValue]],
        *,
        most: int,
        entities: Entities | None = None,
    ) -> list[list[Reason]]:
        """Return reasons for anomalous rows; see `anomaly_app.core.model.explain.explain`."""
        return explain(
            self.schema,
            self.log_p_values,
            self._expectation,
            matrix,
            log_p,
            values,
            most=most,
            entities=entities,
        )

    def neighbours(self, row: Vector, most: int) -> Neighbours:
        """Return the ordinary training rows that are nearest to a row, shape ``(features,)``."""
        return nearest_ordinary(self._expectation, row, most)

    def fewest_changes(self, row: Vector) -> tuple[Change, ...] | None:
        """Return what would have to change for an anomaly to be ordinary.

        Parameters
        ----------
        row
            A row of the model's matrix, shape ``(features,)``.

        Returns
        -------
        tuple of Change or None
            The fewest values that make it ordinary, in units of the matrix; none if it is
            ordinary, and None if more than `MOST_CHANGES` would be needed.
        """
        expected, odd = self._expectation.of(row[np.newaxis])
        nearest = self.neighbours(row, NEIGHBOURS_TRIED).rows
        numbers = (i for i, f in enumerate(self.schema.features) if f.kind != "category")
        return fewest_changes(
            row,
            odd[0],
            [expected[0], *nearest],
            self.log_p_values,
            self.log_alert_rate,
            frozenset(numbers),
        )

    @classmethod
    def from_bytes(cls, manifest_json: bytes, pickle: bytes, *, where: str) -> Self:
        """Check an artifact against its manifest, then unpickle it.

        Parameters
        ----------
        manifest_json
            The text of ``manifest.json``.
        pickle
            The bytes of ``model.joblib``.
        where
            Name of the artifact, for messages.

        Raises
        ------
        ModelCorrupt
            The manifest is unreadable, or the hash differs: nothing was unpickled.
        ModelIncompatible
            The artifact has another format or was made with other library versions, or code that
            it needs is not installed.
        """
        manifest = read_manifest(manifest_json, where=where)
        manifest.check_pickle(pickle, where=where)
        manifest.check_libraries(where=where)
        try:
            estimator, ordinary = unpickle_model(pickle)
        except Exception as fault:
            raise ModelIncompatible(
                f"model {where} cannot be unpickled here ({fault!r}): {RETRAIN}"
            ) from fault
        return cls(manifest, estimator, ordinary)


def pickle_model(estimator: Pipeline, ordinary: Matrix) -> bytes:
    """Pickle an estimator and its ordinary rows; the same fit and versions give the same bytes."""
    buffer = io.BytesIO()
    joblib.dump({"estimator": estimator, "ordinary": ordinary}, buffer, compress=("zlib", 3))
    return buffer.getvalue()


def unpickle_model(pickle: bytes) -> tuple[Pipeline, Matrix]:
    """Unpickle the result of `pickle_model`; a pickle can run code, so check its hash first."""
    payload = joblib.load(io.BytesIO(pickle))
    return payload["estimator"], payload["ordinary"]
