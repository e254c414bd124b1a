"""Card payments as rows, and the customers who make them."""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

START = 1_767_225_600.0
"""2026-01-01 in UTC, a Thursday: the first simulated second."""

CUSTOMERS = 400

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

MERCHANTS = 15
"""Merchants of each category near the customers; as many are far away."""

FAR = 100.0
"""Distance of the merchants that are far away, in km."""

LOYALTY = 0.6
"""Share of the purchases of a category at the customer's favourite merchant."""


class Customers(NamedTuple):
    """The habits of the customers, one row for each."""

    habits: npt.NDArray[np.float64]
    """How likely each category is: a few habits, and a little of all."""
    spending: npt.NDArray[np.float64]
    """What they pay, as a multiple of the usual price."""
    noon: npt.NDArray[np.float64]
    """Middle of their day, as an hour."""

    def purchases(
        self, rng: np.random.Generator, who: npt.NDArray[np.int64]
    ) -> tuple[npt.NDArray[np.str_], npt.NDArray[np.float64]]:
        """Return categories and amounts of ordinary purchases, one for each of `who`."""
        below = self.habits[who].cumsum(axis=1) < rng.random((len(who), 1))
        chosen = np.minimum(below.sum(axis=1), len(CATEGORIES) - 1)
        usual = np.array(list(CATEGORIES.values()))[chosen]
        amounts = usual * self.spending[who] * rng.lognormal(0.0, 0.45, len(who))
        return np.array(list(CATEGORIES))[chosen], amounts


@dataclass
class Payments:
    """Payments of one origin, as columns.

    Parameters
    ----------
    customer
        Numbers of the customers, shape ``(rows,)`` as all columns.
    time
        Seconds since the epoch.
    amount
        Euros.
    category
        One of `CATEGORIES`.
    distance_km
        From the customer's home.
    kind
        Kind of the fraud.
    merchant
        Number of the merchant in its category, from 1; 0: wherever the customer goes.
    """

    customer: npt.NDArray[np.int64]
    time: npt.NDArray[np.float64]
    amount: npt.NDArray[np.float64]
    category: npt.NDArray[np.str_]
    distance_km: npt.NDArray[np.float64]
    kind: str = ""
    merchant: int = 0

    def frame(self) -> pl.DataFrame:
        """Return the payments as a table, with the precision that a record has."""
        return pl.DataFrame(
            {
                "customer": self.customer,
                "time": self.time,
                "amount": np.maximum(self.amount, 0.5).round(2),
                "category": self.category,
                "distance_km": np.maximum(self.distance_km, 0.0).round(1),
            }
        ).with_columns(
            pl.lit(self.kind).alias("kind"),
            pl.lit(self.merchant, dtype=pl.Int64).alias("merchant"),
        )


def shares() -> npt.NDArray[np.float64]:
    """Return how likely each category is among all customers."""
    popularity: npt.NDArray[np.float64] = POPULARITY / POPULARITY.sum()
    return popularity


def merchants(frame: pl.DataFrame, rng: np.random.Generator) -> pl.Series:
    """Return the merchant of each payment, such as ``fuel-07``.

    Parameters
    ----------
    frame
        Payments as `Payments.frame` returns them.
    rng
        Source of the favourite merchants and of the others.
    """
    rows = len(frame)
    category = frame["category"].replace_strict(list(CATEGORIES), range(len(CATEGORIES))).to_numpy()
    favourites = rng.integers(1, MERCHANTS + 1, (CUSTOMERS, len(CATEGORIES)))
    others = 1 + (MERCHANTS * rng.random(rows) ** 2).astype(np.int64)
    near = np.where(
        rng.random(rows) < LOYALTY, favourites[frame["customer"].to_numpy(), category], others
    )
    usual = np.where(frame["distance_km"].to_numpy() > FAR, MERCHANTS + others, near)
    said = frame["merchant"].to_numpy()
    numbers = pl.Series(np.where(said == 0, usual, said)).cast(pl.String).str.zfill(2)
    return (frame["category"] + "-" + numbers).alias("merchant")
