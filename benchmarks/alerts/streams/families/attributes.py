"""Draw attributes of entities, places and records."""

from collections.abc import Mapping

import numpy as np
import polars as pl

PRIME = 1_299_709


def drawn(rng: np.random.Generator, of: pl.Series, shares: Mapping[str, float]) -> pl.Series:
    """Draw a value for each distinct text, by the shares of the values.

    Parameters
    ----------
    rng
        Source of the values.
    of
        The texts, such as entities: equal ones get the same value.
    shares
        Of the values, not normalised.
    """
    names = of.unique().sort()
    weights = np.array([*shares.values()])
    chosen = rng.choice(np.array([*shares]), len(names), p=weights / weights.sum())
    return _mapped(of, names, pl.Series(chosen))


def numbered(rng: np.random.Generator, of: pl.Series, stem: str, digits: int) -> pl.Series:
    """Give each distinct text a number of its own, such as ``T-40031927``."""
    names = of.unique().sort()
    least = 10 ** (digits - 1)
    # Multiples of a number without common divisors are distinct, and look like no sequence.
    first = int(rng.integers(9 * least))
    numbers = least + (first + np.arange(len(names)) * PRIME) % (9 * least)
    return _mapped(of, names, stem + pl.Series(numbers).cast(pl.String))


def falling(stem: str, count: int, exponent: float = 1.0) -> dict[str, float]:
    """Return values ``stem-01``, ``stem-02``, …, each less frequent than the one before."""
    shares = 1.0 / np.arange(1, count + 1) ** exponent
    width = len(str(count))
    return {f"{stem}-{at:0{width}d}": float(share) for at, share in enumerate(shares, 1)}


def _mapped(of: pl.Series, names: pl.Series, values: pl.Series) -> pl.Series:
    table = pl.DataFrame({"name": names, "value": values})
    found = pl.DataFrame({"name": of}).join(table, on="name", how="left", maintain_order="left")
    return found["value"].alias("")
