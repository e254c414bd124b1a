"""Which version `retrain` compares with, and where the next one belongs."""

from pathlib import Path

from anomaly_app.core.model.manifest import Manifest
from anomaly_app.settings.app import Settings


def old_path(against: Path | None, name: str | None, out: Path | None, settings: Settings) -> Path:
    """Return the folder of the old version, or its parent, of which the version in use counts."""
    if against is not None:
        return against
    if name is None and out is None:
        return settings.model
    return (out or settings.model.parent) / (name or settings.model.name)


def root_of(folder: Path, manifest: Manifest) -> Path:
    """Return the folder of all models that a version is in; that of new models if it is in none.

    Parameters
    ----------
    folder
        Of the version.
    manifest
        Its manifest.
    """
    parent = folder.resolve().parent
    return folder.parent.parent if parent.name == manifest.name else Path("models")
