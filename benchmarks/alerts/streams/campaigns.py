"""Plant campaigns: what they share, whom they meet, and how."""

from collections.abc import Mapping, Sequence

import numpy as np
import polars as pl

from benchmarks.alerts.stream import HOUR
from benchmarks.alerts.streams.ground import Ground, Values
from benchmarks.alerts.streams.plans import Campaign

ROLLED_OUT = HOUR
"""Seconds before a campaign within which its entities have got the new value."""


def plant_campaigns(ground: Ground, campaigns: Sequence[Campaign]) -> None:
    """Plant campaigns; the second of a pair comes after the first."""
    placed: list[tuple[Campaign, int, Values, list[str]]] = []
    for campaign in campaigns:
        first = next((one for one in placed if one[0] is campaign.twin), None)
        values: Values = first[2] if first else {}
        taken = first[3] if first else []
        if first is None or campaign.twin_by != "other feature":
            values = _shared(ground, campaign, values)
        pool = ground.frame.filter(_equal(values))
        shares = any(
            other.twin is campaign and other.twin_by == "other feature" for other in campaigns
        )
        chosen = _entities(ground, campaign, values, pool, taken, half=shares)
        if not chosen:
            continue
        number = ground.new_cause(
            "campaign", campaign.oddity.name, values, first[1] if first else None
        )
        plant = _add_records if ground.family.adds else _change_readings
        plant(ground, campaign, number, chosen, pool)
        placed.append((campaign, number, values, chosen))


def _equal(values: Mapping[str, object]) -> pl.Expr:
    parts = [pl.col(name) == pl.lit(value) for name, value in values.items()]
    return pl.all_horizontal(parts) if parts else pl.lit(value=True)


def _shared(ground: Ground, campaign: Campaign, other_than: Values) -> Values:
    """Draw what a campaign shares: what is frequent more likely, but not always."""
    sharing = campaign.sharing
    if sharing.roll_out is not None:
        [name] = sharing.attributes
        while (new := sharing.roll_out(ground.rng)) == other_than.get(name):
            pass
        return {name: new}
    rows = ground.frame
    if {*other_than} == {*sharing.attributes}:
        rows = rows.filter(~_equal(other_than))
    met = rows.drop_nulls(sharing.attributes).group_by(sharing.attributes, maintain_order=True)
    values = met.agg(pl.len().alias("records"), pl.col("entity").n_unique().alias("entities"))
    if not sharing.carried:
        most: int = values["entities"].max()  # type: ignore[assignment]
        values = values.filter(pl.col("entities") >= min(most, campaign.entities))
    weights = np.sqrt(values["records"].to_numpy())
    row = int(ground.rng.choice(len(values), p=weights / weights.sum()))
    return values.select(sharing.attributes).row(row, named=True)


def _entities(
    ground: Ground,
    campaign: Campaign,
    values: Values,
    pool: pl.DataFrame,
    taken: list[str],
    *,
    half: bool,
) -> list[str]:
    """Draw the entities of a campaign; in a roll-out, they and some others get the new value.

    Parameters
    ----------
    ground, campaign
        Where it is planted.
    values
        What is shared.
    pool
        The records that have these values.
    taken
        Entities of the other one of a pair.
    half
        Whether as many are left for the other one of the pair.
    """
    rolls_out = campaign.sharing.roll_out is not None
    found = (ground.frame if campaign.sharing.carried or rolls_out else pool)["entity"].unique()
    out = {*taken} | (ground.rolled_out if rolls_out else set())
    free: list[str] = ground.rng.permutation(sorted({*found.to_list()} - out)).tolist()
    number = min(campaign.entities, len(free) // 2) if half else campaign.entities
    chosen, others = free[:number], free[number:]
    if rolls_out:
        [(name, value)] = values.items()
        having = chosen + others[: int(len(chosen) * ground.rng.uniform(0.0, 1.0))]
        since = campaign.begin - ground.rng.uniform(0.0, ROLLED_OUT)
        has = pl.col("entity").is_in(having) & (pl.col("time") >= since)
        ground.with_value(name, str(value), has)
        ground.rolled_out |= {*having}
    return chosen


def _add_records(
    ground: Ground, campaign: Campaign, number: int, chosen: list[str], pool: pl.DataFrame
) -> None:
    rng = ground.rng
    entities = np.repeat(np.array(chosen), 1 + rng.poisson(campaign.again, len(chosen)))
    times = campaign.begin + campaign.duration * rng.random(len(entities))
    rows = ground.copies(entities, times)
    if carried := campaign.sharing.carried:
        there = pool[rng.integers(0, len(pool), len(rows))]
        rows = rows.with_columns(there.select(carried))
    rows = rows.with_columns(**{name: pl.lit(value) for name, value in ground.values(number)})
    odd = rng.random(len(rows)) < campaign.share
    ground.add(rows, number, campaign.oddity, campaign.strength, odd)


def _change_readings(
    ground: Ground, campaign: Campaign, number: int, chosen: list[str], _: pl.DataFrame
) -> None:
    """Make each entity odd from a moment of the first half on, for a while."""
    rng = ground.rng
    begins = campaign.begin + 0.5 * campaign.duration * rng.random(len(chosen))
    lasts = campaign.duration * min(0.2 + 0.3 * campaign.again, 0.5)
    odd = pl.DataFrame({"entity": chosen, "since": begins})
    rows = ground.frame.select("entity", "time")
    since = rows.join(odd, on="entity", how="left", maintain_order="left")["since"].to_numpy()
    passed = rows["time"].to_numpy() - since
    during = (passed >= 0.0) & (passed < lasts) & (rng.random(len(rows)) < campaign.share)
    ground.change(during, number, campaign.oddity, campaign.strength)
