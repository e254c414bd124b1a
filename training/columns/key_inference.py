"""The key of a table by the pattern of a column's name and its values, where no list has it."""

import polars as pl

from anomaly_app.core.roles.column_names import words_of
from anomaly_app.core.roles.roles import Roles

NUMBERED = frozenset({"id", "no", "nr", "num", "number", "code", "ref"})
"""Last words of names of what a row belongs to, after another word."""

THINGS = frozenset(
    {
        *("machine", "sensor", "device", "node", "host", "station", "engine", "turbine", "pump"),
        *("motor", "vehicle", "truck", "robot", "plant", "site", "meter", "server", "instance"),
        *("equipment", "asset", "gateway", "router", "area", "room", "building", "driver"),
        *("patient", "customer", "user", "account", "card", "client", "member", "terminal"),
    }
)
"""What rows belong to: their names are enough where the values are texts."""

KINDS = frozenset(
    {
        *("event", "category", "type", "kind", "class", "status", "state", "template", "error"),
        *("country", "currency", "language", "color", "colour", "group", "level", "message"),
        *("reason", "row", "record", "line", "item", "cluster", "label", "version"),
    }
)
"""What is numbered and is a property, not an owner: the rows with one status are no series."""

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
"""What a row rather is about than belongs to, and what it may belong to among others: both may
be the key, and are categories till then. Of places the names are enough, as of `THINGS`."""

ROWS_EACH = 5
"""Rows of each entity, on average, at least."""

FEW_ROWS = 100
"""Rows below which nothing is concluded."""


def key_by_pattern(
    frame: pl.DataFrame, roles: Roles, taken: set[str]
) -> tuple[str | None, list[str]]:
    """Find the one column that tells whose the rows are; None with a line if there are several.

    Parameters
    ----------
    frame
        The table.
    roles
        As far as they are known.
    taken
        Columns that have another part, or were named as features.
    """
    if roles.key is not None or "key" in roles.absent or len(frame) < FEW_ROWS:
        return None, []
    found = [one for one in frame.columns if one not in taken and _may_be_key(frame[one])]
    if not found:
        return None, []
    owners = [one for one in found if not (OTHER_SIDE | PLACES) & {*words_of(one)}]
    if len(owners) != 1:
        return None, [f"no key was found; {', '.join(found)} may be it: say key=COLUMN"]
    [key] = owners
    return key, [
        f"{key} was taken for the key: its {frame[key].n_unique():,} values repeat; say "
        "key=COLUMN or key=none if it is not"
    ]


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
