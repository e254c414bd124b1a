"""What a scenario has by itself: its episodes, numbered, and only some of them kept."""

import numpy as np
import polars as pl

NONE = -1
"""Number of the episode, or the cause, of ordinary records."""

STRANGERS = 6 * 3_600.0
"""Seconds between two rows of one kind and entity that belong to different episodes."""

UNSEEN = {"sensor drift": 0.5, "wear": 0.5, "slow deterioration": 0.65}
"""First part of an episode that its simulator does not label: nobody could have seen it. If the
model does, its anomalies have this cause."""


def number_episodes(frame: pl.DataFrame) -> pl.DataFrame:
    """Add the column ``episode``: the number of each, or `NONE`.

    Parameters
    ----------
    frame
        Rows in the order of time, with the columns ``entity``, ``time``, ``unit`` and ``kind``. An
        episode has one entity; card testing, one merchant.
    """
    odd = frame.with_row_index("row").filter(pl.col("kind") != "")
    whose = pl.col("entity")
    if "merchant" in frame.columns:
        shop = pl.concat_str("unit", pl.lit("/"), "merchant")
        whose = pl.when(pl.col("kind") == "card testing").then(shop).otherwise(whose)
    odd = odd.with_columns(whose=whose).sort("kind", "whose", "time")
    new = (
        (pl.col("kind") != pl.col("kind").shift())
        | (pl.col("whose") != pl.col("whose").shift())
        | (pl.col("time") - pl.col("time").shift() > STRANGERS)
    )
    odd = odd.select("row", episode=new.fill_null(value=True).cum_sum().cast(pl.Int32) - 1)
    rows = frame.with_row_index("row").join(odd, on="row", how="left", maintain_order="left")
    return rows.with_columns(pl.col("episode").fill_null(NONE)).drop("row")


def keep_some(frame: pl.DataFrame, number: int, rng: np.random.Generator) -> pl.DataFrame:
    """Keep so many episodes, all kinds alike, and take out the rows of the others.

    With as many entities as there are here, the simulators have hundreds a day. Rows before an
    episode's labelled part are out with it, and belong to it if it stays.
    """
    odd = frame.filter(pl.col("episode") != NONE)
    by_kind = {
        str(kind): rng.permutation(np.sort(part["episode"].unique().to_numpy())).tolist()
        for (kind,), part in odd.sort("kind").group_by("kind", maintain_order=True)
    }
    kept: list[int] = []
    while len(kept) < number and any(by_kind.values()):
        left = [kind for kind, episodes in by_kind.items() if episodes]
        kept.append(by_kind[left[int(rng.integers(len(left)))]].pop())
    whole = _with_unseen(frame, odd)
    return whole.filter(pl.col("episode").is_in([NONE, *kept]))


def _with_unseen(frame: pl.DataFrame, odd: pl.DataFrame) -> pl.DataFrame:
    """Give the rows before the labelled part of an episode its number as well."""
    slow = odd.filter(pl.col("kind").is_in([*UNSEEN]))
    if not len(slow):
        return frame
    spans = (
        slow.group_by("episode", "entity", "kind", maintain_order=True)
        .agg(pl.col("time").min().alias("first"), pl.col("time").max().alias("last"))
        .with_columns(share=pl.col("kind").replace_strict(UNSEEN))
        .with_columns(
            begin=pl.col("first")
            - (pl.col("last") - pl.col("first")) * pl.col("share") / (1.0 - pl.col("share"))
        )
        .select("entity", "begin", "last", "first", slow="episode", what="kind")
        .sort("begin")
    )
    near = frame.join_asof(
        spans, left_on="time", right_on="begin", by="entity", check_sortedness=False
    )
    inside = (pl.col("episode") == NONE) & (pl.col("time") <= pl.col("last"))
    return near.with_columns(
        episode=pl.when(inside).then(pl.col("slow")).otherwise(pl.col("episode")),
        kind=pl.when(inside).then(pl.col("what")).otherwise(pl.col("kind")),
    ).drop("begin", "last", "first", "slow", "what")
