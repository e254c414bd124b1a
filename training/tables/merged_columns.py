"""Split columns whose cells hold several values, separated by spaces."""

import re

import polars as pl

APART = re.compile(r"\s{2,}")


def split_merged(frame: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Split each column whose name and cells have the same number of parts, and tell the user.

    Parameters
    ----------
    frame
        Strings, with column names.
    """
    lines = []
    for name in frame.columns:
        names = APART.split(name.strip())
        if len(names) < 2 or {*names} & {*frame.columns} or len({*names}) < len(names):  # noqa: PLR2004
            continue
        parts = frame[name].str.strip_chars().str.replace_all(r"\s{2,}", "\t").str.split("\t")
        if parts.null_count() or not (parts.list.len() == len(names)).all():
            continue
        index = frame.columns.index(name)
        columns = [parts.list.get(at).alias(one) for at, one in enumerate(names)]
        frame = pl.DataFrame([*frame[:, :index], *columns, *frame[:, index + 1 :]])
        lines.append(f"{name!r} was split into {len(names)} columns: {', '.join(names)}")
    return frame, tuple(lines)
