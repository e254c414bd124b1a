"""What to remember: presets and files, and the columns of a history that they are about."""

import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import msgspec
import yaml
from msgspec.structs import replace

from anomaly_app.core.memory.spec import MemorySpec, read_spec
from anomaly_app.errors import DataError
from training.history import History
from training.memory.field_scales import typical_of, units_of
from training.memory.fields import Field, find_columns
from training.memory.intervals import UNKNOWN, in_durations, usual_interval

PRESETS = ("card-transactions", "machine-readings", "vital-signs", "requests")
"""Names of the files beside this module."""

PLACEHOLDER = re.compile(r"\{([a-z_]+)\}")


class Preset(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A memory whose features name kinds of columns in braces: ``sum:{amount}:1d``.

    Parameters
    ----------
    keys
        As in `anomaly_app.core.memory.spec.MemorySpec`. A feature with the name of a kind is there
        once for each of its columns, and not at all if there is none. Windows may be in usual
        intervals of the history: ``mean:{value}:60i``.
    about
        One sentence for people.
    fields
        The kinds of columns, by their names in braces.
    only_remembered
        Kinds whose columns the memory reads, and that are no features themselves: what they say is
        in the features of the memory.
    """

    keys: list[dict[str, Any]]
    about: str = ""
    fields: dict[str, Field] = {}
    only_remembered: tuple[str, ...] = ()


class Bound(msgspec.Struct, frozen=True):
    """A memory of the columns of a history."""

    spec: MemorySpec
    columns: dict[str, list[str]]
    """The columns of each kind."""
    dropped: tuple[str, ...]
    """Features of the preset whose columns the history lacks."""
    only_remembered: tuple[str, ...]
    """Columns that are no features themselves."""

    @property
    def warning(self) -> str | None:
        """One line about what the history lacks; None if it lacks nothing."""
        named = " ".join(self.dropped)
        lacking = [
            kind for kind, found in self.columns.items() if not found and f"{{{kind}}}" in named
        ]
        if not lacking:
            return None
        return (
            f"no column was found for {' and '.join(lacking)}, so {len(self.dropped)} features of "
            "the memory were left out; copy the preset, and write the names of the columns into it"
        )


def read_preset(name: str) -> Preset:
    """Read a preset by its name, or a file of the same form.

    Parameters
    ----------
    name
        One of `PRESETS`, or the path of a file in YAML or JSON.

    Raises
    ------
    DataError
        There is no such preset or file, or it is not of that form.
    """
    if name in PRESETS:
        text = (files("training.memory") / "presets" / f"{name}.yaml").read_text()
    else:
        try:
            text = Path(name).read_text()
        except (OSError, UnicodeDecodeError) as fault:
            raise DataError(
                f"--memory {name} is neither a preset ({', '.join(PRESETS)}) nor a file that can "
                f"be read: {fault}"
            ) from None
    try:
        return msgspec.convert(yaml.safe_load(text), Preset)
    except (yaml.YAMLError, msgspec.ValidationError) as fault:
        raise DataError(f"--memory {name}: {' '.join(str(fault).split())}") from None


def bind(preset: Preset, history: History) -> Bound:
    """Find the columns that a preset is about, and write them into its features.

    Raises
    ------
    DataError
        See `bind_to`.
    """
    columns = {kind: find_columns(history, field) for kind, field in preset.fields.items()}
    interval = usual_interval(history)
    bound = bind_to(preset, columns, interval=interval, timezone=history.roles.timezone)
    keys = tuple(
        replace(key, typical=typical_of(history, key), units=units_of(history, key))
        for key in bound.spec.keys
    )
    return replace(bound, spec=replace(bound.spec, keys=keys))


def bind_to(
    preset: Preset,
    columns: dict[str, list[str]],
    *,
    interval: int = UNKNOWN,
    timezone: str = "UTC",
) -> Bound:
    """Write columns into the features of a preset.

    Parameters
    ----------
    preset
        The preset.
    columns
        The columns of each kind; without any, the features that name it are dropped.
    interval
        Usual milliseconds between two rows of an entity.
    timezone
        IANA time zone of usual hours.

    Raises
    ------
    DataError
        A feature names a kind of columns that the preset does not define, is malformed, or no
        feature is left.
    """
    dropped: list[str] = []
    keys = []
    for key in preset.keys:
        features: list[str] = []
        for feature in key.get("features", []):
            bound = _bound(in_durations(str(feature), interval), columns)
            features += bound
            dropped += [] if bound else [str(feature)]
        changes: dict[str, Any] = {"features": features}
        if "field" in key:
            field = _bound(str(key["field"]), columns)
            if not field:
                dropped += features
                continue
            changes["field"] = field[0]
        if "units" in key:
            changes["units"] = {
                column: unit
                for name, unit in key["units"].items()
                for column in _bound(str(name), columns)
            }
        keys.append({**key, **changes})
    spec = read_spec({"keys": keys, "timezone": timezone})
    only = [name for kind in preset.only_remembered for name in columns.get(kind, [])]
    return Bound(spec, columns, tuple(dropped), tuple(only))


def _bound(feature: str, columns: dict[str, list[str]]) -> list[str]:
    """Write columns into a feature; several, if it names a kind with several."""
    kinds = PLACEHOLDER.findall(feature)
    for kind in kinds:
        if kind not in columns:
            raise DataError(
                f"memory: feature {feature!r} names {{{kind}}}, which is not among its fields: "
                f"{', '.join(columns) or 'there are none'}"
            )
    if not kinds:
        return [feature]
    number = min(len(columns[kind]) for kind in kinds)
    return [
        PLACEHOLDER.sub(lambda found, at=at: columns[found[1]][at], feature)  # type: ignore[misc]
        for at in range(number)
    ]
