"""Card payments as in the fraud detection handbook: customers, terminals near them, and frauds.

After Le Borgne, Siblini, Lebichot and Bontempi, *Reproducible machine learning for credit card
fraud detection*, 2022, chapter 3, with its first and third scenario. A second scenario of its own
is a card that is emptied within hours. Compromised terminals are left out: their payments are as
usual, and only labels tell them.
"""

import numpy as np
import polars as pl

from benchmarks.ablation.stream import DAY, HOUR, START, Column, Rows, history_of
from training.history import History

CUSTOMERS = 300
TERMINALS = 400
RADIUS = 8.0
"""Distance within which a customer uses terminals, on a square of side 100."""

LARGE, LARGE_RATE = 220.0, 2e-4
"""The first scenario: an amount that is above this, and how frequent it is."""


def simulate(rows: int, *, seed: int, heavy: bool = False) -> History:
    """Simulate about `rows` payments in time order.

    Parameters
    ----------
    rows
        Number of payments, roughly.
    seed
        The same seed gives the same rows.
    heavy
        Whether amounts have long tails instead of normal ones, so that frauds are more like what
        customers do.
    """
    random = np.random.default_rng([seed, heavy])
    rate = random.uniform(0.3, 4.0, CUSTOMERS)
    days = rows / rate.sum()
    mean = random.uniform(5.0, 100.0, CUSTOMERS)
    if heavy:
        mean = random.lognormal(3.0, 1.0, CUSTOMERS)
    near = _near(random)
    who = random.choice(CUSTOMERS, rows, p=rate / rate.sum())
    hour = np.clip(random.normal(12.0, 5.5, rows), 0.0, 23.99)
    when = np.floor(random.uniform(0.0, days, rows)) * DAY + hour * HOUR
    spread = random.lognormal(0.0, 0.7, rows) if heavy else 1.0 + 0.5 * random.normal(size=rows)
    amount = np.maximum(mean[who] * spread, random.uniform(0.5, 2.0, rows))
    kinds = np.full(rows, "", dtype=object)
    terminal = np.array([random.choice(near[one]) for one in who])
    large = random.random(rows) < LARGE_RATE
    amount = np.where(large, random.uniform(LARGE, 2.0 * LARGE, rows), amount)
    kinds[large] = "large"
    _take_over(random, days, who, when, amount, kinds, factor=3.0 if heavy else 5.0)
    parts = [_frame(who, when, amount, terminal, kinds)]
    parts += _emptied(random, round(days / 4) + 2, days, mean)
    return history_of(Rows(pl.concat(parts), "handbook cards", "card"))


def _near(random: np.random.Generator) -> list[Column]:
    """Return the terminals that each customer uses."""
    homes = random.uniform(0.0, 100.0, (CUSTOMERS, 2))
    places = random.uniform(0.0, 100.0, (TERMINALS, 2))
    found = []
    for home in homes:
        apart = np.hypot(*(places - home).T)
        within = np.flatnonzero(apart < RADIUS)
        found.append(within if len(within) else np.array([apart.argmin()]))
    return found


def _take_over(
    random: np.random.Generator, days: float, who: Column, when: Column,
    amount: Column, kinds: Column, *, factor: float,
) -> None:  # fmt: skip
    """For a fortnight, a third of a customer's payments are several times as high."""
    for _ in range(max(round(days / 2), 3)):
        customer, begin = random.integers(CUSTOMERS), random.uniform(0.0, days) * DAY
        during = (who == customer) & (when >= begin) & (when < begin + 14 * DAY)
        chosen = np.flatnonzero(during & (random.random(len(who)) < 1 / 3))
        amount[chosen] *= factor
        kinds[chosen] = "taken over"


def _emptied(
    random: np.random.Generator, episodes: int, days: float, mean: Column
) -> list[pl.DataFrame]:
    """Within a few hours, several payments at terminals anywhere, each as high as usual ones."""
    made = []
    for _ in range(episodes):
        size = int(random.integers(6, 12))
        customer = np.full(size, random.integers(CUSTOMERS))
        begin = random.uniform(0.0, days) * DAY
        when = begin + np.sort(random.uniform(0.0, 5 * HOUR, size))
        amount = mean[customer] * random.uniform(0.8, 2.0, size)
        terminal = random.integers(0, TERMINALS, size)
        made.append(_frame(customer, when, amount, terminal, np.full(size, "emptied", object)))
    return made


def _frame(
    who: Column, when: Column, amount: Column, terminal: Column, kinds: Column
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "entity": [f"customer-{one}" for one in who],
            "time": START + when,
            "kind": kinds.tolist(),
            "amount": np.round(amount, 2),
            "terminal": [f"t{one}" for one in terminal],
        }
    )
