"""Patients in wards: hospitals, beds, makers of monitors, their software, and lots of sensors."""

import numpy as np
import polars as pl

from benchmarks.alerts.streams.families.attributes import drawn, falling, numbered
from benchmarks.alerts.streams.families.family import Change, Family, Oddity, Sharing
from demo.simulators.patients import INTERVAL, PATIENTS

DAY, HOUR = 86_400.0, 3_600.0

MAKERS = {"Vitamon": 52, "Corsa": 24, "Halden": 15, "Medela": 9}
SOFTWARE = {"11.0.3": 70, "11.0.2": 14, "10.4.9": 9, "10.2.0": 4, "9.8.1": 3}
WARD = 2
"""Simulations, of twelve patients each, that are one ward."""
HOSPITAL = 10
"""Simulations that are one hospital."""


def describe(rng: np.random.Generator, rows: pl.DataFrame) -> pl.DataFrame:
    """Add hospital, ward, bed, maker, monitor, software, sensor lot and nurse."""
    patient = rows["entity"]
    ward = (rows["unit"] // WARD).cast(pl.String)
    hospital = (rows["unit"] // HOSPITAL).cast(pl.String)
    shift = (rows["time"] // (8 * HOUR)).cast(pl.Int64).cast(pl.String)
    carer = ward + "/" + shift + "/" + drawn(rng, patient, {"a": 1, "b": 1, "c": 1})
    return rows.with_columns(
        hospital=drawn(rng, hospital, falling("hospital", 9, 0.0)),
        ward=numbered(rng, ward, "W", 3),
        bed=numbered(rng, patient, "", 5),
        maker=drawn(rng, patient, MAKERS),
        monitor=numbered(rng, patient + " ", "SN", 8),
        software=drawn(rng, patient, SOFTWARE),
        sensor_lot=drawn(rng, patient, falling("L", 25, 0.6)),
        nurse=numbered(rng, carer, "n", 6),
    )


def next_software(rng: np.random.Generator) -> str:
    """Name the version of a roll-out."""
    return f"11.{rng.integers(0, 3)}.{rng.integers(4, 20)}"


def _moved(sign: str, least: float, more: float, *, whole: bool = True) -> Change:
    """Return what moves a sign by `least`, and by `more` than that at full strength."""

    def change(rng: np.random.Generator, rows: pl.DataFrame, strength: float) -> pl.DataFrame:
        by = pl.Series((least + more * strength) * rng.lognormal(0.0, 0.1, len(rows)))
        moved = (pl.col(sign) + by).round(0 if whole else 1)
        return rows.with_columns(moved.cast(pl.Int64) if whole else moved)

    return change


def _less_oxygen(rng: np.random.Generator, rows: pl.DataFrame, strength: float) -> pl.DataFrame:
    less = (9.0 + 25.0 * strength) * rng.lognormal(0.0, 0.1, len(rows))
    return rows.with_columns((pl.col("spo2") - pl.Series(less)).round(0).cast(pl.Int64))


PATIENT_WARDS = Family(
    name="patients",
    units=50,
    history=4,
    days=1,
    rows_a_day=int(PATIENTS * DAY / INTERVAL),
    every=3,
    alert_rate=0.008,
    layout="beside",
    describe=describe,
    oddities=(
        Oddity("heart_rate up", _moved("heart_rate", 35.0, 70.0)),
        Oddity("spo2 down", _less_oxygen),
        Oddity("respiration up", _moved("respiration", 10.0, 20.0)),
        Oddity("temperature up", _moved("temperature", 1.8, 3.0, whole=False)),
        Oddity("systolic up", _moved("systolic", 50.0, 80.0)),
    ),
    outages=(
        Oddity("spo2 down", _less_oxygen),
        Oddity("temperature down", _moved("temperature", -3.0, -12.0, whole=False)),
    ),
    sharings=(
        Sharing(("software",), roll_out=next_software, wide=True),
        Sharing(("maker",), wide=True),
        Sharing(("ward",)),
        Sharing(("sensor_lot",)),
    ),
    adds=False,
)
