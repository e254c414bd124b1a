"""Labelled sets as histories are at their worst: wide, tiny, discrete, heavy, full of gaps.

`SETS` names them. `split_set` draws one as the benchmark of detectors splits sets, with a history
as long as it says. ``python -m tests.support.hard_sets FOLDER`` writes all of them as files for
``python -m training benchmark --data FOLDER``.
"""

import sys
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import numpy as np
import numpy.typing as npt

from anomaly_app.core.model.estimator import Preparation
from training.evaluation.protocols import CONTAMINATION, MAX_ROWS, LabelledSet, Protocol, Split

Matrix: TypeAlias = npt.NDArray[np.float64]
Random: TypeAlias = np.random.Generator
Draw: TypeAlias = Callable[[Random, int, int], tuple[Matrix, Matrix]]
"""From so many ordinary rows and so many anomalies to both; NaN is missing."""


@dataclass(frozen=True)
class HardSet:
    """A kind of rows, and how many of them make a set.

    Parameters
    ----------
    draw
        Its rows.
    history
        Rows that are learnt from.
    rate
        Share of anomalies in the whole set.
    categories
        Columns of codes, which become rarities.
    """

    draw: Draw
    history: int
    rate: float
    categories: tuple[int, ...]


SETS: dict[str, HardSet] = {}
"""All sets by name."""


def hard_set(
    history: int = 1_000, rate: float = 0.03, categories: tuple[int, ...] = ()
) -> Callable[[Draw], Draw]:
    def add(draw: Draw) -> Draw:
        SETS[draw.__name__] = HardSet(draw, history, rate, categories)
        return draw

    return add


def split_set(
    name: str,
    protocol: Protocol,
    seed: int,
    *,
    most: int | None = None,
    ordinary: int = 1_000,
    odd: int = 200,
) -> Split:
    """Draw what is learnt from, and fresh rows to test on, as many as it takes to tell.

    Protocols are the benchmark's: history is ordinary rows, and anomalies with them in C. What is
    missing and what is a code are prepared as a model's pipeline prepares them. `most` bounds the
    history.
    """
    made = SETS[name]
    rows = made.history if most is None else min(made.history, most)
    dirt = round(rows * CONTAMINATION) if protocol == "C" else 0
    usual, unusual = made.draw(np.random.default_rng(seed), rows - dirt + ordinary, dirt + odd)
    known = np.vstack([usual[: rows - dirt], unusual[:dirt]])
    preparation = Preparation(made.categories).fit(np.random.default_rng(seed).permutation(known))
    return Split(
        preparation.prepare(np.random.default_rng(seed).permutation(known)),
        preparation.prepare(np.vstack([usual[rows - dirt :], unusual[dirt:]])),
        np.arange(ordinary + odd) >= ordinary,
    )


def whole_set(name: str, seed: int = 0) -> LabelledSet:
    """Draw a set for the benchmark of detectors, which takes half of its ordinary rows as history.

    Preparation has learnt from all rows, and not from the history alone.
    """
    made = SETS[name]
    ordinary = min(2 * made.history, MAX_ROWS)
    odd = max(round(ordinary * made.rate / (1.0 - made.rate)), 2)
    usual, unusual = made.draw(np.random.default_rng(seed), ordinary, odd)
    order = np.random.default_rng(seed).permutation(ordinary + odd)
    matrix = np.vstack([usual, unusual])[order]
    prepared = Preparation(made.categories).fit(matrix).prepare(matrix)
    return LabelledSet(name, prepared, order >= ordinary)


def write_sets(folder: Path, names: Iterable[str] = SETS) -> None:
    """Write sets as the benchmark of detectors reads them."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        made = whole_set(name)
        np.savez_compressed(folder / f"{name}.npz", X=made.matrix, y=made.labels)


def mixing(random: Random, features: int, factors: int) -> Matrix:
    """Draw loadings of factors with unit variance for each feature."""
    loadings = random.normal(size=(factors, features))
    unit: Matrix = loadings / np.linalg.norm(loadings, axis=0)
    return unit


def shuffled(random: Random, matrix: Matrix, columns: npt.NDArray[np.intp]) -> Matrix:
    """Permute each of these columns by itself: the same values, no longer together."""
    changed = matrix.copy()
    changed[:, columns] = random.permuted(matrix[:, columns], axis=0)
    return changed


def in_some(random: Random, rows: int, features: int, many: int) -> npt.NDArray[np.bool_]:
    """Choose so many features of each row."""
    return random.random((rows, features)).argsort(axis=1) < many


# Few rows.


@hard_set(history=80, rate=0.05)
def tiny_correlated(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Six features of two factors; two features of anomalies are off by a deviation or so."""
    loadings = mixing(random, 6, 2)
    rows = random.normal(size=(ordinary + odd, 2)) @ loadings
    rows += 0.4 * random.normal(size=rows.shape)
    off = in_some(random, odd, 6, 2) * random.choice([-1.3, 1.3], (odd, 6))
    return rows[:ordinary], rows[ordinary:] + off


