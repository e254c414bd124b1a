"""What is known of an artifact without unpickling it."""

import hashlib
import platform
from collections.abc import Sequence
from importlib.metadata import version

import msgspec

from anomaly_app.core.calibration import Calibration, score_of
from anomaly_app.core.model.schema import FeatureSchema
from anomaly_app.core.roles.roles import Roles
from anomaly_app.errors import ModelCorrupt, ModelIncompatible

FORMAT = 5
"""Of manifests and pickles, which name modules and classes of this package."""

RETRAIN = "fit one with python -m training fit DATA"
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
    warnings: tuple[str, ...] = ()
    """What was odd about the columns."""
    left_out: dict[str, str] = {}
    """Columns that are no features, each with the reason."""
    transactions_a_day: float | None = None
    """Traffic of the history, where it has times."""


class Manifest(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Everything that is known of an artifact without unpickling it."""

    name: str
    version: str
    sha256: str
    """Of ``model.joblib``."""
    detector: str
    """As `anomaly_app.core.detectors.make_detector` knows it."""
    schema: FeatureSchema
    roles: Roles
    """By which history was read, and by which records are."""
    calibration: Calibration
    alert_rate: float
    """Share of ordinary transactions that may be called anomalous; the threshold on p."""
    threshold_rule: str
    """Where the alert rate comes from, in words."""
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

    def check_pickle(self, pickle: bytes, *, where: str) -> None:
        """See that a pickle is the one described here, before anyone unpickles it.

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
                f"model {where}: model.joblib has sha256 {found[:12]}…, its manifest says "
                f"{self.sha256[:12]}…; it was not loaded: {RETRAIN}"
            )

    def check_libraries(self, *, where: str) -> None:
        """See that the libraries here can read the artifact's pickle.

        Raises
        ------
        ModelIncompatible
            One differs in its major or minor version.
        """
        current = library_versions()
        for library in PICKLE_BOUND:
            made_with, here = self.libraries.get(library, "unknown"), current[library]
            if made_with.split(".")[:2] != here.split(".")[:2]:
                raise ModelIncompatible(
                    f"model {where} was made with {library} {made_with}, here is {here}: {RETRAIN}"
                )


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
        found = msgspec.json.decode(manifest_json, type=_Numbered).format
        if found != FORMAT:
            raise ModelIncompatible(
                f"model {where} has format {found}, this version reads {FORMAT}: {RETRAIN}"
            )
        return msgspec.json.decode(manifest_json, type=Manifest)
    except ValueError as fault:
        raise ModelCorrupt(
            f"model {where}: manifest.json is unreadable ({fault}): {RETRAIN}"
        ) from None


class _Numbered(msgspec.Struct):
    format: int


def library_versions(names: Sequence[str] = (*PICKLE_BOUND, "joblib")) -> dict[str, str]:
    """Versions of Python and of the named libraries, as installed."""
    return {"python": platform.python_version()} | {name: version(name) for name in names}
