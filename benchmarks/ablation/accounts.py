"""Transfers among accounts, some of which launder money."""

from collections.abc import Iterator, Sequence

import numpy as np
import polars as pl

from benchmarks.ablation.stream import DAY, HOUR, START, Column, Rows, history_of
from training.history import History

ACCOUNTS = 400
REPORTED = 10_000.0
"""Transfers from here on are reported: structuring stays below it."""

KNOWN = 0.85
"""Share of ordinary transfers to one of a few partners."""

KINDS = ("fan-out", "structuring", "cycle", "fan-in")


def simulate(rows: int, *, seed: int, kinds: Sequence[str] = KINDS) -> History:
    """Simulate about `rows` transfers; the entity is the account that pays.

    Parameters
    ----------
    rows
        Number of ordinary transfers.
    seed
        The same seed gives the same rows.
    kinds
        Of `KINDS`: how money is laundered.
    """
    random = np.random.default_rng(seed)
    rate = random.lognormal(0.0, 0.8, ACCOUNTS)
    usual = random.lognormal(5.5, 1.2, ACCOUNTS)
    partners = random.integers(0, ACCOUNTS, (ACCOUNTS, 6))
    who = random.choice(ACCOUNTS, rows, p=rate / rate.sum())
    days = rows / ACCOUNTS / 1.5
    partner = partners[who, random.integers(0, partners.shape[1], rows)]
    is_known = random.random(rows) < KNOWN
    to = np.where(is_known, partner, random.integers(0, ACCOUNTS, rows))
    hour = np.clip(random.normal(13.0, 3.5, rows), 0.0, 23.99)
    when = np.floor(random.uniform(0.0, days, rows)) * DAY + hour * HOUR
    amount = usual[who] * random.lognormal(0.0, 0.8, rows)
    parts = [_frame(who, when, amount, to, "")]
    for kind in kinds:
        for _ in range(max(round(rows / 4_000), 2)):
            begin = random.uniform(0.0, days) * DAY
            parts += _laundering(random, kind, begin, usual)
    return history_of(Rows(pl.concat(parts), "accounts", "account"))


def _laundering(
    random: np.random.Generator, kind: str, begin: float, usual: Column
) -> Iterator[pl.DataFrame]:
    size = int(random.integers(6, 15))
    some = random.choice(ACCOUNTS, size + 1, replace=False)
    hub, others = np.full(size, some[0]), some[1:]
    much = float(np.median(usual)) * random.uniform(3.0, 15.0)
    span = np.sort(random.uniform(0.0, 2 * DAY, size))
    if kind == "fan-out":
        yield _frame(hub, begin + span, much * random.lognormal(0.0, 0.15, size), others, kind)
    elif kind == "fan-in":
        yield _frame(others, begin + span, much * random.lognormal(0.0, 0.15, size), hub, kind)
    elif kind == "cycle":
        left = much * 4.0 * np.cumprod(random.uniform(0.93, 0.99, size))
        yield _frame(others, begin + 2.0 * span, left, np.roll(others, -1), kind)
    else:
        below = REPORTED * random.uniform(0.8, 0.99, size)
        yield _frame(hub, begin + 3.0 * span, below, random.choice(others, size), kind)


def _frame(who: Column, when: Column, amount: Column, to: Column, kind: str) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "entity": [f"account-{one}" for one in who],
            "time": START + when,
            "kind": [kind] * len(who),
            "amount": np.round(amount, 2),
            "recipient": [f"account-{one}" for one in to],
        }
    )
