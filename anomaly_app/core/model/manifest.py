"""Metadata of an artifact, readable without unpickling it."""

import hashlib
import platform
from collections.abc import Sequence
from importlib.metadata import version

import msgspec

from anomaly_app.core.calibration import Calibration, score_of
from anomaly_app.core.model.schema import FeatureSchema
from anomaly_app.core.roles.roles import Roles
from anomaly_app.errors import ModelCorrupt, ModelIncompatible

FORMAT = 6
"""Format number of manifests and of pickles, which name modules and classes of this package."""

RETRAIN = "fit one with python -m training fit DATA"
PICKLE_BOUND = ("scikit-learn", "numpy")
"""Libraries whose objects are in the pickle: their major and minor versions must agree."""


class Training(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a model was trained on."""

    source: str
    """Name of the file, or of the simulator with its seed."""
    sha256: str
    """Hash of the encoded matrix: the same data have the same fingerprint."""
    rows: int
    held_back: int
    warnings: tuple[str, ...] = ()
    """Warnings about the columns."""
    left_out: dict[str, str] = {}
    """Columns that are not features, each with the reason."""
    transactions_a_day: float | None = None
    """Traffic of the history, if it has times."""
    trained_until: float | None = None
    """Time of the last row that was used, in seconds since the epoch; None if it is unknown."""


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Metadata of an artifact, readable without unpickling it."""

    name: str
    version: str
    sha256: str
    """SHA-256 of ``model.joblib``."""
    detector: str
    """A name for `anomaly_app.core.detectors.make_detector`."""
    schema: FeatureSchema
    roles: Roles
    """Roles used to read the history, and now the records."""
    calibration: Calibration
    alert_rate: float
    """Share of ordinary transactions that may be reported as anomalies; the threshold on p."""
    threshold_rule: str
    """Where the alert rate comes from, as text."""
    training: Training
    libraries: dict[str, str]
    created_at: str
    """ISO 8601, UTC."""
    random_state: int
    metrics: dict[str, float] = {}
    alerts_a_day: float | None = None
    """The budget that the alert rate comes from, if it does."""
    format: int = FORMAT

    @property
    def threshold(self) -> float:
        """The lowest score that counts as an anomaly, 0 to 1."""
        return float(score_of(self.alert_rate))

    def to_json(self) -> bytes:
        """Return the manifest as indented JSON."""
        return msgspec.json.format(msgspec.json.encode(self), indent=2) + b"\n"

    def check_pickle(self, pickle: bytes, *, where: str) -> None:
        """Check that a pickle is the one described here, before it is unpickled.

        Parameters
        ----------
        pickle
            The bytes of ``model.joblib``.
        where
            Name of the artifact, for messages.

        Raises
        ------
        ModelCorrupt
            Its hash differs.
        """
        found = hashlib.sha256(pickle).hexdigest()
        if found != self.sha256:
            raise ModelCorrupt(
                f"model {where}: model.joblib has sha256 {found[:12]}…, but its manifest says "
                f"{self.sha256[:12]}…; it was not loaded: {RETRAIN}"
            )

    def check_libraries(self, *, where: str) -> None:
        """Check that the installed libraries can read the artifact's pickle.

        Raises
        ------
        ModelIncompatible
            The major or minor version of one differs.
        """
        current = library_versions()
        for library in PICKLE_BOUND:
            made_with, here = self.libraries.get(library, "unknown"), current[library]
            if made_with.split(".")[:2] != here.split(".")[:2]:
                raise ModelIncompatible(
                    f"model {where} was made with {library} {made_with}, but {here} is installed: "
                    f"{RETRAIN}"
                )


def read_manifest(manifest_json: bytes, *, where: str) -> Manifest:
    """Read a manifest.

    Raises
    ------
    ModelCorrupt
        It is not a manifest.
    ModelIncompatible
        It has a different format number.
    """
    try:
        found = msgspec.json.decode(manifest_json, type=_Numbered).format
        if found != FORMAT:
            raise ModelIncompatible(
                f"model {where} has format {found}, but this version reads {FORMAT}: {RETRAIN}"
            )
        return msgspec.json.decode(manifest_json, type=Manifest)
    except ValueError as fault:
        raise ModelCorrupt(
            f"model {where}: manifest.json is unreadable ({fault}): {RETRAIN}"
        ) from None


class _Numbered(msgspec.Struct):
    format: int


def library_versions(names: Sequence[str] = (*PICKLE_BOUND, "joblib")) -> dict[str, str]:
    """Return the installed versions of Python and of the named libraries."""
    return {"python": platform.python_version()} | {name: version(name) for name in names}
