"""Read new data with the roles of a model."""

import dataclasses
from pathlib import Path

from msgspec.structs import replace

from anomaly_app.core.model.manifest import Manifest
from anomaly_app.core.roles.roles import Roles
from training.history.history import History
from training.history.reading import read_history


def read_for_model(path: Path, manifest: Manifest, said: Roles) -> History:
    """Read a file with the features of a model.

    If the file lacks the column of a role (new data are often unlabelled), the role is inferred
    from the names of other columns.

    Parameters
    ----------
    path
        See `training.history.reading.read_history`.
    manifest
        Manifest of the model.
    said
        Roles set for this file; they take precedence.

    Raises
    ------
    DataError
        The file cannot be read, or lacks a feature of the model.
    """
    windows = manifest.roles.label
    if said.label is None and windows is not None and Path(windows).is_file():
        said = replace(said, label=windows)
    history = read_history(path, said, learnt=learnt_roles(manifest))
    return named_as_in(manifest, history, said)


def learnt_roles(manifest: Manifest) -> Roles:
    """Return the roles by which new data are read for a model: its features, and no others."""
    features = manifest.schema.wire_features
    return replace(
        manifest.roles,
        features=tuple(feature.name for feature in features),
        categories=tuple(feature.name for feature in features if feature.kind == "category"),
    )


def named_as_in(manifest: Manifest, history: History, said: Roles) -> History:
    """Name the columns after the features of a model.

    Parameters
    ----------
    manifest
        Manifest of the model.
    history
        Read by its `learnt_roles`.
    said
        Roles that took precedence.
    """
    features = manifest.schema.wire_features
    roles = manifest.roles.changed_by(said)
    fields = {roles.field_of(feature.name): feature.name for feature in features}
    columns = history.frame.columns
    other = {field: name for field, name in fields.items() if name not in columns}
    return dataclasses.replace(history, frame=history.frame.rename(other))
