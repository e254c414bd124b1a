"""Plant root causes into the ordinary traffic of a family."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import polars as pl

from benchmarks.alerts.stream import Cause, CauseKind
from benchmarks.alerts.streams.campaigns import plant_campaigns
from benchmarks.alerts.streams.episodes import NONE
from benchmarks.alerts.streams.families.family import Family, Oddity
from benchmarks.alerts.streams.ground import Ground
from benchmarks.alerts.streams.plans import Burst, Chronic, Outage, Plan


def plant(
    family: Family, frame: pl.DataFrame, plan: Plan, rng: np.random.Generator
) -> tuple[pl.DataFrame, list[Cause]]:
    """Return the records with all that is planned, in the order of time, and the causes.

    Parameters
    ----------
    family
        The family of the stream.
    frame
        Records of ordinary days, with the scenario's own episodes and with attributes.
    plan
        What to plant.
    rng
        Source of all that is random.
    """
    ground = Ground(family, frame, rng)
    for episode in sorted({*frame["episode"].to_list()} - {NONE}):
        _label_episode(ground, episode)
    for outage in plan.outages:
        _plant_outage(ground, outage)
    plant_campaigns(ground, plan.campaigns)
    for burst in plan.bursts:
        _plant_burst(ground, burst)
    for chronic in plan.chronic:
        _plant_chronic(ground, chronic)
    return ground.finish()


def _label_episode(ground: Ground, episode: int) -> None:
    which = ground.frame["episode"] == episode
    rows = ground.frame.filter(which)
    # A simulated card testing is a small campaign.
    kind: CauseKind = "campaign" if rows["entity"].n_unique() > 1 else "episode"
    shared = {"merchant": str(rows["merchant"][0])} if kind == "campaign" else None
    ground.label(which.to_numpy(), ground.new_cause(kind, str(rows["kind"][0]), shared))


def _plant_outage(ground: Ground, outage: Outage) -> None:
    entities = ground.frame["entity"].unique(maintain_order=True)
    odd = entities.filter(pl.Series(ground.rng.random(len(entities)) < outage.share))
    during = pl.col("time").is_between(outage.begin, outage.begin + outage.duration)
    rows = ground.frame.select((during & pl.col("entity").is_in(odd.to_list())).alias("rows"))
    number = ground.new_cause("outage", outage.oddity.name)
    ground.change(rows["rows"].to_numpy(), number, outage.oddity, outage.strength)


def _plant_burst(ground: Ground, burst: Burst) -> None:
    times = burst.begin + np.sort(ground.rng.random(burst.records)) * burst.duration
    _add_alone(ground, "burst", times, burst.oddity, burst.strength, lambda _: True)


def _plant_chronic(ground: Ground, chronic: Chronic) -> None:
    most = int(2.0 * chronic.duration / chronic.pause) + 1
    times = chronic.begin + np.cumsum(ground.rng.exponential(chronic.pause, most))
    times = times[times < chronic.begin + chronic.duration]
    phase = chronic.phase

    def is_odd(time: float) -> bool:
        return phase is None or int((time - chronic.begin) / phase) % 2 == 0

    _add_alone(ground, "chronic", times, chronic.oddity, chronic.strength, is_odd)


def _add_alone(
    ground: Ground,
    kind: CauseKind,
    times: npt.NDArray[np.float64],
    oddity: Oddity,
    strength: float,
    is_odd: Callable[[float], bool],
) -> None:
    """Add records of one entity; a busy one more likely."""
    ordinary = ground.frame.filter(pl.col("cause") == NONE)
    entity = str(ordinary["entity"][int(ground.rng.integers(len(ordinary)))])
    rows = ground.copies(np.repeat(np.array([entity]), len(times)), times)
    odd = np.array([is_odd(time) for time in rows["time"].to_list()], dtype=np.bool_)
    ground.add(rows, ground.new_cause(kind, oddity.name), oddity, strength, odd)
