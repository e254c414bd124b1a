"""Find an entity's record in its block, or make room for it."""

from typing import Any

import numba
import numpy as np

from anomaly_app.core.arrays import Integers
from anomaly_app.core.compiled import compiled
from anomaly_app.core.memory.events import Hashes
from anomaly_app.core.memory.prefetch import LINE, prefetch
from anomaly_app.core.memory.tables import BLOCKS, INDEX, KEY_AT, SLOTS, VIEWS

BITS_OF_SLOT = 10
"""A cell of the index has a slot, plus 1, in its lower bits, and bits of the key above."""

SLOT_MASK = 2**BITS_OF_SLOT - 1
KEY_MASK = 2 ** (16 - BITS_OF_SLOT) - 1
INDEX_BITS = 10
assert 2**INDEX_BITS == INDEX  # noqa: S101


@compiled(numba.int64(numba.uint64, numba.int64), inlined=True, exact=True)
def block_of(key: Any, blocks: Any) -> Any:
    """Return the block of a key: its upper bits; there are a power of two of blocks."""
    return np.int64((key >> np.uint64(40)) & np.uint64(blocks - 1))


def blocks_of(keys: Hashes, blocks: int) -> Integers:
    """Return the block of each key."""
    found: Integers = ((keys >> np.uint64(40)) & np.uint64(blocks - 1)).astype(np.int64)
    return found


@compiled(numba.int64(numba.uint64), inlined=True, exact=True)
def _mark(key: Any) -> Any:
    return np.int64((key >> np.uint64(INDEX_BITS)) & np.uint64(KEY_MASK)) << BITS_OF_SLOT


@compiled(numba.int64(numba.uint64), inlined=True, exact=True)
def _home(key: Any) -> Any:
    return np.int64(key & np.uint64(INDEX - 1))


@compiled(
    numba.int64(VIEWS, BLOCKS, numba.int64, numba.int64, numba.uint64), inlined=True, exact=True
)
def find(views: Any, blocks: Any, longs: Any, block: Any, key: Any) -> Any:
    """Return the slot of a key, or -1.

    Parameters
    ----------
    longs
        Size of a record in eight-byte cells.
    """
    at = _home(key)
    mark = _mark(key)
    cell = np.int64(blocks.index[block, at])
    while cell != 0:
        slot = (cell & SLOT_MASK) - 1
        if (cell & ~SLOT_MASK) == mark and np.uint64(
            views.longs[(block * SLOTS + slot) * longs + KEY_AT]
        ) == key:
            return slot
        at = (at + 1) & (INDEX - 1)
        cell = np.int64(blocks.index[block, at])
    return np.int64(-1)


@compiled(numba.void(BLOCKS, numba.int64, numba.uint64), inlined=True, exact=True)
def ask_for_index(blocks: Any, block: Any, key: Any) -> None:
    """Ask for the memory where a key is looked up."""
    prefetch(blocks.index, block * INDEX + _home(key))


@compiled(
    numba.void(VIEWS, BLOCKS, numba.int64, numba.int64, numba.uint64),
    inlined=True,
    exact=True,
)
def ask_for_record(views: Any, blocks: Any, size: Any, block: Any, key: Any) -> None:
    """Ask for the memory that a key's record is probably in.

    Parameters
    ----------
    size
        Bytes of a record.
    """
    at = _home(key)
    cell = np.int64(blocks.index[block, at])
    while cell != 0 and (cell & ~SLOT_MASK) != _mark(key):
        at = (at + 1) & (INDEX - 1)
        cell = np.int64(blocks.index[block, at])
    if cell != 0:
        slot = block * SLOTS + (cell & SLOT_MASK) - 1
        prefetch(blocks.clocks, slot)
        for line in range(slot * size, (slot + 1) * size, LINE):
            prefetch(views.bytes, line)


@compiled(numba.void(BLOCKS, numba.int64, numba.int64, numba.uint64), inlined=True, exact=True)
def _enter(blocks: Any, block: Any, slot: Any, key: Any) -> None:
    """Enter a key into its block's index."""
    at = _home(key)
    while blocks.index[block, at] != 0:
        at = (at + 1) & (INDEX - 1)
    blocks.index[block, at] = _mark(key) | (slot + 1)


@compiled(numba.void(BLOCKS, numba.int64, numba.uint64[::1]), exact=True)
def enter_all(blocks: Any, block: Any, keys: Any) -> None:
    """Enter the keys of all slots that are used into the index of an empty block."""
    for slot in range(len(keys)):
        _enter(blocks, block, slot, keys[slot])


@compiled(
    numba.void(VIEWS, BLOCKS, numba.int64, numba.int64, numba.int64, numba.uint64), exact=True
)
def _strike(views: Any, blocks: Any, longs: Any, block: Any, slot: Any, key: Any) -> None:
    """Strike a key from its block's index, and close the gap."""
    at = _home(key)
    while (np.int64(blocks.index[block, at]) & SLOT_MASK) != slot + 1:
        at = (at + 1) & (INDEX - 1)
    gap = at
    while True:
        at = (at + 1) & (INDEX - 1)
        cell = np.int64(blocks.index[block, at])
        if cell == 0:
            break
        other = (cell & SLOT_MASK) - 1
        home = _home(np.uint64(views.longs[(block * SLOTS + other) * longs + KEY_AT]))
        # It may move if its home is not between the gap and itself.
        if ((at - home) & (INDEX - 1)) >= ((at - gap) & (INDEX - 1)):
            blocks.index[block, gap] = cell
            gap = at
    blocks.index[block, gap] = 0


@compiled(numba.int64(VIEWS, BLOCKS, numba.int64, numba.int64, numba.uint64), exact=True)
def make_room(views: Any, blocks: Any, longs: Any, block: Any, key: Any) -> Any:
    """Give a new key a clear record: the next one, or that of the entity with the oldest event."""
    slot = np.int64(blocks.used[block])
    if slot < SLOTS:
        blocks.used[block] = slot + 1
    else:
        slot = np.int64(0)
        oldest = blocks.clocks[block, 0]
        for other in range(1, SLOTS):
            if blocks.clocks[block, other] < oldest:
                oldest = blocks.clocks[block, other]
                slot = np.int64(other)
        first = (block * SLOTS + slot) * longs
        _strike(views, blocks, longs, block, slot, np.uint64(views.longs[first + KEY_AT]))
        blocks.clocks[block, slot] = 0
        for cell in range(longs):
            views.longs[first + cell] = 0
        blocks.counts[1] += 1
    views.longs[(block * SLOTS + slot) * longs + KEY_AT] = np.int64(key)
    _enter(blocks, block, slot, key)
    return np.int64(slot)
