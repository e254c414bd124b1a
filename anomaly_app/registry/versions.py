"""The versions of a model on disk, and what their manifests say.

Nothing here imports the libraries that a pickle needs, which takes seconds.
"""

from pathlib import Path

from anomaly_app.core.memory.spec import MemorySpec
from anomaly_app.core.model.manifest import RETRAIN, read_manifest
from anomaly_app.errors import ModelError, ModelMissing

MODEL_FILE = "model.joblib"
MANIFEST_FILE = "manifest.json"

CANDIDATE_FILE = "candidate"
"""A version with this file is only used if it is named; who accepts it deletes the file."""


def find_version(path: Path) -> Path:
    """Return the folder of an artifact: `path` itself, or its highest version but candidates.

    Raises
    ------
    ModelMissing
        There is no artifact.
    """
    if (path / MANIFEST_FILE).exists() or (path / MODEL_FILE).exists():
        return path
    found = [one for one in versions(path) if not (path / str(one) / CANDIDATE_FILE).exists()]
    if not found:
        raise ModelMissing(f"there is no model at {path} (ANOMALY_MODEL): {RETRAIN}")
    return path / str(max(found))


def versions(folder: Path) -> list[int]:
    """Return the numbers of the complete versions in a folder, candidates too, in any order."""
    if not folder.is_dir():
        return []
    return [
        int(child.name)
        for child in folder.iterdir()
        if child.name.isdigit() and (child / MANIFEST_FILE).exists()
    ]


def remembered_by(path: Path) -> MemorySpec | None:
    """Return what a model remembers; None if it remembers nothing.

    Parameters
    ----------
    path
        As for `anomaly_app.registry.artifacts.load_model`.

    Raises
    ------
    ModelError
        There is no model, or its manifest cannot be read.
    """
    folder = find_version(path)
    manifest = read_manifest((folder / MANIFEST_FILE).read_bytes(), where=str(folder))
    return manifest.schema.memory


def counterpart_field(path: Path) -> str:
    """Return the field with the counterpart, as far as a model's manifest can be read; or empty."""
    try:
        memory = remembered_by(path)
    except (ModelError, OSError):
        # Whoever needs the model says what is wrong with it.
        return ""
    return next((key.field or "" for key in memory.keys[1:]), "") if memory else ""
