"""From a spec to a plan: where each cell of a record is, and what is read and updated."""

import math
from typing import NamedTuple

import numpy as np

from anomaly_app.core.arrays import Integers
from anomaly_app.core.memory import tables as t
from anomaly_app.core.memory.durations import duration_text
from anomaly_app.core.memory.features import LONGEST
from anomaly_app.core.memory.needs import Formula, Needs
from anomaly_app.core.memory.seen import BITS, CELLS, LARGEST_TIMES
from anomaly_app.core.memory.spec import UNIT, KeySpec
from anomaly_app.core.memory.tables import SLOTS, Tables
from anomaly_app.errors import DataError

WIDTHS = {
    "small": {t.COUNT: 2, t.PRESENT: 2, t.SUM: 4, t.SQUARES: 8, t.MAX: 4, t.MIN: 4},
    "large": {t.COUNT: 4, t.PRESENT: 4, t.SUM: 8, t.SQUARES: 8, t.MAX: 8, t.MIN: 8},
}
"""Bytes of a cell, by what it adds up."""

LONGEST_RING = 300
"""Buckets of a window and its lateness."""


class Field(NamedTuple):
    """A run of cells in a record."""

    width: int
    """Bytes of a cell."""
    cells: int
    offset: int = 0
    """Where it begins, in cells of its width."""


