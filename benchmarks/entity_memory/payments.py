"""Payments of many cards: the records of `benchmarks.records`, with an entity's own past."""

from dataclasses import dataclass

import numpy as np

from anomaly_app.core.arrays import Vector
from benchmarks.plan import PARTITIONS
from benchmarks.records import FEATURES, FIRST_TIME, SEED, Block

AMOUNT = FEATURES[0]
NAMES = ("amount", *FEATURES[1:])
MERCHANTS = 1_000

INTERVAL_MS = 86_400_000
"""Milliseconds between two payments of a card, on average, however many cards there are."""

LARGE = 60.0
"""Only injected anomalies have an amount above this."""


@dataclass(frozen=True)
class Payments:
    """Writes the payments of a number of cards; each card has its payments in one partition.

    Every card pays once at first, and from then on they pay at random.

    Parameters
    ----------
    cards
        Number of cards, a multiple of the number of partitions.
    partitions
        Payment ``id`` goes to partition ``id % partitions``.
    """

    cards: int
    partitions: int = PARTITIONS

    def __call__(self, block: Block) -> list[tuple[bytes, bytes]]:
        """Write the keys and values of a block's payments."""
        times = np.datetime_as_string(self.times(block).astype("datetime64[ms]"), unit="ms")
        return [
            (
                b"card-%d" % card,
                (
                    f'{{"id": {number}, "entity": "card-{card}", "time": "{time}Z", "features": '
                    f'{{"merchant": "shop-{shop}", '
                    + ", ".join(
                        [f'"{name}": {value!r}' for name, value in zip(NAMES, row, strict=True)]
                    )
                    + "}}"
                ).encode(),
            )
            for number, card, shop, time, row in zip(
                block.ids,
                self.cards_of(block),
                self.merchants_of(block),
                times,
                block.matrix.tolist(),
                strict=True,
            )
        ]

    def cards_of(self, block: Block) -> list[int]:
        """Return the card of each payment."""
        numbers = np.array(block.ids)
        own = self.cards // self.partitions
        random = np.random.default_rng([SEED, block.first, 1]).integers(0, own, len(numbers))
        index = np.where(numbers < self.cards, numbers // self.partitions, random)
        cards: list[int] = (index * self.partitions + numbers % self.partitions).tolist()
        return cards

    @staticmethod
    def merchants_of(block: Block) -> list[int]:
        """Return the merchant of each payment."""
        random = np.random.default_rng([SEED, block.first, 2])
        shops: list[int] = random.integers(0, MERCHANTS, len(block.ids)).tolist()
        return shops

    def times(self, block: Block) -> Vector:
        """Return the time of each payment, in milliseconds since the epoch."""
        first = FIRST_TIME.astype("datetime64[ms]").astype(np.int64)
        times: Vector = first + np.array(block.ids) * (INTERVAL_MS / self.cards)
        return times
