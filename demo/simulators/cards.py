"""Card customers with habits, and frauds among their transactions; reproducible by seed."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from anomaly_app.core.roles.roles import Roles
from training.history import History

START = 1_767_225_600.0
"""2026-01-01 in UTC: the first simulated second."""

DAY = 86_400.0
HOUR = 3_600.0
MINUTE = 60.0

CUSTOMERS = 400
TRANSACTIONS_PER_DAY = 4.0

CATEGORIES: dict[str, float] = {
    "groceries": 35.0,
    "restaurant": 28.0,
    "fuel": 55.0,
    "transport": 6.0,
    "pharmacy": 18.0,
    "clothing": 60.0,
    "household": 45.0,
    "entertainment": 22.0,
    "travel": 160.0,
    "books": 16.0,
    "electronics": 190.0,
    "jewellery": 320.0,
    "gambling": 80.0,
    "cash": 90.0,
}
"""Merchant categories, and the usual price of a purchase, in euros."""

POPULARITY = np.array([20, 12, 9, 14, 5, 4, 5, 6, 1.5, 3, 1.2, 0.15, 0.2, 4])
"""How often each category occurs among all customers, unnormalised."""

HABITS = 5
"""Categories that make up most of one customer's purchases."""

FRAUDS_PER_10_000 = {"huge amount": 20.0, "burst": 4.0, "odd place and hour": 30.0, "drain": 3.0}
"""Episodes per 10,000 ordinary transactions; a burst and a drain are several transactions."""


class Simulation(NamedTuple):
    """Simulated history, and the kind of fraud of each row ("" if it is not a fraud)."""

    history: History
    kinds: list[str]


@dataclass
class _Rows:
    """Transactions of one origin, as columns."""

    customer: npt.NDArray[np.int64]
    time: npt.NDArray[np.float64]
    amount: npt.NDArray[np.float64]
    category: npt.NDArray[np.str_]
    distance_km: npt.NDArray[np.float64]
    kind: str = ""

    def frame(self) -> pl.DataFrame:
        return pl.DataFrame(
            {
                "customer": self.customer,
                "time": self.time,
                "amount": np.maximum(self.amount, 0.5).round(2),
                "category": self.category,
                "distance_km": np.maximum(self.distance_km, 0.0).round(1),
            }
        ).with_columns(pl.lit(self.kind).alias("kind"))


def simulate(count: int, *, seed: int) -> Simulation:
    """Simulate at least `count` transactions in time order.

    Parameters
    ----------
    count
        Number of ordinary transactions; the frauds are added to them.
    seed
        The same seed gives the same rows.
    """
    rng = np.random.default_rng(seed)
    days = max(count / (CUSTOMERS * TRANSACTIONS_PER_DAY), 1.0)
    shares = POPULARITY / POPULARITY.sum()
    habits = _habits(rng, shares)
    spending = rng.lognormal(0.0, 0.35, CUSTOMERS)
    parts = [_ordinary(rng, count, days, habits, spending)]
    for kind, per_10_000 in FRAUDS_PER_10_000.items():
        episodes = max(round(count * per_10_000 / 10_000), 1)
        parts += [_fraud(rng, kind, days, spending) for _ in range(episodes)]
    frame = pl.concat([part.frame() for part in parts]).sort("time", maintain_order=True)
    frame = frame.with_columns(pl.Series("balance", _balances(frame, rng)))
    customers = [f"card-{customer:04d}" for customer in frame["customer"].to_list()]
    kinds = frame["kind"].to_list()
    history = History(
        source=f"simulator seed {seed}",
        frame=frame.select("amount", "category", "distance_km", "balance"),
        entities=pl.Series(customers),
        ids=pl.int_range(len(frame), eager=True),
        times=frame["time"].to_numpy(),
        labels=np.array([kind != "" for kind in kinds]),
        roles=Roles(key="entity", time="time", id="id", label="is_fraud"),
    )
    return Simulation(history, kinds)


