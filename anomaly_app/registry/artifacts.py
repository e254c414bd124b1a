"""Artifacts on disk: ``<name>/<version>/{model.joblib, manifest.json}``."""

from pathlib import Path

from anomaly_app.core.model.manifest import RETRAIN, Manifest
from anomaly_app.core.model.model import Model
from anomaly_app.errors import ModelError, ModelMissing
from anomaly_app.registry.versions import (
    CANDIDATE_FILE,
    MANIFEST_FILE,
    MODEL_FILE,
    find_version,
    versions,
)


def load_model(path: Path) -> Model:
    """Load an artifact.

    Parameters
    ----------
    path
        Folder of one version, or its parent folder, of which the highest version but candidates is
        loaded.

    Raises
    ------
    ModelMissing
        There is no artifact at `path`.
    ModelError
        The artifact cannot be trusted; see `anomaly_app.core.model.model.Model.from_bytes`.
    """
    folder, manifest, pickle = read_artifact(path)
    return Model.from_bytes(manifest, pickle, where=str(folder))


def read_artifact(path: Path) -> tuple[Path, bytes, bytes]:
    """Return an artifact's folder, manifest and pickle, without unpickling it.

    Parameters
    ----------
    path
        As for `load_model`.

    Raises
    ------
    ModelMissing
        There is no artifact at `path`, or it is incomplete.
    ModelError
        It cannot be read.
    """
    folder = find_version(path)
    try:
        manifest = (folder / MANIFEST_FILE).read_bytes()
        pickle = (folder / MODEL_FILE).read_bytes()
    except FileNotFoundError as fault:
        raise ModelMissing(
            f"model {folder} has no {Path(fault.filename).name}: {RETRAIN}"
        ) from None
    except OSError as fault:
        raise ModelError(f"model {folder} cannot be read ({fault.strerror}): {RETRAIN}") from None
    return folder, manifest, pickle


def save_model(
    root: Path, manifest: Manifest, pickle: bytes, *, candidate: str | None = None
) -> Path:
    """Write an artifact to ``root/<name>/<version>`` and return that folder.

    The manifest is written last: a folder without it is not an artifact.

    Parameters
    ----------
    root
        Folder of all models.
    manifest, pickle
        The model.
    candidate
        What is written to its file `CANDIDATE_FILE`, which keeps it from being the one that is
        used; None if it is no candidate.

    Raises
    ------
    ModelError
        The folder cannot be made, or another command has just made it.
    """
    folder = root / manifest.name / manifest.version
    try:
        folder.mkdir(parents=True, exist_ok=False)
    except OSError as fault:
        raise ModelError(
            f"model {folder} cannot be written ({fault.strerror}): check the folder, and run the "
            "command again"
        ) from None
    if candidate is not None:
        (folder / CANDIDATE_FILE).write_text(candidate)
    (folder / MODEL_FILE).write_bytes(pickle)
    (folder / MANIFEST_FILE).write_bytes(manifest.to_json())
    return folder


def next_version(root: Path, name: str) -> str:
    """Return the version after the highest one of a model; the first is 1."""
    return str(max(versions(root / name), default=0) + 1)
