"""The app, which also writes down what memory said of every record that it judged.

``faust -A tests.support.traced_app worker``; the folder is in ``TRACE_FOLDER``. What a process has
written is there even if it is killed.
"""

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from anomaly_app.app import app
from anomaly_app.core.arrays import Indices, Matrix
from anomaly_app.core.decoding.decoded import Decoded, KafkaRecord
from anomaly_app.core.scoring.remembering import Remembering

__all__ = ["app", "row_type", "rows_of", "tracing"]


def row_type(columns: int) -> np.dtype[Any]:
    """Type of what is written for a record: where it is in the source, and its features."""
    return np.dtype([("partition", "<i4"), ("offset", "<i8"), ("features", "<f8", (columns,))])


def rows_of(records: Sequence[KafkaRecord], features: Matrix) -> np.ndarray[Any, Any]:
    """Put records and their features together."""
    rows = np.empty(len(records), row_type(features.shape[1]))
    rows["partition"] = [record.partition for record in records]
    rows["offset"] = [record.offset for record in records]
    rows["features"] = features
    return rows


def tracing(write: Callable[[str, np.ndarray[Any, Any]], object]) -> Callable[..., None]:
    """Make `Remembering.put` also write down what it puts, under the name of the key."""
    put = Remembering.put

    def traced(self: Remembering, decoded: Decoded, rows: Indices, features: Matrix) -> None:
        put(self, decoded, rows, features)
        records = [decoded.records[row] for row in rows.tolist()]
        if not records or records[0].topic == "ordinary":
            return  # nothing, or the app's test of itself
        write(self.plan.key.name, rows_of(records, features))

    return traced


def _write(key: str, rows: np.ndarray[Any, Any]) -> None:
    file = Path(os.environ["TRACE_FOLDER"]) / f"{key}-{os.getpid()}.trace"
    descriptor = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    try:
        os.write(descriptor, rows.tobytes())
    finally:
        os.close(descriptor)


if "TRACE_FOLDER" in os.environ:
    Remembering.put = tracing(_write)  # type: ignore[method-assign]