def _habits(rng: np.random.Generator, shares: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Return each customer's probability of each category: a few habits, and a little of all."""
    habits = np.tile(0.1 * shares, (CUSTOMERS, 1))
    for customer in range(CUSTOMERS):
        favourites = rng.choice(len(shares), HABITS, replace=False, p=shares)
        habits[customer, favourites] += shares[favourites] / shares[favourites].sum() * 0.9
    normalised: npt.NDArray[np.float64] = habits / habits.sum(axis=1, keepdims=True)
    return normalised


def _ordinary(
    rng: np.random.Generator,
    count: int,
    days: float,
    habits: npt.NDArray[np.float64],
    spending: npt.NDArray[np.float64],
) -> _Rows:
    customer = rng.integers(0, CUSTOMERS, count)
    wakes = rng.normal(13.5, 2.0, CUSTOMERS)
    hour = np.clip(rng.normal(wakes[customer], 3.2), 0.0, 23.99)
    day = np.floor(rng.uniform(0.0, days, count))
    chosen = (habits[customer].cumsum(axis=1) < rng.random((count, 1))).sum(axis=1)
    chosen = np.minimum(chosen, len(CATEGORIES) - 1)
    usual = np.array(list(CATEGORIES.values()))[chosen]
    return _Rows(
        customer=customer,
        time=START + day * DAY + hour * HOUR,
        amount=usual * spending[customer] * rng.lognormal(0.0, 0.45, count),
        category=np.array(list(CATEGORIES))[chosen],
        distance_km=rng.lognormal(1.4, 1.0, count),
    )


def _fraud(
    rng: np.random.Generator, kind: str, days: float, spending: npt.NDArray[np.float64]
) -> _Rows:
    customer = int(rng.integers(CUSTOMERS))
    day = START + np.floor(rng.uniform(0.0, days)) * DAY
    rows: tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike, npt.ArrayLike]
    if kind == "huge amount":
        category = rng.choice(["electronics", "travel", "clothing", "household"])
        amount = CATEGORIES[str(category)] * spending[customer] * rng.uniform(15.0, 60.0)
        rows = (rng.uniform(9.0, 21.0, 1) * HOUR, [amount], [category], rng.lognormal(1.5, 1.0, 1))
    elif kind == "burst":
        size = int(rng.integers(8, 13))
        begin = rng.uniform(8.0, 23.0) * HOUR
        rows = (
            begin + np.sort(rng.uniform(0.0, 4 * MINUTE, size)),
            rng.uniform(120.0, 450.0, size),
            rng.choice(["electronics", "jewellery", "gambling"], size),
            np.full(size, rng.uniform(100.0, 900.0)),
        )
    elif kind == "odd place and hour":
        rows = (
            rng.uniform(1.5, 4.5, 1) * HOUR,
            [rng.uniform(40.0, 400.0)],
            rng.choice(["jewellery", "gambling", "travel", "electronics"], 1),
            rng.uniform(500.0, 8_000.0, 1),
        )
    else:
        size = int(rng.integers(9, 15))
        begin = rng.uniform(6.0, 20.0) * HOUR
        rows = (
            begin + np.sort(rng.uniform(0.0, 3 * HOUR, size)),
            np.full(size, float(rng.choice([100.0, 150.0, 200.0]))),
            np.full(size, "cash"),
            np.full(size, rng.uniform(20.0, 120.0)),
        )
    time, amounts, categories, distances = map(np.asarray, rows)
    return _Rows(
        customer=np.full(len(time), customer),
        time=day + time,
        amount=amounts,
        category=categories,
        distance_km=distances,
        kind=kind,
    )


def _balances(frame: pl.DataFrame, rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return the balance after each transaction: income refills it, drains empty it."""
    customer = frame["customer"].to_numpy()
    amount = frame["amount"].to_numpy()
    drained = (frame["kind"] == "drain").to_numpy()
    time = frame["time"].to_numpy()
    level = rng.lognormal(7.6, 0.5, CUSTOMERS)
    current, seen = level.copy(), np.full(CUSTOMERS, START)
    balances = np.empty(len(frame))
    for row in range(len(frame)):
        who = customer[row]
        recovered = 1.0 - np.exp(-(time[row] - seen[who]) / (3 * DAY))
        current[who] += (level[who] - current[who]) * recovered
        taken = max(amount[row], current[who] * 0.25) if drained[row] else amount[row]
        current[who] = max(current[who] - taken, 5.0)
        seen[who] = time[row]
        balances[row] = current[who]
    return balances.round(2)
