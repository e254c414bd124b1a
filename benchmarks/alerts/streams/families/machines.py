"""Machines at sites: halls, gateways, vendors and models, firmware, and what they work on."""

import numpy as np
import polars as pl

from benchmarks.alerts.streams.families.attributes import drawn, falling, numbered
from benchmarks.alerts.streams.families.family import Family, Oddity, Sharing
from demo.simulators.machines import INTERVAL, MACHINES

DAY, HOUR = 86_400.0, 3_600.0

FIRMWARE = {"4.2.1": 70, "4.2.0": 12, "4.1.7": 10, "3.9.4": 5, "3.8.0": 3}
MODELS = {
    "Norva/N200": 42, "Norva/N310": 14, "Hestal/KX": 18, "Hestal/KX2": 8, "Brem/7": 12, "Brem/9": 6,
}  # fmt: skip
HALLS = 4
"""Simulations, of twelve machines each, that are one site."""


def describe(rng: np.random.Generator, rows: pl.DataFrame) -> pl.DataFrame:
    """Add site, hall, gateway, vendor, model, firmware, batch and operator."""
    machine = rows["entity"]
    model = drawn(rng, machine, MODELS)
    site = rows["unit"] // HALLS
    shift = ((rows["time"] % DAY) // (8 * HOUR)).cast(pl.Int64).cast(pl.String)
    gateway = site.cast(pl.String) + "/" + drawn(rng, machine, {"a": 60, "b": 40})
    # A batch takes two hours and a half, and another machine works on another one.
    batch = machine + "/" + (rows["time"] // (2.5 * HOUR)).cast(pl.Int64).cast(pl.String)
    operator = rows["unit"].cast(pl.String) + "/" + shift
    return rows.with_columns(
        site=drawn(rng, site.cast(pl.String), falling("plant", 40, 0.0)),
        hall=pl.concat_str(pl.lit("H"), pl.col("unit") % HALLS + 1),
        country=drawn(rng, site.cast(pl.String) + " ", {"DE": 70, "CZ": 15, "AT": 15}),
        gateway=numbered(rng, gateway, "gw-", 4),
        vendor=model.str.split("/").list.first(),
        model=model.str.split("/").list.last(),
        firmware=drawn(rng, machine, FIRMWARE),
        batch=numbered(rng, batch, "B", 7),
        operator=numbered(rng, operator, "op-", 3),
    )


def next_firmware(rng: np.random.Generator) -> str:
    """Name the version of a roll-out."""
    return f"4.{rng.integers(2, 5)}.{rng.integers(2, 20)}"


def _hotter(rng: np.random.Generator, rows: pl.DataFrame, strength: float) -> pl.DataFrame:
    more = (18.0 + 60.0 * strength) * rng.lognormal(0.0, 0.1, len(rows))
    return rows.with_columns((pl.col("temperature") + more).round(1))


def _colder(rng: np.random.Generator, rows: pl.DataFrame, strength: float) -> pl.DataFrame:
    less = (15.0 + 50.0 * strength) * rng.lognormal(0.0, 0.1, len(rows))
    return rows.with_columns((pl.col("temperature") - less).round(1))


def _shaking(rng: np.random.Generator, rows: pl.DataFrame, strength: float) -> pl.DataFrame:
    more = (6.0 + 25.0 * strength) * rng.lognormal(0.0, 0.2, len(rows))
    return rows.with_columns((pl.col("vibration") + more).round(2))


def _draws_more(rng: np.random.Generator, rows: pl.DataFrame, strength: float) -> pl.DataFrame:
    more = (60.0 + 250.0 * strength) * rng.lognormal(0.0, 0.15, len(rows))
    return rows.with_columns((pl.col("current") + more).round(1))


MACHINE_FLEET = Family(
    name="machines",
    units=50,
    history=4,
    days=1,
    rows_a_day=int(MACHINES * DAY / INTERVAL),
    every=3,
    alert_rate=0.008,
    layout="nested",
    describe=describe,
    oddities=(
        Oddity("temperature up", _hotter),
        Oddity("temperature down", _colder),
        Oddity("vibration up", _shaking),
        Oddity("current up", _draws_more),
    ),
    outages=(Oddity("temperature down", _colder), Oddity("current up", _draws_more)),
    sharings=(
        Sharing(("firmware",), roll_out=next_firmware, wide=True),
        Sharing(("vendor", "model"), wide=True),
        Sharing(("site",)),
        Sharing(("gateway",)),
    ),
    adds=False,
)
