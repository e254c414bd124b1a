"""A fitted model and the manifest that describes it, as bytes in and bytes out."""

import hashlib
import io
import platform
from collections.abc import Sequence
from functools import cached_property
from importlib.metadata import version
from typing import Self

import joblib
import msgspec
import numpy as np
from sklearn.pipeline import Pipeline

from anomaly_app.core.calibration import Calibration, score_of
from anomaly_app.core.errors import ModelCorrupt, ModelIncompatible
from anomaly_app.core.estimator import Preparation
from anomaly_app.core.explain import Reason, explain
from anomaly_app.core.forest import ForestScorer
from anomaly_app.core.schema import FeatureSchema, FeatureValue, Matrix

FORMAT = 2
RETRAIN = "run `make train` (or `python -m training fit`) to make a new one"
PICKLE_BOUND = ("scikit-learn", "numpy")
"""Libraries whose objects are in the pickle: their major and minor versions must agree."""


class Training(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a model was trained on."""

    source: str
    """Name of the file, or of the simulator with its seed."""
    sha256: str
    """Of the encoded matrix: the same data give the same fingerprint."""
    rows: int
    held_back: int


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that is known of an artifact without unpickling it."""

    name: str
    version: str
    sha256: str
    """Of ``model.joblib``."""
    detector: str
    schema: FeatureSchema
    calibration: Calibration
    alert_rate: float
    """Share of ordinary transactions that may be called anomalous; the threshold on p."""
    training: Training
    libraries: dict[str, str]
    created_at: str
    """ISO 8601, UTC."""
    random_state: int
    metrics: dict[str, float] = {}
    format: int = FORMAT

    @property
    def threshold(self) -> float:
        """The least score that is called an anomaly, 0 to 1."""
        return float(score_of(self.alert_rate))

    def to_json(self) -> bytes:
        """Write the manifest, indented for people."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"


class Model:
    """A fitted estimator with its manifest.

    Parameters
    ----------
    manifest
        Describes the estimator.
    estimator
        A fitted pipeline of `anomaly_app.core.estimator.make_estimator`, for the matrices of
        the manifest's schema.
    """

    def __init__(self, manifest: Manifest, estimator: Pipeline) -> None:
        self.manifest = manifest
        self.schema = manifest.schema
        self._steps = [
            step.prepare if isinstance(step, Preparation) else step.transform
            for step in estimator[:-1]
        ]
        self._forest = ForestScorer(estimator[-1])

    @cached_property
    def log_alert_rate(self) -> float:
        """Logarithm of the p-value at and below which a transaction is an anomaly."""
        return float(np.log(self.manifest.alert_rate))

    def score_samples(self, matrix: Matrix) -> Matrix:
        """Raw scores as scikit-learn gives them, low = abnormal, shape ``(rows,)``."""
        if len(matrix) == 0:
            return np.empty(0)
        for step in self._steps:
            matrix = step(matrix)
        return self._forest.score_samples(matrix)

    def is_sound(self) -> bool:
        """Whether the model can score the expected row: a transaction with nothing odd about it."""
        try:
            return bool(np.isfinite(self.log_p_values(self.schema.expected[np.newaxis, :])).all())
        except Exception:  # noqa: BLE001  # an estimator may raise anything
            return False

    def log_p_values(self, matrix: Matrix) -> Matrix:
        """Natural logarithms of the rows' tail p-values, shape ``(rows,)``, at most 0."""
        return self.manifest.calibration.log_p_values(-self.score_samples(matrix))

    def explain(
        self,
        matrix: Matrix,
        log_p: Matrix,
        values: Sequence[Sequence[FeatureValue]],
        *,
        most: int,
    ) -> list[list[Reason]]:
        """Reasons for anomalous rows; see `anomaly_app.core.explain.explain`."""
        return explain(self.schema, self.log_p_values, matrix, log_p, values, most=most)

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
            The format or a library differs from what the artifact was made with, or code that
            it needs is not installed.
        """
        manifest = read_manifest(manifest_json, where=where)
        found = hashlib.sha256(pickle).hexdigest()
        if found != manifest.sha256:
            raise ModelCorrupt(
                f"model {where}: model.joblib has sha256 {found[:12]}…, its manifest says "
                f"{manifest.sha256[:12]}…; it was not loaded: {RETRAIN}"
            )
        current = library_versions()
        for library in PICKLE_BOUND:
            made_with, here = manifest.libraries.get(library, "unknown"), current[library]
            if made_with.split(".")[:2] != here.split(".")[:2]:
                raise ModelIncompatible(
                    f"model {where} was made with {library} {made_with}, here is {here}: {RETRAIN}"
                )
        try:
            estimator = joblib.load(io.BytesIO(pickle))
        except Exception as fault:
            raise ModelIncompatible(
                f"model {where} cannot be unpickled here ({fault!r}): {RETRAIN}"
            ) from fault
        return cls(manifest, estimator)


def read_manifest(manifest_json: bytes, *, where: str) -> Manifest:
    """Read a manifest.

    Raises
    ------
    ModelCorrupt
        It is not a manifest.
    ModelIncompatible
        It has another format number.
    """
    try:
        manifest = msgspec.json.decode(manifest_json, type=Manifest)
    except ValueError as fault:
        raise ModelCorrupt(
            f"model {where}: manifest.json is unreadable ({fault}): {RETRAIN}"
        ) from None
    if manifest.format != FORMAT:
        raise ModelIncompatible(
            f"model {where} has format {manifest.format}, this version reads {FORMAT}: {RETRAIN}"
        )
    return manifest


def pickle_estimator(estimator: Pipeline) -> bytes:
    """Pickle a fitted estimator; the same fit and versions give the same bytes."""
    buffer = io.BytesIO()
    joblib.dump(estimator, buffer, compress=("zlib", 3))
    return buffer.getvalue()


def library_versions(names: Sequence[str] = (*PICKLE_BOUND, "joblib")) -> dict[str, str]:
    """Versions of Python and of the named libraries, as installed."""
    return {"python": platform.python_version()} | {name: version(name) for name in names}
