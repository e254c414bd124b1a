"""Labels of history, from a column or from a file with labelled time windows."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

import msgspec
import numpy as np
import numpy.typing as npt
import polars as pl

from anomaly_app.core.roles.column_names import may_be_label
from anomaly_app.core.roles.roles import Roles
from anomaly_app.core.wording import percent
from anomaly_app.errors import DataError
from training.columns.label_column_names import word_of_label
from training.columns.label_values import anomalous_values, plain, quoted
from training.tables.files import stem
from training.tables.times import read_times

NOTHING_SAID = frozenset(
    {"", "na", "nan", "null", "n/a", "?", "unknown", "unlabelled", "unlabeled", "pending", "tbd"}
)

MAX_VALUES = 1_000
"""Maximum number of different values of a label."""

DASHES = frozenset({"-", "--", "null"})
"""Values that mean normal if most rows have them and the others have words, as in logs where most
lines are not alerts."""

MAX_ANOMALIES = 0.5
"""Share of the labelled rows that are anomalies above which to warn."""


class Labels(NamedTuple):
    """Labels of rows."""

    anomalous: npt.NDArray[np.bool_]
    labelled: npt.NDArray[np.bool_] | None = None
    """Whether each row has a label; None: all have."""
    warnings: tuple[str, ...] = ()


def read_labels(
    table: pl.DataFrame,
    roles: Roles,
    entities: pl.Series | None,
    times: npt.NDArray[np.float64] | None,
) -> Labels | None:
    """Read the labels of a table; None if it has none.

    Raises
    ------
    DataError
        The label is neither a column with known values nor a file of windows.
    """
    if roles.label is None:
        return None
    if (name := roles.label_column(table.columns)) is not None:
        value = roles.label[len(name) + 1 :] or None
        return of_column(table[name], value)
    path = Path(roles.label)
    if not path.is_file():
        raise DataError(
            f"label {roles.label!r} is neither a column nor a file with time windows; the columns "
            f"are {', '.join(table.columns)}"
        )
    if entities is None or times is None:
        raise DataError("a file with labelled windows needs a time column: set --roles time=COLUMN")
    return _in_windows(path, entities, times, roles.timezone)


def of_column(column: pl.Series, value: str | None = None) -> Labels:
    """Read a column of labels.

    Parameters
    ----------
    column
        Numbers, booleans or strings; empty cells are unlabelled.
    value
        The value that marks anomalies; None: the usual ones.

    Raises
    ------
    DataError
        It is unclear which values mark anomalies.
    """
    counts = _counted(column)
    if counts is None:
        raise DataError(
            f"the label {column.name!r} has more than {MAX_VALUES:,} different values: set "
            f"label=none, or label={column.name}:VALUE to the value that marks anomalies"
        )
    dashes = _dashes(counts)
    said = {
        text: many
        for text, many in counts.items()
        if text in dashes or plain(text) not in NOTHING_SAID
    }
    meant, remark = anomalous_values(column.name, said, value, normal=dashes)
    texts = _as_texts(column)
    known = {text: text in meant for text in said}
    read = texts.replace_strict(known, default=None, return_dtype=pl.Boolean)
    labelled = read.is_not_null().to_numpy()
    anomalous = read.fill_null(value=False).to_numpy()
    warnings = [*remark, *_about(column.name, anomalous, labelled)]
    return Labels(anomalous, None if labelled.all() else labelled, tuple(warnings))


def has_dashes(column: pl.Series) -> bool:
    """Return whether a column has the name of a label, and dashes or "none" as values."""
    named = may_be_label(column.name) or word_of_label(column.name) is not None
    if column.dtype != pl.String or not named:
        return False
    counts = _counted(column)
    if counts is None:
        return False
    nones = {text for text in counts if plain(text) == "none"}
    return bool(_dashes(counts)) or (bool(nones) and _are_words(counts.keys() - nones))


def _dashes(counts: dict[str, int]) -> set[str]:
    """Return the dashes that mean normal: most rows have them, and the others have words."""
    dashes = {text for text in counts if text.strip().casefold() in DASHES}
    others = [text for text in counts if text not in dashes and plain(text) not in NOTHING_SAID]
    many = sum(counts[text] for text in dashes)
    return dashes if others and _are_words(others) and 2 * many > sum(counts.values()) else set()


def _are_words(texts: Iterable[str]) -> bool:
    return all(any(letter.isalpha() for letter in text) for text in texts)


def is_understood(column: pl.Series) -> bool:
    """Return whether the values of a column look like those of a label."""
    try:
        labels = of_column(column)
    except DataError:
        return False
    if labels.labelled is not None and not labels.labelled.any():
        return False
    # Classes with a 0 or "none" among them need not mean normal and anomalous.
    several = column.drop_nulls().n_unique() > 2  # noqa: PLR2004
    rows = labels.anomalous if labels.labelled is None else labels.anomalous[labels.labelled]
    return not several or float(rows.mean()) <= MAX_ANOMALIES or column.dtype == pl.String


def _as_texts(column: pl.Series) -> pl.Series:
    if column.dtype == pl.Boolean:
        return pl.select(
            pl.when(column).then(pl.lit("1")).when(~column).then(pl.lit("0"))
        ).to_series()
    if column.dtype.is_float():
        column = column.fill_nan(None)
    return column.cast(pl.String)


def _counted(column: pl.Series) -> dict[str, int] | None:
    counts = _as_texts(column).drop_nulls().rename("text").value_counts(sort=True)
    if len(counts) > MAX_VALUES:
        return None
    return dict(counts.iter_rows())


def _about(
    name: str, anomalous: npt.NDArray[np.bool_], labelled: npt.NDArray[np.bool_]
) -> list[str]:
    rows = int(labelled.sum())
    if rows == 0:
        return [f"label {name}: no row is labelled"]
    lines = []
    if rows < len(labelled):
        lines.append(
            f"label {name}: {len(labelled) - rows:,} of {len(labelled):,} rows are unlabelled and "
            "ignored in metrics"
        )
    if (share := float(anomalous[labelled].mean())) > MAX_ANOMALIES:
        lines.append(
            f"label {name}: {percent(share)} of the labelled rows are anomalies; if it is the "
            f"other way round, set label={quoted(name)}:VALUE to the value that marks anomalies"
        )
    return lines


def _in_windows(
    path: Path, entities: pl.Series, times: npt.NDArray[np.float64], zone: str
) -> Labels:
    try:
        windows = msgspec.json.decode(path.read_bytes(), type=dict[str, list[tuple[str, str]]])
    except (OSError, ValueError) as fault:
        raise DataError(f"{path} is not a file with labelled windows: {fault}") from None
    anomalous = np.zeros(len(times), dtype=bool)
    found = False
    for series, spans in windows.items():
        of_series = (entities == stem(Path(series))).fill_null(value=False).to_numpy()
        found = found or bool(of_series.any())
        ends = read_times(pl.Series("window", [end for span in spans for end in span]), zone=zone)
        if np.isnan(ends.seconds).any():
            raise DataError(f"{path}: a window of {series!r} has an invalid time")
        for first, last in ends.seconds.reshape(-1, 2):
            anomalous |= of_series & (times >= first) & (times <= last)
    lines = (
        []
        if found
        else [f"{path.name} has no windows for any series of the data: no row is labelled"]
    )
    return Labels(anomalous, None, tuple(lines))
