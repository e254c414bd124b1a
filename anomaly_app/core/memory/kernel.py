"""The compiled loop over events: one for all specs, told by tables what to read and update."""

from typing import Any

import numba
import numpy as np

from anomaly_app.core.compiled import compiled
from anomaly_app.core.memory.blocks import ask_for_index, ask_for_record, block_of, find, make_room
from anomaly_app.core.memory.decay import read_and_update_hours, read_and_update_moments, weigh
from anomaly_app.core.memory.durations import SECOND
from anomaly_app.core.memory.formulas import FEATURES, write_features
from anomaly_app.core.memory.latest import read_and_update_last, read_and_update_places
from anomaly_app.core.memory.powers import signed_logarithm
from anomaly_app.core.memory.seen import TEXTS, read_and_update_firsts, read_and_update_seen
from anomaly_app.core.memory.tables import (
    BLOCKS,
    LARGEST,
    LATEST,
    SCRATCH,
    SLOTS,
    TABLES,
    VIEWS,
)
from anomaly_app.core.memory.windows import place_in_windows, read_and_update_rows

AHEAD = 6
"""Events ahead of which memory is asked for."""

LONG = numba.types.Array(numba.int64, 1, "C", readonly=True)
KEYS = numba.types.Array(numba.uint64, 1, "C", readonly=True)
NUMBERS = numba.types.Array(numba.float64, 2, "C", readonly=True)


@compiled(numba.void(TABLES, NUMBERS, numba.int64, SCRATCH), inlined=True, exact=True)
def _clean(tables: Any, numbers: Any, event: Any, scratch: Any) -> None:
    """Take an event's numbers over: finite and not too large, or missing."""
    for value in range(len(tables.values)):
        number = numbers[event, tables.values[value, 0]]
        if abs(number) < np.inf:
            # Adding 0 turns -0 into 0.
            number = min(max(number, -LARGEST), LARGEST) + 0.0
            scratch.values[value] = signed_logarithm(number) if tables.values[value, 1] else number
        else:
            scratch.values[value] = np.nan


@compiled(
    numba.int64(
        VIEWS,
        TABLES,
        SCRATCH,
        numba.int64,
        numba.int64,
        numba.int64,
        numba.int64,
        TEXTS,
        numba.int64,
        numba.boolean,
    ),
    inlined=True,
    exact=True,
)
def _read_and_update(
    views: Any,
    tables: Any,
    scratch: Any,
    base: Any,
    clock: Any,
    time: Any,
    local: Any,
    texts: Any,
    event: Any,
    apply: Any,
) -> Any:
    """Read everything about one event's past, add the event, and return when the past began."""
    place_in_windows(tables, scratch, clock, time)
    read_and_update_rows(views, tables, scratch, base, apply)
    weigh(tables, scratch, clock, time)
    read_and_update_moments(views, tables, scratch, base, apply)
    read_and_update_hours(views, tables, scratch, base, local, apply)
    read_and_update_seen(views, tables, scratch, base, clock, time, texts, event, apply)
    read_and_update_firsts(views, tables, scratch, base, clock, time, texts, event, apply)
    read_and_update_places(views, tables, scratch, base, time, apply)
    read_and_update_last(views, tables, scratch, base, time, apply)
    at = (base >> 2) + tables.sizes[3]
    since = np.int64(np.uint32(views.words[at])) if clock >= 0 else time // SECOND
    if apply:
        views.words[at] = np.int32(min(since, time // SECOND))
    return since * SECOND


@compiled(numba.void(VIEWS, BLOCKS, numba.int64, KEYS, numba.int64), inlined=True, exact=True)
def _look_ahead(views: Any, blocks: Any, size: Any, keys: Any, event: Any) -> None:
    """Ask for the memory of events to come: first for the index, later for the record."""
    many = len(blocks.used)
    if event + 2 * AHEAD < len(keys) and keys[event + 2 * AHEAD] != 0:
        key = keys[event + 2 * AHEAD]
        ask_for_index(blocks, block_of(key, many), key)
    if event + AHEAD < len(keys) and keys[event + AHEAD] != 0:
        key = keys[event + AHEAD]
        ask_for_record(views, blocks, size, block_of(key, many), key)


@compiled(
    numba.void(
        VIEWS,
        TABLES,
        SCRATCH,
        BLOCKS,
        LONG,
        KEYS,
        LONG,
        LONG,
        NUMBERS,
        TEXTS,
        FEATURES,
        numba.boolean,
    ),
    exact=True,
)
def run(
    views: Any,
    tables: Any,
    scratch: Any,
    blocks: Any,
    offsets: Any,
    keys: Any,
    times: Any,
    local: Any,
    numbers: Any,
    texts: Any,
    out: Any,
    wanted: Any,
) -> None:
    """Apply events in the order of their offsets, and write their features.

    Parameters
    ----------
    offsets, keys, times, local, numbers, texts
        See `events.Events`.
    out
        Features, a row for each event; what a block has applied already has zeros.
    wanted
        Whether features are written, and events counted.
    """
    size = tables.sizes[0]
    lateness = tables.sizes[1]
    many = len(blocks.used)
    longs = size >> 3
    for event in range(len(offsets)):
        _look_ahead(views, blocks, size, keys, event)
        key = keys[event]
        time = min(max(times[event], 0), LATEST - 1)
        apply = True
        clock = np.int64(-1)
        block = np.int64(-1)
        slot = np.int64(0)
        base = many * SLOTS * size
        if key == 0:
            for cell in range(base >> 3, (base >> 3) + longs):
                views.longs[cell] = 0
        else:
            block = block_of(key, many)
            if offsets[event] < blocks.offsets[block]:
                continue
            slot = find(views, blocks, longs, block, key)
            if slot < 0:
                slot = make_room(views, blocks, longs, block, key)
            clock = blocks.clocks[block, slot] - 1
            base = (block * SLOTS + slot) * size
            if clock >= 0 and time < clock - lateness:
                time = clock - lateness
                apply = False
                blocks.counts[0] += 1
        _clean(tables, numbers, event, scratch)
        since = _read_and_update(
            views, tables, scratch, base, clock, time, local[event], texts, event, apply
        )
        if wanted:
            write_features(tables, scratch, clock, since, time, out, event)
        if block >= 0 and apply:
            blocks.clocks[block, slot] = max(clock, time) + 1
            if blocks.dirty[block] < 0:
                blocks.dirty[block] = offsets[event]
