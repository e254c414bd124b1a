"""Frauds with cards: what thieves do."""

from collections.abc import Iterator

import numpy as np
import numpy.typing as npt

from demo.simulators.payments import (
    CATEGORIES,
    CUSTOMERS,
    MERCHANTS,
    START,
    Customers,
    Payments,
    shares,
)
from demo.simulators.simulation import DAY, HOUR, MINUTE, Kind

KINDS: dict[str, Kind] = {
    "huge amount": Kind("point", 20.0),
    "burst": Kind("collective", 4.0, (8, 12)),
    "odd place and hour": Kind("contextual", 30.0),
    "drain": Kind("collective", 3.0, (9, 14)),
    "unlike the owner": Kind("contextual", 6.0, (3, 5)),
    "card testing": Kind("collective", 0.8, (15, 25)),
}
"""Lengths in payments."""

STOLEN_CARDS = ("huge amount", "burst", "odd place and hour", "drain")
"""Frauds with one card that look alike whose card it is."""

AFTERNOON = 14.0
"""Hour: those whose day has its middle earlier are robbed in the evening, others in the morning."""

UNUSUAL = 0.03
"""Share of a customer's purchases below which a category is not a habit."""


def with_stolen_cards(
    rng: np.random.Generator, count: int, days: float, spending: npt.NDArray[np.float64]
) -> Iterator[Payments]:
    """Yield the episodes of `STOLEN_CARDS` among `count` ordinary payments."""
    for kind in STOLEN_CARDS:
        for _ in range(KINDS[kind].episodes(count)):
            yield _with_stolen_card(rng, kind, days, spending)


def unlike_the_owner(
    rng: np.random.Generator, count: int, days: float, customers: Customers
) -> Iterator[Payments]:
    """Yield payments as others make them, but not the owner: what, when and how much.

    Each could be anybody's ordinary payment.
    """
    kind = KINDS["unlike the owner"]
    names = np.array(list(CATEGORIES))
    for _ in range(kind.episodes(count)):
        owner = int(rng.integers(CUSTOMERS))
        size = int(rng.integers(kind.length[0], kind.length[1] + 1))
        others = np.where(customers.habits[owner] < UNUSUAL, shares(), 0.0)
        chosen = rng.choice(len(names), size, p=others / others.sum())
        noon = customers.noon[owner]
        apart = rng.uniform(6.0, 8.5)
        hour = noon + apart if noon < AFTERNOON else noon - apart
        begin = START + np.floor(rng.uniform(0.0, days)) * DAY + hour * HOUR
        price = np.array(list(CATEGORIES.values()))[chosen] * rng.lognormal(0.0, 0.45, size)
        yield Payments(
            customer=np.full(size, owner),
            time=begin + np.sort(rng.uniform(0.0, 2 * HOUR, size)),
            amount=price * rng.lognormal(0.4, 0.2),
            category=names[chosen],
            distance_km=rng.lognormal(2.2, 0.8, size),
            kind="unlike the owner",
        )


def card_testing(rng: np.random.Generator, count: int, days: float) -> Iterator[Payments]:
    """Yield small payments with many cards at one merchant, to see which cards are good."""
    kind = KINDS["card testing"]
    for _ in range(kind.episodes(count)):
        size = int(rng.integers(kind.length[0], kind.length[1] + 1))
        begin = START + np.floor(rng.uniform(0.0, days)) * DAY + rng.uniform(7.0, 22.0) * HOUR
        yield Payments(
            customer=rng.choice(CUSTOMERS, size, replace=False),
            time=begin + np.sort(rng.uniform(0.0, rng.uniform(5.0, 20.0) * MINUTE, size)),
            amount=rng.uniform(1.0, 4.0, size),
            category=np.full(size, rng.choice(["transport", "books", "entertainment"])),
            distance_km=rng.lognormal(1.4, 1.0, size),
            kind="card testing",
            merchant=int(rng.integers(1, MERCHANTS + 1)),
        )


def _with_stolen_card(
    rng: np.random.Generator, kind: str, days: float, spending: npt.NDArray[np.float64]
) -> Payments:
    shortest, longest = KINDS[kind].length
    customer = int(rng.integers(CUSTOMERS))
    day = START + np.floor(rng.uniform(0.0, days)) * DAY
    rows: tuple[npt.ArrayLike, npt.ArrayLike, npt.ArrayLike, npt.ArrayLike]
    if kind == "huge amount":
        category = rng.choice(["electronics", "travel", "clothing", "household"])
        amount = CATEGORIES[str(category)] * spending[customer] * rng.uniform(15.0, 60.0)
        rows = (rng.uniform(9.0, 21.0, 1) * HOUR, [amount], [category], rng.lognormal(1.5, 1.0, 1))
    elif kind == "burst":
        size = int(rng.integers(shortest, longest + 1))
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
        size = int(rng.integers(shortest, longest + 1))
        begin = rng.uniform(6.0, 20.0) * HOUR
        rows = (
            begin + np.sort(rng.uniform(0.0, 3 * HOUR, size)),
            np.full(size, float(rng.choice([100.0, 150.0, 200.0]))),
            np.full(size, "cash"),
            np.full(size, rng.uniform(20.0, 120.0)),
        )
    time, amounts, categories, distances = map(np.asarray, rows)
    return Payments(
        customer=np.full(len(time), customer),
        time=day + time,
        amount=amounts,
        category=categories,
        distance_km=distances,
        kind=kind,
    )
