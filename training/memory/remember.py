"""History with the features of a memory, replayed through the same kernels as in a worker."""

import dataclasses
import math
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
import polars as pl

from anomaly_app.core.arrays import Vector
from anomaly_app.core.memory.events import Events, Hashes
from anomaly_app.core.memory.hashing import hash_texts, spec_key
from anomaly_app.core.memory.layout import Plan
from anomaly_app.core.memory.partition_memory import PartitionMemory
from anomaly_app.core.memory.spec import ENTITY, KeySpec, MemorySpec
from anomaly_app.errors import DataError
from training.columns.column_kinds import as_strings
from training.history import History

FULL = 0.5
"""Share of the capacity to use: entities are spread over the blocks unevenly."""


def remember(
    history: History,
    spec: MemorySpec | None,
    *,
    past: History | None = None,
    only_remembered: Sequence[str] = (),
) -> History:
    """Add a column for each feature of a memory.

    Parameters
    ----------
    history
        In time order; it has a key and times. Each row gets what the rows before it say of its
        entity.
    spec
        What to remember; None adds nothing.
    past
        Earlier rows, which are remembered first; by default nothing is known of any entity.
    only_remembered
        Columns that are no features themselves.

    Raises
    ------
    DataError
        The history has no key or no times, lacks a column that the memory reads, or has one with
        the name of a feature; or the past does, or is not earlier.
    """
    if spec is None:
        return history
    parts = [history] if past is None else [past, history]
    for part in parts:
        _require_parts(part)
    _require_order(parts)
    columns: dict[str, Vector] = {}
    for key in spec.keys:
        columns |= _features(parts, key, spec)
    if taken := [name for name in columns if name in history.frame.columns]:
        raise DataError(
            f"{history.source} has a column {taken[0]!r}, which is the name of a feature of the "
            "memory: rename the column"
        )
    frame = history.frame.with_columns(**{name: pl.Series(of) for name, of in columns.items()})
    return dataclasses.replace(
        history, frame=frame, memory=spec, only_remembered=tuple(only_remembered)
    )


def _require_parts(history: History) -> None:
    for part, found in (("key", history.entities), ("time", history.times)):
        if found is None:
            raise DataError(
                f"a memory needs the entity and the time of each row, and {history.source} has no "
                f"{part}: set --roles {part}=COLUMN"
            )


def _require_order(parts: list[History]) -> None:
    for before, after in pairwise(parts):
        if len(before) and len(after) and before.times[-1] > after.times[0]:  # type: ignore[index]
            raise DataError(
                f"{before.source} ends after {after.source} begins: give the rows before it"
            )


def _features(parts: list[History], key: KeySpec, spec: MemorySpec) -> dict[str, Vector]:
    plan = Plan(key)
    events = [events_of(part, plan, spec) for part in parts]
    memories = [PartitionMemory(plan) for _ in range(_partitions(events, key.capacity))]
    offset = 0
    for part in events:
        features = np.empty((len(part.keys), len(key.columns)))
        partitions = _partition_of(part.keys) % len(memories)
        for partition, memory in enumerate(memories):
            rows = np.flatnonzero(partitions == partition)
            placed = part.take(rows)
            features[rows] = memory.observe(placed._replace(offsets=placed.offsets + offset))
        offset += len(part.keys)
    return dict(zip(key.columns, features.T, strict=True))


def _partitions(events: Sequence[Events], capacity: int) -> int:
    """Return how many partitions history is spread over, so that no entity is forgotten.

    A topic has as many partitions as its entities need, but history does not tell how many.
    """
    entities = len(np.unique(np.concatenate([part.keys for part in events])))
    return max(1, math.ceil(entities / (capacity * FULL)))


def _partition_of(keys: Hashes) -> Hashes:
    """Return bits of each key that are free: the block follows from the upper ones."""
    free: Hashes = (keys >> np.uint64(16)) & np.uint64(2**24 - 1)
    return free


def events_of(history: History, plan: Plan, spec: MemorySpec) -> Events:
    """Return what a memory needs of each row.

    Raises
    ------
    DataError
        A column that it reads is missing.
    """
    return Events.of(
        np.arange(len(history)),
        _hashes(_text(history, plan.key.field or ENTITY), plan),
        history.times if history.times is not None else np.zeros(len(history)),
        spec.timezone,
        [_numbers(history, name) for name in plan.numbers],
        [_hashes(_text(history, name), plan) for name in plan.texts],
    )


def _column(history: History, name: str) -> pl.Series:
    if name not in history.frame.columns:
        raise DataError(
            f"the memory reads a column {name!r}, and the features of {history.source} are "
            f"{', '.join(history.frame.columns)}: map it with --roles {name}=COLUMN, or remove its "
            "features from the memory"
        )
    return history.frame[name]


def _text(history: History, name: str) -> pl.Series:
    if name == ENTITY and name not in history.frame.columns and history.entities is not None:
        return history.entities
    return _column(history, name)


def _numbers(history: History, name: str) -> Vector:
    column = _column(history, name)
    try:
        return column.cast(pl.Float64).to_numpy()
    except pl.exceptions.PolarsError as fault:
        raise DataError(
            f"the memory reads {name} of {history.source} as numbers, and it has none: {fault}"
        ) from None


def _hashes(column: pl.Series, plan: Plan) -> Hashes:
    strings = as_strings(column).alias("text").to_frame()
    distinct = strings.unique()
    hashed = distinct.with_columns(
        hash=hash_texts(distinct["text"].to_list(), spec_key(plan.sha256))
    )
    found = strings.join(hashed, on="text", how="left", nulls_equal=True, maintain_order="left")
    hashes: Hashes = found["hash"].to_numpy()
    return hashes
