"""Infer the key from patterns in column names, and from values."""

import polars as pl

from anomaly_app.core.roles.column_names import words_of
from anomaly_app.core.roles.roles import Roles
from training.columns.inferred_column import InferredColumn, is_open, used_as

NUMBERED = frozenset({"id", "no", "nr", "num", "number", "code", "ref"})
"""Last words of key names, after another word."""

THINGS = frozenset(
    {
        *("machine", "sensor", "device", "node", "host", "station", "engine", "turbine", "pump"),
        *("motor", "vehicle", "truck", "robot", "plant", "site", "meter", "server", "instance"),
        *("equipment", "asset", "gateway", "router", "area", "room", "building", "driver"),
        *("patient", "customer", "user", "account", "card", "client", "member", "terminal"),
    }
)
"""Things that rows belong to. The name alone is enough if the values are strings."""

KINDS = frozenset(
    {
        *("event", "category", "type", "kind", "class", "status", "state", "template", "error"),
        *("country", "currency", "language", "color", "colour", "group", "level", "message"),
        *("reason", "row", "record", "line", "item", "cluster", "label", "version"),
    }
)
"""Numbered things that are properties, not owners: rows with the same status are not a series."""

OTHER_SIDE = frozenset(
    {
        *("merchant", "shop", "store", "vendor", "supplier", "seller", "branch", "product"),
        *("channel", "region", "city", "zip", "sku", "payee", "recipient", "dest", "destination"),
    }
)
PLACES = frozenset(
    {
        *("city", "town", "location", "zone", "region", "branch", "airport", "address", "ip"),
        *("source", "src", "symbol", "ticker", "agent"),
    }
)
"""Things that a row is about rather than belongs to, and places that it may belong to. Both may be
the key, but are treated as categories. For places, the name alone is enough, as for `THINGS`."""

ROWS_EACH = 5
"""Minimum number of rows per entity, on average."""

MIN_ROWS = 100
"""Minimum number of rows to infer anything."""


def infer_key(frame: pl.DataFrame, roles: Roles, taken: set[str]) -> InferredColumn:
    """Infer the key if it is open; no column, but a line, if there are several candidates.

    Parameters
    ----------
    frame
        The table.
    roles
        The roles known so far.
    taken
        Columns that have another role, or that the user named as features.
    """
    if not is_open(roles, "key") or len(frame) < MIN_ROWS:
        return InferredColumn(None)
    found = [one for one in frame.columns if one not in taken and _may_be_key(frame[one])]
    if not found:
        return InferredColumn(None)
    owners = [one for one in found if not (OTHER_SIDE | PLACES) & {*words_of(one)}]
    if len(owners) != 1:
        line = f"no key was found; it may be {', '.join(found)}: set key=COLUMN"
        return InferredColumn(None, lines=(line,))
    [key] = owners
    line = used_as("key", key, f"its {frame[key].n_unique():,} values repeat")
    return InferredColumn(key, lines=(line,))


def _may_be_key(values: pl.Series) -> bool:
    if not (values.dtype == pl.String or values.dtype.is_integer()):
        return False
    if not _names_an_owner(values.name, texts=values.dtype == pl.String):
        return False
    present = values.drop_nulls()
    entities = present.n_unique()
    return entities > 1 and ROWS_EACH * entities <= len(present)


def _names_an_owner(name: str, *, texts: bool) -> bool:
    words = words_of(name)
    if not words or KINDS & {*words} or "of" in words:
        return False
    if words[-1] not in NUMBERED:
        return texts and words[-1] in THINGS | PLACES
    before = words[:-1]
    if words[-1] in {"code", "ref"}:
        return bool(THINGS & {*before})
    return bool(before)
