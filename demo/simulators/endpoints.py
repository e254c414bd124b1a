"""What is asked for in the simulated network, and what a request for it looks like."""

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from demo.simulators.simulation import START


class Endpoint(NamedTuple):
    """A path with its usual figures: bytes there and back, and milliseconds until the answer."""

    path: str
    sent: float
    received: float
    duration: float


SHARED = (
    Endpoint("/login", 900.0, 1.3e3, 160.0),
    Endpoint("/files/upload", 2.5e5, 350.0, 300.0),
    Endpoint("/files/download", 500.0, 2e6, 200.0),
    Endpoint("/search", 450.0, 24e3, 190.0),
    Endpoint("/mail", 3e3, 18e3, 80.0),
    Endpoint("/calendar", 430.0, 9e3, 60.0),
    Endpoint("/health", 120.0, 60.0, 4.0),
)
LOGIN, UPLOAD, DOWNLOAD, MAIL, HEALTH = 0, 1, 2, 4, 6

TEAMS: tuple[tuple[str, ...], ...] = (
    ("orders", "quotes", "customers", "prices"),
    ("code", "builds", "logs", "releases"),
    ("invoices", "payments", "ledger", "payroll"),
    ("tickets", "chats", "refunds", "guides"),
)
"""What each team works with."""

ACTIONS = (("list", 420.0, 42e3, 120.0), ("view", 380.0, 14e3, 55.0), ("edit", 2.8e3, 1.5e3, 90.0))

ENDPOINTS = SHARED + tuple(
    Endpoint(f"/{thing}/{action}", *usual)
    for team in TEAMS
    for thing in team
    for action, *usual in ACTIONS
)

OUTCOMES = {200: 0.93, 304: 0.025, 404: 0.025, 403: 0.012, 500: 0.008}
"""Shares of the status codes of ordinary requests."""

FAILED = 400
"""Lowest status code of a request without success."""

BYTES_A_MS = 12e3


def endpoints_of(team: int) -> npt.NDArray[np.int64]:
    """Return the numbers of a team's own endpoints."""
    own = (len(ENDPOINTS) - len(SHARED)) // len(TEAMS)
    return len(SHARED) + own * team + np.arange(own)


def requests(
    rng: np.random.Generator,
    who: str | npt.NDArray[np.str_],
    seconds: npt.NDArray[np.float64],
    endpoint: int | npt.NDArray[np.int64],
    *,
    outcomes: Mapping[int, float] = OUTCOMES,
    sent: npt.NDArray[np.float64] | None = None,
    kind: str = "",
) -> pl.DataFrame:
    """Return requests as rows.

    Parameters
    ----------
    rng
        Source of sizes, durations and outcomes.
    who
        The entities, or the only one.
    seconds
        Since the begin, shape ``(rows,)``.
    endpoint
        Numbers of the endpoints, or the only one.
    outcomes
        Shares of the status codes.
    sent
        Bytes that were sent; None: as usual for the endpoint.
    kind
        Kind of the anomaly.
    """
    rows = len(seconds)
    asked = np.broadcast_to(np.asarray(endpoint), rows)
    usual = np.array([one[1:] for one in ENDPOINTS])[asked]
    files = np.column_stack([(asked == UPLOAD) | (asked == MAIL), asked == DOWNLOAD])
    sizes = usual[:, :2] * np.exp(np.where(files, 1.3, 0.5) * rng.normal(0.0, 1.0, (rows, 2)))
    status = rng.choice([*outcomes], rows, p=[*outcomes.values()])
    failed = status >= FAILED
    received = np.where(failed, rng.lognormal(6.2, 0.3, rows), sizes[:, 1])
    out = sizes[:, 0] if sent is None else sent
    waited = np.where(failed, 0.4, 1.0) * usual[:, 2] * rng.lognormal(0.0, 0.4, rows)
    duration = waited + (out + received) / BYTES_A_MS * rng.lognormal(0.0, 0.25, rows)
    return pl.DataFrame(
        {
            "entity": np.broadcast_to(np.asarray(who), rows),
            "time": (START + seconds).round(3),
            "kind": np.full(rows, kind),
            "endpoint": np.array([one.path for one in ENDPOINTS])[asked],
            "status_code": status,
            "bytes_sent": out.astype(np.int64),
            "bytes_received": received.astype(np.int64),
            "duration_ms": duration.round(1),
        }
    )
