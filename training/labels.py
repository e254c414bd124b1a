"""Labels of history: a column, or windows of time per series."""

from pathlib import Path

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl

from anomaly_app.core.errors import DataError
from anomaly_app.core.roles import Roles
from anomaly_app.core.times import parse_time


def stem(file: Path) -> str:
    """Name the series of a file."""
    return file.name.split(".")[0]


def read_labels(
    table: pl.DataFrame,
    roles: Roles,
    entities: list[str] | None,
    times: npt.NDArray[np.float64] | None,
) -> npt.NDArray[np.bool_] | None:
    """Read which rows were anomalies; None without a label.

    Raises
    ------
    DataError
        The label is neither a column of 0 and 1 nor a file of windows.
    """
    if roles.label is None:
        return None
    if roles.label in table.columns:
        column = table[roles.label]
        values = column.cast(pl.Float64, strict=False).to_numpy()
        if not np.isin(values, (0.0, 1.0)).all():
            raise DataError(f"label column {roles.label!r} must hold 0 and 1 only")
        return values.astype(bool)
    path = Path(roles.label)
    if not path.exists():
        raise DataError(f"label {roles.label!r} is neither a column nor a file of windows")
    if entities is None or times is None:
        raise DataError("labelled windows need a time column")
    return _in_windows(path, entities, times)


def _in_windows(
    path: Path, entities: list[str], times: npt.NDArray[np.float64]
) -> npt.NDArray[np.bool_]:
    try:
        windows = msgspec.json.decode(path.read_bytes(), type=dict[str, list[tuple[str, str]]])
    except (OSError, ValueError) as fault:
        raise DataError(f"{path} is not a file of labelled windows: {fault}") from None
    names = np.array(entities)
    labels = np.zeros(len(times), dtype=bool)
    for series, spans in windows.items():
        of_series = names == stem(Path(series))
        for first, last in spans:
            labels |= of_series & (times >= parse_time(first)) & (times <= parse_time(last))
    return labels
