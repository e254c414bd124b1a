"""Card customers with habits, and frauds among their transactions.

Ordinary are also shopping on Saturdays, many payments in a few hours, and holidays far away.
"""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import polars as pl

from demo.simulators import frauds
from demo.simulators.payments import (
    CUSTOMERS,
    HABITS,
    START,
    Customers,
    Payments,
    merchants,
    shares,
)
from demo.simulators.simulation import DAY, HOUR, Simulation, simulation

KINDS = frauds.KINDS

TRANSACTIONS_PER_DAY = 4.0
"""Of a customer, on average."""

FIRST_SATURDAY = 2

SHOPPERS_PER_10_000, TRAVELLERS_PER_10_000 = 20.0, 1.0
"""Episodes of ordinary customers per 10,000 transactions."""


def simulate(count: int, *, seed: int) -> Simulation:
    """Simulate card transactions; see `demo.simulators.simulation.Simulate`.

    Frauds, shopping and holidays are added to `count` transactions of ordinary days.
    """
    rng = np.random.default_rng(seed)
    days = max(count / (CUSTOMERS * TRANSACTIONS_PER_DAY), 1.0)
    habits = _habits(rng)
    spending = rng.lognormal(0.0, 0.35, CUSTOMERS)
    who = rng.integers(0, CUSTOMERS, count)
    customers = Customers(habits, spending, rng.normal(13.5, 2.0, CUSTOMERS))
    parts = [_ordinary_days(rng, customers, who, days)]
    parts += frauds.with_stolen_cards(rng, count, days, spending)
    # With numbers of their own, so that those above are the same with and without them.
    more = np.random.default_rng([seed, 1])
    parts += _shopping(more, customers, count, days)
    parts += _holidays(more, customers, count, days)
    parts += frauds.unlike_the_owner(more, count, days, customers)
    parts += frauds.card_testing(more, count, days)
    frame = pl.concat([part.frame() for part in parts]).sort("time", maintain_order=True)
    names = [f"card-{customer:04d}" for customer in frame["customer"].to_list()]
    rows = frame.select(
        pl.Series("entity", names),
        "time",
        "kind",
        "amount",
        "category",
        merchants(frame, more),
        "distance_km",
        pl.Series("balance", _balances(frame, rng)),
    )
    return simulation(rows, source=f"simulated cards, seed {seed}", label="is_fraud")


def _habits(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    """Return each customer's probability of each category: a few habits, and a little of all."""
    all_shares = shares()
    habits = np.tile(0.1 * all_shares, (CUSTOMERS, 1))
    for customer in range(CUSTOMERS):
        favourites = rng.choice(len(all_shares), HABITS, replace=False, p=all_shares)
        habits[customer, favourites] += all_shares[favourites] / all_shares[favourites].sum() * 0.9
    normalised: npt.NDArray[np.float64] = habits / habits.sum(axis=1, keepdims=True)
    return normalised


def _ordinary_days(
    rng: np.random.Generator, customers: Customers, who: npt.NDArray[np.int64], days: float
) -> Payments:
    hour = np.clip(rng.normal(customers.noon[who], 3.2), 0.0, 23.99)
    day = np.floor(rng.uniform(0.0, days, len(who)))
    category, amount = customers.purchases(rng, who)
    return Payments(
        customer=who,
        time=START + day * DAY + hour * HOUR,
        amount=amount,
        category=category,
        distance_km=rng.lognormal(1.4, 1.0, len(who)),
    )


def _shopping(
    rng: np.random.Generator, customers: Customers, count: int, days: float
) -> Iterator[Payments]:
    """Yield busy Saturdays: several payments of one customer in a few hours."""
    saturdays = np.arange(FIRST_SATURDAY, int(days), 7)
    trips = round(count * SHOPPERS_PER_10_000 / 10_000) if len(saturdays) else 0
    for _ in range(trips):
        size = int(rng.integers(4, 10))
        who = np.full(size, rng.integers(CUSTOMERS))
        begin = rng.choice(saturdays) * DAY + rng.uniform(9.0, 15.0) * HOUR
        category, amount = customers.purchases(rng, who)
        yield Payments(
            customer=who,
            time=START + begin + np.sort(rng.uniform(0.0, 4.0, size)) * HOUR,
            amount=amount,
            category=category,
            distance_km=rng.lognormal(2.2, 0.3) * rng.lognormal(0.0, 0.2, size),
        )


def _holidays(
    rng: np.random.Generator, customers: Customers, count: int, days: float
) -> Iterator[Payments]:
    """Yield some days of a customer far away, with the habits of home."""
    for _ in range(round(count * TRAVELLERS_PER_10_000 / 10_000)):
        stay = min(int(rng.integers(4, 10)), int(days))
        size = int(rng.poisson(TRANSACTIONS_PER_DAY * stay))
        who = np.full(size, rng.integers(CUSTOMERS))
        day = int(rng.integers(int(days) - stay + 1)) + np.sort(rng.integers(0, stay, size))
        hour = np.clip(rng.normal(customers.noon[who], 3.2), 0.0, 23.99)
        category, amount = customers.purchases(rng, who)
        yield Payments(
            customer=who,
            time=START + day * DAY + hour * HOUR,
            amount=amount,
            category=category,
            distance_km=rng.uniform(200.0, 2_500.0) + rng.lognormal(1.4, 1.0, size),
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