class Plan:
    """How one key's memory is laid out.

    Parameters
    ----------
    key
        What is remembered.
    capacity
        Entities of a partition, a power of two, if not as the spec says.

    Raises
    ------
    DataError
        The lateness does not fit a window.
    """

    block_slots = SLOTS

    def __init__(self, key: KeySpec, capacity: int | None = None) -> None:
        self.key = key
        self.features = key.parsed
        self.names = tuple(feature.name for feature in self.features)
        self.sha256 = key.sha256
        self.blocks = (capacity or key.capacity) // SLOTS
        self.needs = Needs()
        formulas = [self.needs.formula(feature) for feature in self.features]
        self.numbers = tuple(self.needs.numbers)
        self.values = tuple(self.needs.values)
        self.texts = tuple(self.needs.texts)
        self.fields, self.record_bytes = _in_order(self._fields())
        self.tables = self._tables(formulas)

    def __repr__(self) -> str:
        return f"<{self.key.name}: {len(self.names)} features in {self.record_bytes} bytes>"

    def of_one_block(self) -> "Plan":
        """Return the same plan for a memory of one block."""
        return Plan(self.key, capacity=SLOTS)

    @property
    def longest(self) -> int:
        """The longest window or half-life, in milliseconds; `LONGEST` if there is none."""
        return max((d for feature in self.features for d in feature.durations), default=LONGEST)

    def ring(self, window: int) -> int:
        """Return the number of buckets of a window's ring.

        Events within the lateness see and change the buckets that were the window's at their time.

        Raises
        ------
        DataError
            There would be too many.
        """
        hop = self.key.hop(window)
        ring = (window + self.key.lateness_ms) // hop + 2
        if ring > LONGEST_RING:
            name = duration_text(window)
            raise DataError(
                f"window {name}: the lateness of {self.key.lateness} is {ring} hops of "
                f"{duration_text(hop)}: shorten it, or name a longer hop: hops: {{{name}: …}}"
            )
        return ring

    def _seen_unit(self, row: int) -> tuple[int, int]:
        """Return the unit of time of the cells of a text, and the age at which they are cleared."""
        windows = [*self.needs.windows]
        of_row = [windows[window] for seen, window in self.needs.distinct if seen == row]
        unit = math.gcd(*(self.key.hop(window) for window in of_row))
        longest = max(window + self.key.hop(window) for window in of_row)
        return unit, (longest + self.key.lateness_ms) // unit + 1

    def _fields(self) -> dict[tuple[str, int], Field]:
        needs, windows = self.needs, [*self.needs.windows]
        widths = WIDTHS[self.key.cells]
        fields = {("key", 0): Field(8, 1), ("since", 0): Field(4, 1)}
        for (operation, _, window), row in needs.rows.items():
            fields["rows", row] = Field(widths[operation], self.ring(windows[window]))
        for name, things in (("moments", needs.moments), ("hours", needs.hours)):
            fields |= {(name, row): Field(8, 3) for row in range(len(things))}
        for row in needs.seen.values():
            oldest = self._seen_unit(row)[1]
            width = next(width for width, most in LARGEST_TIMES.items() if oldest < most)
            fields["seen", row] = Field(width, CELLS)
        for row in range(len(needs.firsts)):
            fields["firsts", row] = Field(8, 2 * BITS // 64)
        for row in range(len(needs.places)):
            fields |= {("times of places", row): Field(8, 1), ("places", row): Field(4, 2)}
        for row, values in enumerate(needs.last_values):
            fields["last", row] = Field(8, 2 * values)
        return fields

    def _tables(self, formulas: list[Formula]) -> Tables:
        key, needs, at = self.key, self.needs, self.fields
        windows = [*needs.windows]
        units = [key.units.get(value, UNIT) for value in needs.values]
        rows = [
            [operation, at["rows", row].width, at["rows", row].offset, window, value]
            for (operation, value, window), row in needs.rows.items()
        ]
        seen = [
            [at["seen", row].width, at["seen", row].offset, text, *self._seen_unit(row)]
            for text, row in needs.seen.items()
        ]
        distinct = [
            [row, window, key.hop(windows[window]) // self._seen_unit(row)[0], to]
            for (row, window), to in needs.distinct.items()
        ]
        last = [
            [at["last", row].offset, needs.last_values[row], value, needs.differences[row]]
            for value, row in needs.last.items()
        ]
        return Tables(
            sizes=np.array(
                [self.record_bytes, key.lateness_ms, self.longest, at["since", 0].offset]
            ),
            values=_table([[column, log] for column, log in needs.values.values()], 2),
            scales=np.array([1.0 / unit for unit in units]),
            typical=np.array([key.typical.get(value, math.nan) for value in needs.values]),
            windows=_table([[key.hop(w), self.ring(w), w // key.hop(w)] for w in windows], 3),
            rows=_table(rows, 5),
            decays=np.array([*needs.decays], dtype=np.int64),
            moments=_table(
                [
                    [at["moments", row].offset, decay, value, to]
                    for row, ((value, decay), to) in enumerate(needs.moments.items())
                ],
                4,
            ),
            hours=_table(
                [
                    [at["hours", row].offset, decay, to]
                    for row, (decay, to) in enumerate(needs.hours.items())
                ],
                3,
            ),
            seen=_table(seen, 5),
            distinct=_table(distinct, 4),
            firsts=_table(
                [
                    [at["firsts", row].offset, text, span, to]
                    for row, ((text, span), to) in enumerate(needs.firsts.items())
                ],
                4,
            ),
            places=_table(
                [
                    [at["times of places", row].offset, at["places", row].offset, *values, to]
                    for row, (values, to) in enumerate(needs.places.items())
                ],
                5,
            ),
            last=_table(last, 4),
            slopes=_table([[*query, to] for query, to in needs.slopes.items()], 3),
            formulas=_table([formula + [0] * (7 - len(formula)) for formula in formulas], 7),
        )


def _in_order(
    fields: dict[tuple[str, int], Field],
) -> tuple[dict[tuple[str, int], Field], int]:
    """Lay fields out, the widest cells first, so that each is where its width allows it."""
    placed, end = {}, 0
    for name, field in sorted(fields.items(), key=lambda item: -item[1].width):
        placed[name] = field._replace(offset=end // field.width)
        end += field.width * field.cells
    return placed, -(-end // 8) * 8


def _table(rows: list[list[int]], columns: int) -> Integers:
    return np.array(rows, dtype=np.int64).reshape(len(rows), columns)
