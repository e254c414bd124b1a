"""Columns that hardly change, or only count up, within the rows of each entity."""

import numpy as np
import polars as pl

from training.history import History

MIN_ENTITIES = 20
"""Minimum number of entities with enough rows to tell that a column describes them. With fewer,
such as runs of a machine, it may be chance."""

MIN_ROWS = 5
"""Minimum number of rows of such an entity."""

MOSTLY = 0.5
"""Minimum share of all rows in such entities."""

HARDLY = 0.02
"""Maximum share of pairs of rows of one entity with different values in such a column."""

CLEARLY = 10.0
"""Minimum factor by which pairs of any two rows differ more often."""

ALWAYS = 0.999
"""Minimum share of increasing steps within entities in a column that only counts up."""

MIN_STEPS = 20

MAX_ENTITIES, MAX_ROWS = 500, 400
"""Maximum number of entities, and of rows of each, to check, evenly spread over its history."""


class WithinEntities:
    """A sample of entities and their rows, to check columns on.

    Parameters
    ----------
    history
        With or without a key.
    """

    def __init__(self, history: History) -> None:
        self._rows = pl.DataFrame({"entity": [], "row": []}, schema={"entity": str, "row": int})
        self._repeated = False
        if history.entities is None:
            return
        rows = pl.DataFrame({"entity": history.entities}).with_row_index("row")
        sizes = rows.group_by("entity").len().filter(pl.col("len") >= MIN_ROWS).sort("entity")
        in_them = int(sizes["len"].sum())
        self._repeated = len(sizes) >= MIN_ENTITIES and in_them >= MOSTLY * len(history)
        some = sizes.gather_every(len(sizes) // MAX_ENTITIES + 1)
        index = pl.int_range(pl.len()).over("entity")
        step = (pl.col("len") - 1) // MAX_ROWS + 1
        self._rows = rows.join(some, on="entity", maintain_order="left").filter(index % step == 0)

    def describes_them(self, column: pl.Series) -> bool:
        """Return whether a column hardly changes within entities, but changes between them."""
        if not self._repeated:
            return False
        frame = self._with(column)
        size, many = pl.col("len").sum(), pl.len()
        within = (
            frame.group_by("entity", "value")
            .len()
            .group_by("entity")
            .agg(size.alias("rows"), (pl.col("len") * (size - pl.col("len"))).sum().alias("apart"))
            .select((pl.col("apart") / (pl.col("rows") - 1)).sum() / pl.col("rows").sum())
            .item()
        )
        shares = frame.group_by("value").agg(many)["len"].to_numpy() / len(frame)
        between = 1.0 - float(np.square(shares).sum())
        return bool(within <= HARDLY and between > CLEARLY * within)

    def counts_up(self, column: pl.Series) -> bool:
        """Return whether a column of whole numbers increases with every row of an entity."""
        if not column.dtype.is_integer():
            return False
        step = pl.col("value").cast(pl.Int64).diff().over("entity")
        steps = self._with(column).select(step).to_series().drop_nulls()
        return len(steps) >= MIN_STEPS and (steps > 0).sum() >= ALWAYS * len(steps)

    def _with(self, column: pl.Series) -> pl.DataFrame:
        if column.dtype.is_float():
            column = column.fill_nan(None)
        return self._rows.with_columns(column.gather(self._rows["row"]).alias("value"))
