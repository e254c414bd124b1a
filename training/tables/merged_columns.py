"""Columns that stand in one cell, with spaces between, as some programs append their own."""

import re

import polars as pl

APART = re.compile(r"\s{2,}")


def split_merged(frame: pl.DataFrame) -> tuple[pl.DataFrame, tuple[str, ...]]:
    """Split each column whose name and cells all consist of as many parts, and say so.

    Parameters
    ----------
    frame
        Texts, with names.
    """
    lines = []
    for name in frame.columns:
        names = APART.split(name.strip())
        if len(names) < 2 or {*names} & {*frame.columns} or len({*names}) < len(names):  # noqa: PLR2004
            continue
        parts = frame[name].str.strip_chars().str.replace_all(r"\s{2,}", "\t").str.split("\t")
        if parts.null_count() or not (parts.list.len() == len(names)).all():
            continue
        place = frame.columns.index(name)
        columns = [parts.list.get(at).alias(one) for at, one in enumerate(names)]
        frame = pl.DataFrame([*frame[:, :place], *columns, *frame[:, place + 1 :]])
        lines.append(f"{name!r} holds {len(names)} columns: it was split into {', '.join(names)}")
    return frame, tuple(lines)
