"""What the compiled loop is told of a plan, as small arrays, and the memory that it works on."""

from typing import Any, NamedTuple

import numba
import numpy as np

LARGEST = 1e100
"""Numbers are cut to this: their squares, and sums of those, are finite."""

LATEST = 4_102_444_800_000
"""Times are cut to the years 1970 to 2100, in milliseconds."""

LARGEST_CELLS = {2: 2**16 - 1, 4: 2**31 - 1, 8: 2**57 - 1}
"""Cells are cut to this, by their bytes; 60 of the largest still add up without an overflow."""

SLOTS = 512
"""Records in a block."""

INDEX = 2 * SLOTS
"""Cells of a block's index; at most half of them are used."""

KEY_AT = 0
"""Where a record has its key, in eight-byte cells."""

# What a row of cells adds up; the first four are sums, the last two extremes.
COUNT, PRESENT, SUM, SQUARES, MAX, MIN = range(6)

# How a feature is made of what was read; see `formulas`.
(
    READ,
    COUNT_OF,
    SUM_OF,
    MEAN_OF,
    EXTREME_OF,
    STD_OF,
    RATIO_OF_COUNTS,
    RATIO_OF_SUMS,
    RATIO_OF_MEANS,
    SHARE_OF_DISTINCT,
    ZSCORE_OF,
    RELATIVE_OF,
    SHIFT_OF,
    SINCE_LAST,
    SPEED_OF,
    DIFFERENCE_OF,
) = range(16)


class Tables(NamedTuple):
    """A plan, as the compiled loop reads it. A row's columns are named in brackets.

    Offsets are in cells of the width in question, from the beginning of the record.
    """

    sizes: Any
    """[bytes of a record, lateness, longest duration, offset of the first event's second]"""
    values: Any
    """[column of the events' numbers, whether it is the logarithm]"""
    scales: Any
    """Units of each value's resolution in 1."""
    typical: Any
    """What each value usually is in the whole stream, NaN if that is not known."""
    windows: Any
    """[hop, buckets in the ring, hops in the window]"""
    rows: Any
    """[operation, width, offset, window, value]"""
    decays: Any
    """Half-lives."""
    moments: Any
    """[offset of weight, mean and squares; decay; value; where they are read to]"""
    hours: Any
    """[offset of weight, cosine and sine; decay; where the deviation is read to]"""
    seen: Any
    """[width, offset, text, unit of time, age at which a cell is cleared]"""
    distinct: Any
    """[row of `seen`, window, its hop in units of `seen`, where the estimate is read to]"""
    firsts: Any
    """[offset, text, span, where the flag is read to]"""
    places: Any
    """[offset of time, offset of latitude and longitude, their values, where distance and hours
    are read to]"""
    last: Any
    """[offset of times and values, how many, value, where the difference is read to]"""
    slopes: Any
    """[row of `last`, values, where the slope is read to]"""
    formulas: Any
    """[formula, and up to six indices of what it needs]"""


class Views(NamedTuple):
    """The same memory, read in cells of one, two, four or eight bytes."""

    bytes: Any
    halves: Any
    words: Any
    longs: Any
    doubles: Any


class Scratch(NamedTuple):
    """What was read of one event and its entity."""

    values: Any
    """Each number or its logarithm, NaN if it is missing."""
    windows: Any
    """[buckets to clear, place of the event's bucket in the ring, milliseconds covered, bucket]"""
    decays: Any
    """[factor of the old weights, the event's weight, the weight of an event now]"""
    totals: Any
    """Each row's sum or extreme."""
    reals: Any
    """Everything else that was read."""
    saturated: Any
    """How many cells were full."""


class Blocks(NamedTuple):
    """What is known of blocks and slots, beside the records."""

    index: Any
    """Which slot has which key: ``(blocks, INDEX)``."""
    clocks: Any
    """Time of each slot's latest event, plus 1: ``(blocks, SLOTS)``."""
    used: Any
    """Slots that are used, by block."""
    offsets: Any
    """The next offset to apply, by block."""
    dirty: Any
    """Offset of the first event since the last image, by block; -1 if there is none."""
    counts: Any
    """[too late, evicted, saturated]"""


def _type_of(example: Any) -> Any:
    return numba.typeof(example)  # type: ignore[no-untyped-call]


VIEWS = _type_of(Views(*(np.empty(0, kind) for kind in ("u1", "u2", "i4", "i8", "f8"))))
TABLES = _type_of(
    Tables(
        **{
            name: np.empty(0 if name in {"sizes", "decays"} else (0, 0), "i8")
            for name in Tables._fields
        }
        | {"scales": np.empty(0), "typical": np.empty(0)}
    )
)
SCRATCH = _type_of(
    Scratch(
        values=np.empty(0),
        windows=np.empty((0, 4), "i8"),
        decays=np.empty((0, 3)),
        totals=np.empty(0, "i8"),
        reals=np.empty(0),
        saturated=np.empty(0, "i8"),
    )
)
BLOCKS = _type_of(
    Blocks(
        index=np.empty((0, INDEX), "u2"),
        clocks=np.empty((0, SLOTS), "i8"),
        used=np.empty(0, "i4"),
        offsets=np.empty(0, "i8"),
        dirty=np.empty(0, "i8"),
        counts=np.empty(0, "i8"),
    )
)
"""Their types, for the compiler."""
