"""Telemetry of spacecraft: channels with orbits and modes, and drifts and faults among them."""

from collections.abc import Sequence

import numpy as np
import polars as pl

from benchmarks.ablation.stream import MINUTE, START, Column, Rows, history_of
from training.history import History

CHANNELS = 8
ORBIT = 95
"""Readings in an orbit: one a minute."""

KINDS = ("drift", "level", "noise", "stuck", "phase")


def simulate(rows: int, *, seed: int, kinds: Sequence[str] = KINDS) -> History:
    """Simulate about `rows` readings of a current, a temperature and a voltage.

    Parameters
    ----------
    rows
        Number of readings of all channels.
    seed
        The same seed gives the same rows.
    kinds
        Of `KINDS`: what goes wrong.
    """
    random = np.random.default_rng(seed)
    steps = rows // CHANNELS
    return history_of(
        Rows(
            pl.concat(_channel(random, number, steps, kinds) for number in range(CHANNELS)),
            "telemetry",
            "channel",
        )
    )


def _channel(
    random: np.random.Generator, number: int, steps: int, kinds: Sequence[str]
) -> pl.DataFrame:
    step = np.arange(steps)
    orbit = np.sin(2.0 * np.pi * (step + random.uniform(0, ORBIT)) / ORBIT)
    mode = (np.cumsum(random.random(steps) < 1 / 400) % 2) * random.uniform(1.0, 3.0)
    noise = [_correlated(random, steps) for _ in range(3)]
    level, size = random.uniform(10.0, 60.0, 3), random.uniform(0.5, 4.0, 3)
    values = [
        orbit * size[0] + mode + 0.3 * size[0] * noise[0],
        np.roll(orbit, 20) * size[1] + 0.6 * mode + 0.3 * size[1] * noise[1],
        -0.5 * orbit * size[2] - 0.4 * mode + 0.3 * size[2] * noise[2],
    ]
    said = np.full(steps, "", dtype=object)
    for _ in range(max(round(steps / 800), 2)):
        length = int(random.integers(40, 160))
        begin = int(random.integers(0, max(steps - length, 1)))
        inside = slice(begin, min(begin + length, steps))
        which = int(random.integers(3))
        kind = str(random.choice(list(kinds)))
        values[which][inside] = _wrong(random, kind, values[which][inside], size[which])
        said[inside] = kind
    return pl.DataFrame(
        {
            "entity": [f"channel-{number}"] * steps,
            "time": START + step * MINUTE,
            "kind": said.tolist(),
            "current": level[0] + values[0],
            "temperature": level[1] + values[1],
            "voltage": level[2] + values[2],
        }
    )


def _correlated(random: np.random.Generator, steps: int) -> Column:
    shocks = random.normal(0.0, 0.6, steps)
    made = np.empty(steps)
    last = 0.0
    for at, shock in enumerate(shocks):
        made[at] = last = 0.8 * last + shock
    return made


def _wrong(random: np.random.Generator, kind: str, values: Column, size: float) -> Column:
    """Return values as they are while something is wrong."""
    many = len(values)
    change = random.choice([-1.0, 1.0]) * size
    wrong: dict[str, Column] = {
        "drift": values + change * np.linspace(0.0, 2.5, many),
        "level": values + 1.5 * change,
        "noise": values + random.normal(0.0, size, many),
        "stuck": np.full(many, values[0]),
        "phase": -values[::-1],
    }
    return wrong[kind]
