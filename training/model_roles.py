"""New data read as the history of a model was: by the roles in its manifest."""

import dataclasses
import difflib
import shlex
from collections.abc import Sequence
from functools import partial
from pathlib import Path

from msgspec.structs import replace

from anomaly_app.core.column_names import plain_name
from anomaly_app.core.errors import DataError
from anomaly_app.core.manifest import Manifest
from anomaly_app.core.roles import PARTS, Roles
from training.history import History, read_history

ALIKE = 0.5
"""Likeness from which on another column may be the one that is missing."""


def read_for_model(path: Path, manifest: Manifest, said: Roles) -> History:
    """Read a file for a model, its columns named as the model's features are.

    Parameters
    ----------
    path
        See `training.history.read_history`.
    manifest
        Of the model.
    said
        Roles that are for this file only.

    Raises
    ------
    DataError
        The file cannot be read, or lacks a feature of the model.
    """
    history = read_history(path, partial(roles_for, manifest, said))
    fields = {history.roles.field_of(f.name): f.name for f in manifest.schema.wire_features}
    columns = history.frame.columns
    other = {field: name for field, name in fields.items() if name not in columns}
    return dataclasses.replace(history, frame=history.frame.rename(other))


def roles_for(manifest: Manifest, said: Roles, columns: Sequence[str]) -> Roles:
    """Find the parts of a file's columns: as the manifest has them, unless said otherwise.

    Parameters
    ----------
    manifest
        Of the model that is to score the file. Columns of its roles that the file does not have
        (new data are often unlabelled) have no part; other columns may take it, by their names.
    said
        Roles that are for this file only.
    columns
        Of the file.

    Raises
    ------
    DataError
        The file lacks a feature of the model.
    """
    roles = manifest.roles.changed_by(said)
    gone = {
        part: None
        for part in PARTS
        if getattr(said, part) is None and not _is_there(roles, part, columns)
    }
    features = manifest.schema.wire_features
    _require([feature.name for feature in features], roles, columns)
    return replace(
        roles,
        **gone,
        features=tuple(feature.name for feature in features),
        categories=tuple(feature.name for feature in features if feature.kind == "category"),
    )


def _is_there(roles: Roles, part: str, columns: Sequence[str]) -> bool:
    name = getattr(roles, part)
    if part != "label" or name is None:
        return name in columns
    return roles.label_column(columns) in columns or Path(name).is_file()


def _require(features: Sequence[str], roles: Roles, columns: Sequence[str]) -> None:
    missing = [name for name in features if roles.field_of(name) not in columns]
    if not missing:
        return
    taken = {roles.key, roles.time, roles.id, roles.label}
    taken |= {roles.field_of(name) for name in features}
    free = [column for column in columns if column not in taken]
    nearest = {name: _nearest(roles.field_of(name), free) for name in missing}
    words = " ".join(
        f"{_quoted(name)}={'COLUMN' if nearest[name] is None else _quoted(str(nearest[name]))}"
        for name in missing
    )
    guesses = [f"{near!r} for {name!r}" for name, near in nearest.items() if near is not None]
    guess = f" (nearest: {', '.join(guesses)})" if guesses else ""
    lacking = ", ".join(repr(roles.field_of(name)) for name in missing)
    raise DataError(
        f"the model needs the column{'s' if len(missing) > 1 else ''} {lacking}; the file has "
        f"{', '.join(columns)}{guess}. If a column has another name here, give "
        f"--roles {_in_quotes(words)}"
    )


def _nearest(column: str, columns: Sequence[str]) -> str | None:
    likeness = {name: _likeness(plain_name(column), plain_name(name)) for name in columns}
    nearest = max(columns, key=lambda name: likeness[name], default=None)
    return nearest if nearest is not None and likeness[nearest] >= ALIKE else None


def _likeness(name: str, other: str) -> float:
    """Compare two plain names, 0 to 1; ``amt`` and ``amount`` are as good as the same."""
    short, long = sorted((name, other), key=len)
    letters = iter(long)
    abbreviates = short[:1] == long[:1] and all(letter in letters for letter in short)
    return 1.0 if abbreviates else difflib.SequenceMatcher(None, name, other).ratio()


def _in_quotes(words: str) -> str:
    return f"'{words}'" if "'" not in words else shlex.quote(words)


def _quoted(name: str) -> str:
    return f'"{name}"' if shlex.quote(name) != name and '"' not in name else shlex.quote(name)
