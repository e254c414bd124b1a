"""What to remember: presets and files, and the columns of a history that they are about."""

import re
from importlib.resources import files
from math import floor, inf, isfinite, log2
from pathlib import Path
from typing import Any

import msgspec
import polars as pl
import yaml
from msgspec.structs import replace

from anomaly_app.core.memory.spec import UNIT, KeySpec, MemorySpec, read_spec
from anomaly_app.errors import DataError
from training.history import History
from training.memory.fields import Field, find_columns
from training.memory.intervals import UNKNOWN, in_durations, usual_interval

PRESETS = ("card-transactions", "machine-readings", "vital-signs", "requests")
"""Names of the files beside this module."""

MIDDLE = 0.05, 0.95
"""Quantiles between which the usual range of a field is."""

FINEST, COARSEST = 1_000, 65_536
"""Units in the usual range of a field, at least and at most."""

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
        replace(key, typical=_typical(history, key), units=_units(history, key))
        for key in bound.spec.keys
    )
    return replace(bound, spec=replace(bound.spec, keys=keys))


def _typical(history: History, key: KeySpec) -> dict[str, float]:
    """Return what the fields of ratios usually are, where the spec does not say it.

    To a power of two, so that the next fit on similar history has the same spec.
    """
    typical = dict(key.typical)
    for feature in key.parsed:
        if feature.kind not in {"ratio:sum", "relative"}:
            continue
        for name in feature.values:
            if name not in typical and name in history.frame.columns:
                numbers = history.frame[name].cast(pl.Float64).fill_nan(None).abs()
                median = numbers.filter(numbers > 0.0).median()
                if isinstance(median, float) and isfinite(median):
                    typical[name] = 2.0 ** round(log2(median))
    return typical


def _units(history: History, key: KeySpec) -> dict[str, float]:
    """Return the resolution of fields in windows, where the spec does not say it.

    `UNIT`, unless a field's usual range has too few or too many of it: sensors may measure
    thousandths, and bytes add up to more than a cell holds. Then a power of two, see `_typical`.
    """
    units = dict(key.units)
    for name in dict.fromkeys(name for feature in key.parsed for name in feature.numbers):
        if name in units or name not in history.frame.columns:
            continue
        numbers = history.frame[name].cast(pl.Float64).fill_nan(None).drop_nulls()
        low, high = (numbers.quantile(end) or 0.0 for end in MIDDLE)
        spread = high - low or float(numbers.std() or 0.0)  # type: ignore[arg-type]
        steps = min(max(spread / UNIT, FINEST), COARSEST)
        if 0.0 < spread < inf and steps != spread / UNIT:
            units[name] = 2.0 ** floor(log2(spread / steps))
    return units


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
