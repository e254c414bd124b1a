"""The records of a stream as bytes: where the attributes are differs between producers."""

from collections.abc import Sequence

import msgspec
import polars as pl

from benchmarks.alerts.streams.families.family import Layout

OWN = ("entity", "time", "unit", "episode", "kind", "cause", "later_cause", "later_oddity")
"""Columns that are no part of a record, or have a place of their own in it."""

_encode = msgspec.json.Encoder().encode


def write_records(frame: pl.DataFrame, features: Sequence[str], layout: Layout) -> list[bytes]:
    """Write each row as a record.

    Parameters
    ----------
    frame
        The rows; columns that are neither features nor `OWN` are attributes.
    features
        Columns that the model may use.
    layout
        Where the attributes are.
    """
    attributes = [name for name in frame.columns if name not in {*features, *OWN}]
    heads = frame.select("entity", "time").iter_rows(named=True)
    used = frame.select(features).iter_rows(named=True)
    others = frame.select(attributes).iter_rows(named=True)
    written = []
    for number, (head, one, other) in enumerate(zip(heads, used, others, strict=True)):
        record: dict[str, object] = {"id": number, **head}
        if layout == "flat":
            record |= {**one, **other}
        elif layout == "features":
            record["features"] = {**one, **other}
        elif layout == "beside":
            record |= {**other, "features": one}
        else:
            record |= {"source": other, "features": one}
        written.append(_encode(record))
    return written