@hard_set(history=80, rate=0.05)
def tiny_wide(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Forty features of five factors, more than rows; anomalies have five values of others."""
    rows = random.normal(size=(ordinary + odd, 5)) @ mixing(random, 40, 5)
    rows += 0.3 * random.normal(size=rows.shape)
    unusual = rows[ordinary:].copy()
    swap = in_some(random, odd, 40, 6)
    unusual[swap] = random.normal(size=int(swap.sum()))
    return rows[:ordinary], unusual


@hard_set(history=80, rate=0.05)
def tiny_groups(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Three groups in four features; anomalies lie between two of them."""
    centres = random.normal(0.0, 3.0, (3, 4))
    groups = random.integers(0, 3, ordinary)
    usual = centres[groups] + random.normal(0.0, 0.7, (ordinary, 4))
    pairs = np.array([random.permutation(3)[:2] for _ in range(odd)])
    unusual = centres[pairs].mean(axis=1) + random.normal(0.0, 0.9, (odd, 4))
    return usual, unusual


@hard_set(history=80, rate=0.05)
def tiny_mixed(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Amounts, counts and flags as a small shop has them; anomalies have too much of two."""

    def draw(rows: int, more: Matrix) -> Matrix:
        size = random.normal(size=rows)
        return np.column_stack(
            [
                np.exp(3.0 + 0.5 * size + 0.4 * random.normal(size=rows) + 1.2 * more[:, 0]),
                random.poisson(np.exp(1.0 + 0.4 * size + 0.9 * more[:, 1])),
                random.random(rows) < 0.2 + 0.6 * more[:, 2],
                random.normal(size=rows) + 2.0 * more[:, 3],
                random.random(rows) < 0.05 + 0.4 * more[:, 4],
            ]
        ).astype(np.float64)

    return draw(ordinary, np.zeros((ordinary, 5))), draw(
        odd, np.where(in_some(random, odd, 5, 2), 1.0, 0.0)
    )


# Many rows.


@hard_set(history=500_000, rate=0.01)
def large_groups(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Forty groups of many scales in four features; anomalies are a little outside of theirs."""
    centres, scales = random.normal(0.0, 4.0, (40, 4)), np.exp(random.normal(-1.0, 0.8, 40))
    groups = random.integers(0, 40, ordinary + odd)
    around = random.normal(size=(ordinary + odd, 4))
    around[ordinary:] *= 3.5 / np.linalg.norm(around[ordinary:], axis=1, keepdims=True)
    around[ordinary:] *= random.uniform(0.9, 1.6, (odd, 1))
    rows = centres[groups] + scales[groups, np.newaxis] * around
    return rows[:ordinary], rows[ordinary:]


@hard_set(history=500_000, rate=0.01)
def large_amounts(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Amounts by hour, distance and merchant's size; anomalies are of another hour and size."""

    def draw(rows: int, own_hour: Matrix, own_size: Matrix) -> Matrix:
        hour = (random.normal(14.0, 4.0, rows)) % 24.0
        size = random.normal(size=rows)
        usual = np.where(own_hour > 0, hour, random.permutation(hour))
        merchant = np.where(own_size > 0, size, random.permutation(size))
        return np.column_stack(
            [
                hour,
                np.exp(3.0 + np.sin(usual / 24.0 * 2.0 * np.pi) + 0.3 * random.normal(size=rows)),
                np.exp(merchant + 0.2 * random.normal(size=rows)),
                np.exp(2.0 * size + 0.3 * random.normal(size=rows)),
                random.exponential(5.0, rows),
            ]
        )

    return draw(ordinary, np.ones(ordinary), np.ones(ordinary)), draw(
        odd, np.zeros(odd), np.zeros(odd)
    )


@hard_set(history=500_000, rate=0.01)
def large_repeated(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Six small counts of twenty habits, many rows the same; anomalies mix two habits."""
    habits = random.gamma(0.4, 12.0, (20, 6))
    customer = random.integers(0, 20, ordinary + odd)
    rate = habits[customer]
    other = habits[random.integers(0, 20, odd)]
    rate[ordinary:] = np.where(in_some(random, odd, 6, 3), other, rate[ordinary:])
    rows = random.poisson(rate).astype(np.float64)
    return rows[:ordinary], rows[ordinary:]


# Two columns.


@hard_set()
def two_moons(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Two half circles in a plane; anomalies are anywhere around."""
    angle, lower = random.uniform(0.0, np.pi, ordinary), random.random(ordinary) < 0.5
    x = np.where(lower, 1.0 - np.cos(angle), np.cos(angle))
    y = np.where(lower, 0.5 - np.sin(angle), np.sin(angle))
    usual = np.column_stack([x, y]) + random.normal(0.0, 0.08, (ordinary, 2))
    return usual, random.uniform([-1.3, -0.8], [2.3, 1.3], (odd, 2))


@hard_set()
def two_growing(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """A value and one that grows with it, and so does its spread; anomalies are off."""
    x = random.gamma(2.0, 2.0, ordinary + odd)
    noise = random.normal(size=ordinary + odd)
    noise[ordinary:] = random.choice([-1.0, 1.0], odd) * random.uniform(2.0, 6.0, odd)
    rows = np.column_stack([x, 2.0 * x + (0.1 + 0.3 * x) * noise])
    return rows[:ordinary], rows[ordinary:]


@hard_set()
def two_on_a_grid(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Places along the streets of a town; anomalies are off the streets."""
    street = random.integers(0, 8, ordinary) + random.normal(0.0, 0.04, ordinary)
    along = random.uniform(0.0, 7.0, ordinary)
    north = random.random(ordinary) < 0.5
    usual = np.column_stack([np.where(north, street, along), np.where(north, along, street)])
    return usual, random.uniform(0.0, 7.0, (odd, 2))


@hard_set()
def two_amounts(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """A rounded price and a quantity; anomalies have too many of what is dear."""
    rows = ordinary + odd
    price = np.exp(random.normal(3.0, 1.0, rows)).round(1)
    many = random.normal(3.0, 0.5, rows) - 0.8 * np.log(price + 1.0)
    many[ordinary:] += random.uniform(0.8, 2.0, odd)
    made = np.column_stack([price, 1.0 + random.poisson(np.exp(many))])
    return made[:ordinary], made[ordinary:]


# 1,500 columns.


@hard_set(history=300, rate=0.05)
def wide_blocks(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """1,500 columns in thirty blocks of one factor; anomalies have other values in a few."""
    factors = random.normal(size=(ordinary + odd, 30)).repeat(50, axis=1)
    rows = factors * random.choice([-1.0, 1.0], 1500) + 0.5 * random.normal(size=factors.shape)
    apart = in_some(random, odd, 30, 3).repeat(50, axis=1) & (random.random((odd, 1500)) < 0.25)
    unusual = np.where(apart, random.normal(0.0, 1.12, apart.shape), rows[ordinary:])
    return rows[:ordinary], unusual


@hard_set(history=300, rate=0.05)
def wide_independent(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """1,500 columns that have nothing to do with each other; in anomalies thirty are shifted."""
    rows = random.normal(size=(ordinary + odd, 1500))
    off = in_some(random, odd, 1500, 30) * random.choice([-2.2, 2.2], (odd, 1500))
    return rows[:ordinary], rows[ordinary:] + off


@hard_set(history=100, rate=0.05)
def wide_heavy(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """1,500 skewed columns of four factors, as genes' are; anomalies have a fifth factor."""
    loadings = random.normal(0.0, 0.5, (5, 1500)) * (random.random((5, 1500)) < 0.15)
    factors = random.normal(size=(ordinary + odd, 5))
    factors[:ordinary, 4] = 0.0
    factors[ordinary:, 4] = random.choice([-1.0, 1.0], odd) * random.uniform(0.7, 2.0, odd)
    rows = np.exp(factors @ loadings + 0.5 * random.normal(size=(ordinary + odd, 1500)))
    return rows[:ordinary], rows[ordinary:]


@hard_set(history=500, rate=0.03)
def wide_sparse(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Counts of 1,500 words in texts of ten topics; anomalies have some strange words."""
    topics = random.dirichlet(np.full(1500, 0.03), 10)
    shares = random.dirichlet(np.full(10, 0.1), ordinary)
    lengths = random.integers(60, 160, ordinary + odd)
    strange = random.dirichlet(np.full(1500, 0.03), odd)
    words = 0.85 * random.dirichlet(np.full(10, 0.1), odd) @ topics + 0.15 * strange
    rows = random.poisson(lengths[:, np.newaxis] * np.vstack([shares @ topics, words]))
    return rows[:ordinary].astype(np.float64), rows[ordinary:].astype(np.float64)


# Rows and values that occur again and again.


@hard_set()
def half_one_row(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Half of all rows are one and the same; in anomalies two of eight features go apart."""
    rows = random.normal(size=(ordinary + odd, 3)) @ mixing(random, 8, 3)
    rows = np.exp(rows + 0.2 * random.normal(size=rows.shape))
    usual, unusual = rows[:ordinary], rows[ordinary:]
    usual[random.random(ordinary) < 0.5] = np.exp(0.5)
    off = in_some(random, odd, 8, 2)
    return usual, np.where(off, unusual * np.exp(random.choice([-1.2, 1.2], (odd, 8))), unusual)


@hard_set()
def half_repeated(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Half of all rows are copies of other rows; anomalies are further out than their factors."""
    rows = random.normal(size=(ordinary + odd, 2)) @ mixing(random, 7, 2)
    rows += 0.3 * random.standard_t(4, size=rows.shape)
    rows[ordinary:] += in_some(random, odd, 7, 2) * random.choice([-1.6, 1.6], (odd, 7))
    copied = np.flatnonzero(random.random(ordinary) < 0.5)
    rows[copied] = rows[random.permutation(ordinary)[: len(copied)]]
    return rows[:ordinary], rows[ordinary:]


@hard_set()
def half_templates(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Half of all rows repeat one of twenty orders; anomalies mix two such orders."""
    orders = random.integers(0, 6, (20, 6)).astype(np.float64)
    usual = orders[random.integers(0, 20, ordinary)]
    free = random.random(ordinary) < 0.5
    usual[free] += random.normal(0.0, 0.4, (int(free.sum()), 6))
    one, other = orders[random.integers(0, 20, odd)], orders[random.integers(0, 20, odd)]
    mixed = np.where(in_some(random, odd, 6, 3), one, other)
    return usual, mixed + random.normal(0.0, 0.2, (odd, 6)).round(1)


@hard_set()
def three_values(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Ten columns of 0, 1 and 2, each like the one before; anomalies are the same columns apart."""

    def draw(rows: int, keep: float) -> Matrix:
        columns = [random.choice(3, rows, p=[0.7, 0.2, 0.1])]
        for _ in range(9):
            own = random.choice(3, rows, p=[0.7, 0.2, 0.1])
            columns.append(np.where(random.random(rows) < keep, columns[-1], own))
        return np.column_stack(columns).astype(np.float64)

    return draw(ordinary, 0.85), draw(odd, 0.2)


@hard_set()
def three_levels_of_groups(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Twelve answers of 1 to 3 in four groups of people; anomalies answer three as no one does."""
    likely = random.dirichlet([0.25, 0.25, 0.25], (4, 12))
    group = random.integers(0, 4, ordinary + odd)
    chance = likely[group].cumsum(axis=2)
    rows = (random.random((ordinary + odd, 12, 1)) > chance).sum(axis=2).astype(np.float64)
    rare = likely[group[ordinary:]].argmin(axis=2)
    off = in_some(random, odd, 12, 3)
    return 1.0 + rows[:ordinary], 1.0 + np.where(off, rare, rows[ordinary:])


@hard_set()
def nearly_constant(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Three constant columns, eight that seldom differ, three others; anomalies differ in two."""
    rates = np.geomspace(0.004, 0.1, 8)
    rows = ordinary + odd
    differ = random.random((rows, 8)) < rates
    differ[ordinary:] |= in_some(random, odd, 8, 2)
    values = np.where(differ, random.gamma(2.0, 1.0, (rows, 8)), 0.0)
    constant = np.tile([5.0, 0.0, -1.0], (rows, 1))
    made = np.column_stack([constant, values, random.normal(size=(rows, 3))])
    return made[:ordinary], made[ordinary:]


@hard_set()
def constant_but_for_digits(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Readings that differ in their seventh digit, among constants; anomalies drift a little."""
    rows = random.normal(size=(ordinary + odd, 2)) @ mixing(random, 6, 2)
    rows += 0.3 * random.normal(size=rows.shape)
    rows[ordinary:] += in_some(random, odd, 6, 2) * random.choice([-1.2, 1.2], (odd, 6))
    made = np.column_stack([1e6 + 0.1 * rows, np.full((ordinary + odd, 4), 273.15)])
    return made[:ordinary], made[ordinary:]


@hard_set()
def stuck_at_zero(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Sensors of one machine that follow its load; in anomalies one of them says zero."""
    load = random.gamma(3.0, 1.0, (ordinary + odd, 1))
    rows = load * random.uniform(0.5, 2.0, 9) + 0.3 * random.normal(size=(ordinary + odd, 9))
    rows = np.maximum(rows, 0.0)
    return rows[:ordinary], np.where(in_some(random, odd, 9, 1), 0.0, rows[ordinary:])


# Categories, as the worker codes them, and gaps, as it fills them.


def zipf(random: Random, rows: int, values: int, exponent: float = 1.1) -> Matrix:
    """Draw codes of which a few are frequent and most are rare."""
    shares = np.arange(1.0, values + 1.0) ** -exponent
    return random.choice(values, rows, p=shares / shares.sum()).astype(np.float64)


@hard_set(categories=(0, 1, 2))
def categories_of_many_values(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Three columns of 5,000 values each and two amounts; anomalies have two rare values."""
    rows = ordinary + odd
    codes = np.column_stack([zipf(random, rows, 5_000) for _ in range(3)])
    rare = in_some(random, odd, 3, 2)
    codes[ordinary:][rare] = random.integers(300, 6_000, int(rare.sum()))
    amounts = np.exp(random.normal(size=(rows, 2)))
    amounts[ordinary:, 0] *= 2.0
    made = np.column_stack([codes, amounts])
    return made[:ordinary], made[ordinary:]


@hard_set(categories=(0, 1))
def categories_with_their_amounts(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Rare merchants are dear ones, and frequent ones are cheap; anomalies cost
    anything."""
    rows = ordinary + odd
    merchant, city = zipf(random, rows, 3_000), zipf(random, rows, 300)
    price = 0.5 * np.log1p(merchant)
    price[ordinary:] = random.uniform(0.0, 4.0, odd)
    amounts = np.exp(price + 0.25 * random.normal(size=rows))
    other = 0.5 * price + 0.3 * random.normal(size=rows)
    made = np.column_stack([merchant, city, amounts, other])
    return made[:ordinary], made[ordinary:]


@hard_set(categories=(0, 1, 2, 3, 4, 5))
def categories_of_few_values(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Six columns of two to twelve values; anomalies have three that are seldom seen."""
    rows = ordinary + odd
    codes = np.column_stack([zipf(random, rows, n, 1.5) for n in (2, 3, 4, 6, 9, 12)])
    rare = in_some(random, odd, 6, 3)
    any_value = np.floor(random.random((odd, 6)) * [2, 3, 4, 6, 9, 12])
    codes[ordinary:] = np.where(rare, any_value, codes[ordinary:])
    return codes[:ordinary], codes[ordinary:]


@hard_set()
def missing_anywhere(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Nine features of three factors, 40 % missing; anomalies are off in four."""
    rows = random.normal(size=(ordinary + odd, 3)) @ mixing(random, 9, 3)
    rows += 0.3 * random.normal(size=rows.shape)
    rows[ordinary:] += in_some(random, odd, 9, 4) * random.choice([-2.0, 2.0], (odd, 9))
    rows[random.random(rows.shape) < 0.4] = np.nan
    return rows[:ordinary], rows[ordinary:]


@hard_set()
def missing_together(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """40 % of the rows lack six of ten skewed features; anomalies have two too large."""
    rows = np.exp(
        random.normal(size=(ordinary + odd, 3)) @ mixing(random, 10, 3)
        + 0.3 * random.normal(size=(ordinary + odd, 10))
    )
    rows[ordinary:] *= np.exp(1.5 * in_some(random, odd, 10, 3))
    lacking = random.random(ordinary + odd) < 0.4
    rows[np.ix_(lacking, np.arange(4, 10))] = np.nan
    return rows[:ordinary], rows[ordinary:]


@hard_set(categories=(0, 1))
def missing_among_categories(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Codes and numbers of one group each, 40 % missing; anomalies are of two groups."""
    rows = ordinary + odd
    group = random.integers(0, 5, rows)
    centres = random.normal(0.0, 3.5, (5, 6))
    other = (group + random.integers(1, 5, rows)) % 5
    mixed = np.where((np.arange(rows) >= ordinary)[:, np.newaxis] & (np.arange(6) > 2), 1, 0)
    numbers = np.where(mixed, centres[other], centres[group]) + random.normal(0.0, 0.5, (rows, 6))
    codes = np.column_stack([4.0**group // 1 + zipf(random, rows, 20), zipf(random, rows, 500)])
    made = np.column_stack([codes, numbers])
    made[random.random(made.shape) < 0.4] = np.nan
    return made[:ordinary], made[ordinary:]


# Long tails.


@hard_set()
def ten_decades_together(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Six amounts over ten decades that go together; in anomalies two are of another size."""
    size = random.normal(0.0, 3.8, (ordinary + odd, 1))
    rows = size + random.normal(0.0, 1.0, (ordinary + odd, 6))
    off = in_some(random, odd, 6, 2) * random.choice([-4.0, 4.0], (odd, 6))
    rows[ordinary:] += off
    return np.exp(rows[:ordinary]), np.exp(rows[ordinary:])


@hard_set()
def ten_decades_apart(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Four amounts over ten decades, and three numbers; anomalies are odd in the numbers."""
    amounts = np.exp(random.normal(0.0, 3.8, (ordinary + odd, 4)))
    numbers = random.normal(size=(ordinary + odd, 1)) + 0.4 * random.normal(
        size=(ordinary + odd, 3)
    )
    numbers[ordinary:] += in_some(random, odd, 3, 1) * random.choice([-1.8, 1.8], (odd, 3))
    made = np.column_stack([amounts, numbers])
    return made[:ordinary], made[ordinary:]


@hard_set()
def pareto_amounts(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Amounts without a mean, and counts and ratios; anomalies have a larger amount and ratio."""
    rows = ordinary + odd
    amounts = random.pareto(0.7, (rows, 3)) + 1.0
    ratio = random.beta(2.0, 5.0, (rows, 2))
    amounts[ordinary:] *= np.where(in_some(random, odd, 3, 2), 30.0, 1.0)
    ratio[ordinary:, 0] = random.beta(4.0, 4.0, odd)
    made = np.column_stack([amounts, ratio, random.poisson(2.0, rows)])
    return made[:ordinary], made[ordinary:]


@hard_set()
def signed_heavy(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Changes with tails of Student's two degrees; anomalies have two of the wrong sign."""
    rows = random.standard_t(2.0, (ordinary + odd, 1)) * random.choice([-1.0, 1.0], 8)
    rows = rows + 0.25 * random.standard_t(2.0, (ordinary + odd, 8))
    off = in_some(random, odd, 8, 2)
    return rows[:ordinary], np.where(off, -1.5 * rows[ordinary:], rows[ordinary:])


# Flags and counts.


@hard_set()
def one_hot(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Five questions of twenty answers as a hundred flags; anomalies have three rare answers."""
    rows = ordinary + odd
    answers = np.column_stack([zipf(random, rows, 20, 1.6) for _ in range(5)]).astype(int)
    rare = in_some(random, odd, 5, 3)
    answers[ordinary:][rare] = random.integers(0, 20, int(rare.sum()))
    flags = np.eye(20)[answers].reshape(rows, 100)
    return flags[:ordinary], flags[ordinary:]


@hard_set()
def many_flags(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Two hundred flags, some very rare, in six groups; anomalies have flags of two groups."""
    rates = np.exp(random.normal(-2.5, 2.0, (6, 200))).clip(0.0, 0.95)
    group = random.integers(0, 6, ordinary + odd)
    other = (group + random.integers(1, 6, ordinary + odd)) % 6
    chance = rates[group]
    chance[ordinary:] = np.where(
        random.random((odd, 200)) < 0.5, chance[ordinary:], rates[other[ordinary:]]
    )
    flags = (random.random((ordinary + odd, 200)) < chance).astype(np.float64)
    return flags[:ordinary], flags[ordinary:]


@hard_set()
def rare_flags(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Forty flags of 0.1 % to 30 %; anomalies have two more of the rarer ones."""
    rates = np.geomspace(0.001, 0.3, 40)
    flags = random.random((ordinary + odd, 40)) < rates
    flags[ordinary:, :26] |= in_some(random, odd, 26, 2)
    return flags[:ordinary].astype(np.float64), flags[ordinary:].astype(np.float64)


@hard_set()
def flags_with_numbers(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Thirty flags that shift four numbers; anomalies have the numbers of other flags."""
    rows = ordinary + odd
    flags = (random.random((rows, 30)) < random.uniform(0.02, 0.5, 30)).astype(np.float64)
    shifts = random.normal(0.0, 1.5, (30, 4)) * (random.random((30, 4)) < 0.3)
    numbers = flags @ shifts
    numbers[ordinary:] = random.permuted(numbers[ordinary:], axis=0)
    made = np.column_stack([flags, numbers + 0.3 * random.normal(size=(rows, 4))])
    return made[:ordinary], made[ordinary:]


@hard_set()
def amounts_by_channel(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Flags of six channels, an amount and a duration of each; anomalies have another's."""
    rows = ordinary + odd
    channel = zipf(random, rows, 6, 0.8).astype(int)
    as_if = channel.copy()
    as_if[ordinary:] = (channel[ordinary:] + random.integers(1, 6, odd)) % 6
    size, length = random.normal(4.0, 1.6, 6)[as_if], random.normal(2.0, 1.2, 6)[as_if]
    amounts = np.exp(np.column_stack([size, length]) + 0.6 * random.normal(size=(rows, 2)))
    made = np.column_stack([np.eye(6)[channel], amounts, random.random(rows) < 0.1])
    return made[:ordinary], made[ordinary:]


@hard_set()
def counts(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Eight Poisson counts of one rate; anomalies count three times as many of two things."""
    rate = np.exp(random.normal(0.5, 0.6, (ordinary + odd, 1))) * random.uniform(0.3, 3.0, 8)
    rate[ordinary:] *= np.where(in_some(random, odd, 8, 2), 3.5, 1.0)
    rows = random.poisson(rate).astype(np.float64)
    return rows[:ordinary], rows[ordinary:]


@hard_set()
def counts_mostly_zero(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Ten counts, each zero in nine of ten rows; anomalies count three things at once."""
    happens = random.random((ordinary + odd, 10)) < np.linspace(0.03, 0.2, 10)
    happens[ordinary:] |= in_some(random, odd, 10, 2)
    many = 1.0 + random.negative_binomial(1, 0.2, (ordinary + odd, 10))
    rows = happens * many
    return rows[:ordinary], rows[ordinary:]


@hard_set()
def integer_codes(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Ports and codes as plain integers, a dozen of them usual; anomalies have unusual ones."""
    rows = ordinary + odd
    ports = random.integers(1, 65_536, 12)[zipf(random, rows, 12).astype(int)].astype(np.float64)
    codes = random.choice(1_000, 8, replace=False)[zipf(random, rows, 8).astype(int)]
    high = random.random(rows) < 0.05
    ports[high] = random.integers(1, 65_536, int(high.sum()))
    made = np.column_stack([ports, codes, np.exp(random.normal(4.0, 1.0, rows))])
    made[ordinary:, 0] = random.integers(1, 65_536, odd)
    wrong = random.random(odd) < 0.5
    made[ordinary:, 1] = np.where(wrong, random.integers(0, 1_000, odd), made[ordinary:, 1])
    return made[:ordinary], made[ordinary:]


@hard_set()
def small_codes(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Five codes of 0 to 30 that hang on one state; in anomalies two are of other states."""
    table = random.integers(0, 31, (9, 5)).astype(np.float64)
    state = zipf(random, ordinary + odd, 9, 0.7).astype(int)
    rows = table[state]
    other = table[random.integers(0, 9, odd)]
    rows[ordinary:] = np.where(in_some(random, odd, 5, 2), other, rows[ordinary:])
    noise = random.random(rows.shape) < 0.05
    rows[noise] = random.integers(0, 31, int(noise.sum()))
    return rows[:ordinary], rows[ordinary:]


# Shapes.


@hard_set()
def sawtooth(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Hour, weekday and two loads that follow them; anomalies have the loads of other hours."""
    rows = ordinary + odd
    hour, day = random.uniform(0.0, 24.0, rows), random.integers(0, 7, rows)
    then, on = hour.copy(), day.copy()
    then[ordinary:] = (hour[ordinary:] + random.uniform(4.0, 20.0, odd)) % 24.0
    on[ordinary:] = random.integers(0, 7, odd)
    work = np.where(on < 5, 1.0, 0.4) * (1.2 - np.cos(then / 12.0 * np.pi))
    made = np.column_stack(
        [
            hour,
            day,
            work + 0.1 * random.normal(size=rows),
            then % 6 + 0.2 * random.normal(size=rows),
        ]
    )
    return made[:ordinary], made[ordinary:]


@hard_set()
def ramps(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """A counter that starts again, and three values that follow; one of anomalies' is late."""
    fill = random.random((ordinary + odd, 1))
    late = in_some(random, odd, 3, 1) * random.uniform(0.15, 0.6, (odd, 1))
    at = np.tile(fill, 3)
    at[ordinary:] = (at[ordinary:] - late) % 1.0
    rows = at ** [0.5, 1.0, 2.0] + 0.04 * random.normal(size=(ordinary + odd, 3))
    made = np.column_stack([np.floor(1000.0 * fill), rows])
    return made[:ordinary], made[ordinary:]


@hard_set()
def groups_of_other_scales(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Five groups from tight to wide; anomalies lie just outside of the tight ones."""
    centres = random.normal(0.0, 6.0, (5, 5))
    scales = np.array([0.05, 0.1, 0.2, 1.0, 2.5])
    group = random.integers(0, 5, ordinary)
    usual = centres[group] + scales[group, np.newaxis] * random.normal(size=(ordinary, 5))
    tight = random.integers(0, 3, odd)
    around = random.normal(size=(odd, 5))
    around *= random.uniform(3.0, 12.0, (odd, 1)) / np.linalg.norm(around, axis=1, keepdims=True)
    return usual, centres[tight] + scales[tight, np.newaxis] * around


@hard_set()
def curved_sheet(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """A rolled sheet seen in eight features; anomalies are beside it, within the same bounds."""
    turn = 1.5 * np.pi * (1.0 + 2.0 * random.random(ordinary + odd))
    high = random.uniform(0.0, 15.0, ordinary + odd)
    away = random.normal(0.0, 0.3, ordinary + odd)
    away[ordinary:] = random.choice([-1.0, 1.0], odd) * random.uniform(0.8, 3.1, odd)
    radius = turn + away
    sheet = np.column_stack([radius * np.cos(turn), high, radius * np.sin(turn)])
    rows = sheet @ random.normal(size=(3, 8)) + 0.3 * random.normal(size=(ordinary + odd, 8))
    return rows[:ordinary], rows[ordinary:]


@hard_set()
def pairs(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Ten pairs of values that go together; in anomalies one pair or two do not."""
    one = random.normal(size=(ordinary + odd, 10))
    other = one + 0.25 * random.normal(size=one.shape)
    off = in_some(random, odd, 10, 2)
    other[ordinary:] = np.where(off, random.normal(size=off.shape), other[ordinary:])
    made = np.column_stack([one, other])
    return made[:ordinary], made[ordinary:]


@hard_set()
def clustered_anomalies(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Two correlated groups in six features; anomalies are one tight group not far away."""
    loadings = np.eye(6) + 0.4 * random.normal(size=(6, 6))
    sides = 2.0 * random.choice([-1.0, 1.0], (ordinary, 1))
    usual = random.normal(size=(ordinary, 6)) @ loadings + sides
    place = random.choice([-1.0, 1.0], 6) * 0.8
    unusual = (place + 0.5 * random.normal(size=(odd, 6))) @ loadings
    return usual, unusual


@hard_set()
def clustered_far_out(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """One wide group with long tails; anomalies are a tight group at its edge."""
    usual = random.standard_t(3.0, (ordinary, 5)) @ (np.eye(5) + 0.3 * random.normal(size=(5, 5)))
    side = random.choice([-1.0, 1.0], 5) * 2.6
    return usual, side + 0.3 * random.normal(size=(odd, 5))


@hard_set()
def clustered_in_a_gap(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Four groups in three features; anomalies are two small groups between them."""
    corners = 3.0 * np.array([[1.0, 1.0, 1.0], [-1, -1, 1], [-1, 1, -1], [1, -1, -1]])
    usual = corners[random.integers(0, 4, ordinary)] + random.normal(size=(ordinary, 3))
    gaps = 0.45 * np.array([corners[0] + corners[1], corners[2] + corners[3]])
    return usual, gaps[random.integers(0, 2, odd)] + 0.5 * random.normal(size=(odd, 3))


@hard_set()
def corners_of_a_cube(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Groups at four corners of a cube; anomalies are at the other four, pair by pair ordinary."""
    signs = random.choice([-1.0, 1.0], (ordinary + odd, 2))
    third = signs.prod(axis=1)
    third[ordinary:] *= -1.0
    rows = np.column_stack([signs, third]) + 0.45 * random.normal(size=(ordinary + odd, 3))
    more = random.normal(size=(ordinary + odd, 2))
    made = np.column_stack([rows, more])
    return made[:ordinary], made[ordinary:]


@hard_set()
def circle_among_noise(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Two values on a circle among eight that mean nothing; anomalies are inside of it."""
    rows = ordinary + odd
    angle, radius = random.uniform(0.0, 2.0 * np.pi, rows), random.normal(1.0, 0.08, rows)
    radius[ordinary:] = random.uniform(0.0, 0.6, odd)
    made = np.column_stack([radius * np.cos(angle), radius * np.sin(angle)])
    made = np.column_stack([made, 0.35 * random.normal(size=(rows, 8))])
    return made[:ordinary], made[ordinary:]


@hard_set()
def few_among_noise(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Thirty values that mean nothing beside three that go together; in anomalies they do not."""
    rows = random.normal(size=(ordinary + odd, 1)) + 0.3 * random.normal(size=(ordinary + odd, 3))
    rows[ordinary:] = 1.05 * random.normal(size=(odd, 3))
    made = np.column_stack([rows, random.standard_t(5.0, (ordinary + odd, 30))])
    return made[:ordinary], made[ordinary:]


@hard_set()
def scattered_around_groups(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Eight groups of other sizes and a thin crowd; anomalies are where the crowd is thinnest."""
    centres, scales = random.uniform(-8.0, 8.0, (8, 3)), np.geomspace(0.1, 1.5, 8)
    group = random.choice(
        8, ordinary, p=np.geomspace(1.0, 8.0, 8) / np.geomspace(1.0, 8.0, 8).sum()
    )
    usual = centres[group] + scales[group, np.newaxis] * random.standard_t(4.0, (ordinary, 3))
    crowd = random.random(ordinary) < 0.03
    usual[crowd] = random.uniform(-9.0, 9.0, (int(crowd.sum()), 3))
    return usual, random.uniform(-9.0, 9.0, (odd, 3))


@hard_set()
def shares_of_a_whole(random: Random, ordinary: int, odd: int) -> tuple[Matrix, Matrix]:
    """Seven shares that add up to one, of three kinds; anomalies are blends of two kinds."""
    kinds = random.dirichlet(np.full(7, 0.7), 3)
    group = random.integers(0, 3, ordinary + odd)
    mean = kinds[group]
    blend = random.uniform(0.25, 0.6, (odd, 1))
    other = kinds[(group[ordinary:] + random.integers(1, 3, odd)) % 3]
    mean[ordinary:] = blend * other + (1.0 - blend) * mean[ordinary:]
    gammas = random.gamma(30.0 * mean + 0.05)
    rows = gammas / gammas.sum(axis=1, keepdims=True)
    return rows[:ordinary], rows[ordinary:]


if __name__ == "__main__":
    write_sets(Path(sys.argv[1]))
