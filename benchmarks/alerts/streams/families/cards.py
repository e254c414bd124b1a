"""Card payments: terminals of merchants in countries, banks, channels and apps."""

import numpy as np
import polars as pl

from benchmarks.alerts.streams.families.attributes import drawn, falling, numbered
from benchmarks.alerts.streams.families.family import Family, Oddity, Sharing
from demo.simulators.cards import TRANSACTIONS_PER_DAY
from demo.simulators.payments import CUSTOMERS, FAR

HOME = {"DE": 70, "AT": 8, "CH": 6, "FR": 5, "NL": 5, "IT": 3, "PL": 3}
ABROAD = {"DE": 40, "ES": 15, "IT": 12, "FR": 10, "GB": 8, "US": 7, "GR": 5, "TR": 3}
"""How many of a hundred customers live there, and of a hundred merchants far from customers."""

VERSIONS = {"6.4.1": 62, "6.4.0": 20, "6.3.2": 10, "6.2.0": 5, "5.9.7": 3}
CONTACTLESS = 0.7
"""Share of the payments at terminals."""

ONLINE = {
    "books": 0.6, "electronics": 0.5, "clothing": 0.4, "travel": 0.7, "gambling": 0.8,
    "entertainment": 0.3,
}  # fmt: skip
"""Share of the payments of a category that are made online."""

MOST_TILLS = 4
"""Terminals of a merchant in one place."""

PLACE = (
    "merchant", "category", "amount", "terminal", "country", "channel", "entry", "acquirer",
)  # fmt: skip
"""What a payment has of where it is made."""


def describe(rng: np.random.Generator, rows: pl.DataFrame) -> pl.DataFrame:
    """Add terminal, country, channel, entry, acquirer, bank, product and app version."""
    online_share = rows["category"].replace_strict(ONLINE, default=0.0).to_numpy()
    online = pl.Series(rng.random(len(rows)) < online_share)
    far = (rows["distance_km"] > FAR) & ~online
    contactless = pl.Series(rng.random(len(rows)) < CONTACTLESS)
    region = pl.concat_str(pl.lit("region "), "unit")
    place = pl.when(online).then(pl.lit("web")).when(far).then(pl.lit("far")).otherwise(region)
    rows = rows.with_columns(region=region, place=place)
    rows = rows.with_columns(shop=pl.concat_str("merchant", pl.lit(" @ "), "place"))
    # A terminal is in one place, and some places have more of them.
    tills = drawn(rng, rows["shop"], {str(tills): 1.0 for tills in range(1, MOST_TILLS + 1)})
    till = rng.integers(0, 12, len(rows)) % tills.cast(pl.Int64).to_numpy()
    terminal = rows["shop"] + " / " + pl.Series(till).cast(pl.String)
    at_home = drawn(rng, rows["region"], HOME)
    abroad = drawn(rng, rows["shop"], ABROAD)
    card = rows["entity"]
    by_machine = rows["category"] == "cash"
    channel = pl.when(online).then(pl.lit("online")).when(by_machine).then(pl.lit("atm"))
    entry = pl.when(online).then(pl.lit("keyed")).when(contactless).then(pl.lit("contactless"))
    return rows.with_columns(
        terminal=numbered(rng, terminal, "", 8),
        country=pl.when(online | far).then(abroad).otherwise(at_home),
        channel=channel.otherwise(pl.lit("pos")),
        entry=entry.otherwise(pl.lit("chip")),
        acquirer=drawn(rng, rows["merchant"], falling("acquirer", 6)),
        bank=drawn(rng, card, falling("bank", 12)),
        product=drawn(rng, card, {"debit": 75, "credit": 25}),
        app_version=pl.when(online).then(drawn(rng, card, VERSIONS)),
    ).drop("region", "place", "shop")


def _dearer(rng: np.random.Generator, rows: pl.DataFrame, strength: float) -> pl.DataFrame:
    factor = (4.0 + 22.0 * strength) * rng.lognormal(0.0, 0.25, len(rows))
    return rows.with_columns((pl.col("amount") * factor).round(2))


def _farther(rng: np.random.Generator, rows: pl.DataFrame, strength: float) -> pl.DataFrame:
    away = (150.0 + 5_000.0 * strength) * rng.lognormal(0.0, 0.15, len(rows))
    return rows.with_columns((pl.col("distance_km") + away).round(1))


def _overdrawn(rng: np.random.Generator, rows: pl.DataFrame, strength: float) -> pl.DataFrame:
    owed = (1_000.0 + 9_000.0 * strength) * rng.lognormal(0.0, 0.3, len(rows))
    return rows.with_columns(balance=pl.Series(-owed).round(2))


def _in_cents(_: np.random.Generator, rows: pl.DataFrame, __: float) -> pl.DataFrame:
    return rows.with_columns((pl.col("amount") * 100.0).round(2))


CARDS = Family(
    name="cards",
    units=30,
    history=7,
    days=2,
    rows_a_day=int(CUSTOMERS * TRANSACTIONS_PER_DAY),
    alert_rate=0.015,
    layout="features",
    describe=describe,
    oddities=(
        Oddity("amount up", _dearer),
        Oddity("distance_km up", _farther),
        Oddity("balance down", _overdrawn),
    ),
    outages=(Oddity("amount up", _in_cents), Oddity("distance_km up", _farther)),
    sharings=(
        Sharing(("terminal",), carried=PLACE, wide=True),
        Sharing(("merchant", "country"), carried=PLACE, wide=True),
        Sharing(("bank", "product"), wide=True),
    ),
    adds=True,
    waking=(7.0, 20.0),
)
