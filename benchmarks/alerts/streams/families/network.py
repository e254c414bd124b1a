"""Requests in a company's network: offices, clients and their versions, and where they go."""

import numpy as np
import polars as pl

from benchmarks.alerts.streams.families.attributes import drawn, falling, numbered
from benchmarks.alerts.streams.families.family import Change, Family, Oddity, Sharing

HOUR = 3_600.0

CLIENTS = {"2.31.0": 68, "2.30.2": 15, "2.29.5": 10, "2.12.0": 7}
SYSTEMS = {"windows": 70, "macos": 20, "linux": 10}
PATHS = {"v2": 80, "v1": 20}
REPLICAS = {str(count): 1.0 for count in range(1, 7)}
"""A service has so many addresses."""

PLACE = (
    "endpoint", "status_code", "bytes_sent", "bytes_received", "duration_ms", "service",
    "destination", "zone", "path_version",
)  # fmt: skip
"""What a request has of where it goes."""

MOST = 4_000_000_000
"""Bytes of a request."""


def describe(rng: np.random.Generator, rows: pl.DataFrame) -> pl.DataFrame:
    """Add office, proxy, client address, system and version, service, destination and path."""
    office = rows["unit"].cast(pl.String)
    user = rows["entity"]
    service = rows["endpoint"].str.split("/").list.get(1)
    replicas = drawn(rng, service, REPLICAS).cast(pl.Int64).to_numpy()
    address = service + "/" + pl.Series(rng.integers(0, 60, len(rows)) % replicas).cast(pl.String)
    lease = user + "/" + (rows["time"] // (3 * HOUR)).cast(pl.Int64).cast(pl.String)
    version = pl.int_range(len(rows), eager=True).cast(pl.String)
    return rows.with_columns(
        office=drawn(rng, office, falling("office", 30, 0.3)),
        proxy=numbered(rng, office + drawn(rng, user, {"a": 1, "b": 1}), "px", 3),
        client_ip=numbered(rng, lease, "10.", 7),
        system=drawn(rng, user, SYSTEMS),
        client_version=drawn(rng, user, CLIENTS),
        service=service,
        destination=numbered(rng, address, "172.", 6),
        zone=drawn(rng, address, {"eu-1": 70, "eu-2": 25, "us-1": 5}),
        path_version=drawn(rng, version, PATHS),
    )


def next_client(rng: np.random.Generator) -> str:
    """Name the version of a roll-out."""
    return f"2.{rng.integers(31, 34)}.{rng.integers(1, 12)}"


def _times(column: str, least: float, most: float) -> Change:
    """Return what makes a number several times as high: `most` at full strength."""

    def change(rng: np.random.Generator, rows: pl.DataFrame, strength: float) -> pl.DataFrame:
        factor = least * (most / least) ** strength * rng.lognormal(0.0, 0.3, len(rows))
        larger = ((pl.col(column) + 1.0) * factor).clip(upper_bound=MOST).round(1)
        return rows.with_columns(larger.cast(rows.schema[column]))

    return change


REQUESTS = Family(
    name="network",
    units=14,
    history=4,
    days=1,
    rows_a_day=10_000,
    alert_rate=0.008,
    layout="flat",
    describe=describe,
    oddities=(
        Oddity("bytes_sent up", _times("bytes_sent", 30.0, 3_000.0)),
        Oddity("bytes_received up", _times("bytes_received", 30.0, 3_000.0)),
        Oddity("duration_ms up", _times("duration_ms", 15.0, 300.0)),
    ),
    outages=(
        Oddity("duration_ms up", _times("duration_ms", 15.0, 300.0)),
        Oddity("bytes_received up", _times("bytes_received", 30.0, 3_000.0)),
    ),
    sharings=(
        Sharing(("destination",), carried=PLACE, wide=True),
        Sharing(("endpoint", "path_version"), carried=PLACE, wide=True),
        Sharing(("client_version",), roll_out=next_client, wide=True),
    ),
    adds=True,
    waking=(8.0, 17.0),
)
