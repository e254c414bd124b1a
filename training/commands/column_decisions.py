"""Table of the columns' roles: set by the user or inferred, and how to change them."""

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from anomaly_app.core.model.manifest import Manifest
from anomaly_app.core.roles.role_words import PARTS
from anomaly_app.core.roles.roles import Roles
from training.history.reading import SERIES

WITHOUT = {
    "key": "none: all rows belong to one entity",
    "time": "none: rows are in file order",
    "id": "none",
    "label": "none: detection cannot be measured",
}
"""What it means if no column has a role."""


class Decision(NamedTuple):
    """A row of the table."""

    part: str
    column: str
    how: str
    """``set``, ``inferred``, or why the column was left out."""


def decisions(manifest: Manifest, said: Roles | None = None) -> list[Decision]:
    """Return the decisions about the columns.

    Parameters
    ----------
    manifest
        Manifest of the model.
    said
        The roles that the user set; None if they are not known any more.
    """
    return [*_parts(manifest.roles, said), *_features(manifest, said), *_left_out(manifest)]


def show_decisions(
    console: Console, manifest: Manifest, *, change: str, said: Roles | None = None
) -> None:
    """Print the table, and how to change the roles.

    Parameters
    ----------
    console
        Where to print.
    manifest
        Manifest of the model.
    change
        How to set roles: ``ROLES='{}'`` or ``--roles '{}'``.
    said
        The roles that the user set; None if they are not known any more.
    """
    table = Table(title="columns", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
    table.add_column("role", no_wrap=True)
    table.add_column("column", overflow="fold")
    table.add_column("set or inferred" if said is not None else "reason", overflow="fold")
    for decision in decisions(manifest, said):
        table.add_row(*map(escape, decision))
    if not any(decision.how for decision in decisions(manifest, said)):
        table.columns.pop()
    console.print(table)
    console.print(
        f"change it with {change.format(_example(manifest))}",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def other_warnings(manifest: Manifest) -> Iterator[str]:
    """Yield the warnings of `fit`, except those about columns that the table lists as left out."""
    beginnings = tuple(f"{column} was left out" for column in manifest.training.left_out)
    for line in manifest.training.warnings:
        if not line.startswith(beginnings):
            yield line


def _parts(roles: Roles, said: Roles | None) -> Iterator[Decision]:
    for part in PARTS:
        column = getattr(roles, part)
        own = said is not None and (getattr(said, part) is not None or part in said.absent)
        how = "" if said is None else "set" if own else "inferred" if column else ""
        if part == "key" and column == SERIES and not own:
            column, how = "file name", "" if said is None else "no column was found"
        yield Decision(part, column or WITHOUT[part], how)
    missing = ",".join(f"{number:.12g}" for number in roles.missing) or None
    words = (("timezone", roles.timezone), ("time_format", roles.time_format), ("missing", missing))
    for word, value in words:
        if value is not None and value != getattr(Roles(), word):
            own = said is not None and getattr(said, word) == value
            yield Decision(word, value, "" if said is None else "set" if own else "inferred")


def _example(manifest: Manifest) -> str:
    """Return an example of roles that works with these data as it is."""
    names = [feature.name for feature in manifest.schema.wire_features]
    plain = [name for name in names if re.fullmatch(r"[\w .-]+", name)]
    quoted = [f'"{name}"' if " " in name else name for name in plain]
    parts = [part for part in ("label", "key", "time") if _has(manifest.roles, part)]
    words = [f"{part}=none" for part in parts[:1]] + [f"without={name}" for name in quoted[:1]]
    return " ".join(words) or "key=COLUMN"


def _has(roles: Roles, part: str) -> bool:
    return getattr(roles, part) not in {None, SERIES}


def _features(manifest: Manifest, said: Roles | None) -> Iterator[Decision]:
    roles = manifest.roles
    names = [feature.name for feature in manifest.schema.wire_features]
    own = set() if said is None else {*said.features, *said.categories, *said.renamed}
    for how, listed in (
        ("set", [name for name in names if name in own]),
        ("inferred", [name for name in names if name not in own]),
    ):
        if listed:
            columns = ", ".join(_with_field(name, roles.renamed) for name in listed)
            yield Decision("features", columns, how if said is not None else "")
    for feature in manifest.schema.features:
        if feature.kind == "hour_of_day":
            yield Decision(
                "feature", f"{feature.name} (from {roles.time or 'the time'})", "derived"
            )


def _with_field(feature: str, renamed: Mapping[str, str]) -> str:
    return f"{feature} (from {renamed[feature]})" if feature in renamed else feature


def _left_out(manifest: Manifest) -> Iterator[Decision]:
    by_reason: dict[str, list[str]] = {}
    for column, reason in manifest.training.left_out.items():
        by_reason.setdefault(reason, []).append(column)
    for reason, columns in by_reason.items():
        yield Decision("left out", _some(columns), reason)


MAX_NAMES = 20
"""Maximum number of columns to list for each reason."""


def _some(names: Sequence[str]) -> str:
    more = len(names) - MAX_NAMES
    return ", ".join(names[:MAX_NAMES]) + (f" and {more:,} more" if more > 0 else "")
