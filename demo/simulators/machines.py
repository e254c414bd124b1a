"""A fleet of machines of different sizes and shifts, and what goes wrong with them.

Each machine has its own rated current, heat and vibration, so that what is much for one is little
for another. Ordinary are jobs of any load, rough material, shifts that end late, and stops for
maintenance at any hour, after which a machine is cold and runs a little differently.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from demo.simulators.episodes import Calendar, Episode
from demo.simulators.readings import Mask, Numbers, Readings, part
from demo.simulators.simulation import DAY, HOUR, MINUTE, Kind, Simulation, simulation

MACHINES = 12
INTERVAL = 2 * MINUTE

KINDS: dict[str, Kind] = {
    "spike": Kind("point", 10.0),
    "wrong state for the load": Kind("contextual", 2.4, (6, 14)),
    "run at an unusual hour": Kind("contextual", 1.0, (20, 35)),
    "stuck sensor": Kind("collective", 1.0, (20, 40)),
    "sensor drift": Kind("collective", 0.8, (80, 120)),
    "wear": Kind("collective", 0.8, (100, 150)),
}
"""Lengths in readings."""

BEGINNING = 0.5
"""First part of a drift and of wear that is not labelled: nobody could have seen it."""

SHIFTS = ((0.0, 24.0), (0.0, 24.0), (6.0, 22.0), (6.0, 22.0), (7.5, 16.5))
"""First and last hour of work; machines that never rest also run on weekends."""

MONDAY = 2

IDLE_SHARE = 0.15
"""Share of the jobs without load."""


class _Plan(NamedTuple):
    """What the machines are told to do."""

    awake: Mask
    """Whether it is in its shift, even if it is maintained."""
    on: Mask
    load: Numbers
    """0 to 1; 0 is idle."""


def simulate(count: int, *, seed: int) -> Simulation:
    """Simulate readings of machines; see `demo.simulators.simulation.Simulate`."""
    rng = np.random.default_rng(seed)
    readings = Readings(rng, entities=MACHINES, count=count, interval=INTERVAL)
    plan = _plan(rng, readings)
    calendar = Calendar(rng, entities=MACHINES, ticks=readings.ticks)

    def is_on(episode: Episode) -> bool:
        return bool(part(plan.on, episode).all())

    def is_off_duty(episode: Episode) -> bool:
        before = max(episode.begin - episode.length, 0)
        around = episode._replace(begin=before, end=episode.end + episode.length)
        return not part(plan.awake, around).any()

    for episode in calendar.place(KINDS["run at an unusual hour"], is_off_duty):
        readings.mark(episode, "run at an unusual hour")
        part(plan.on, episode)[:] = True
        part(plan.load, episode)[:] = rng.uniform(0.35, 0.95)
    strain = plan.load.copy()
    for episode in calendar.place(KINDS["wrong state for the load"], is_on):
        readings.mark(episode, "wrong state for the load")
        # It drags although it idles, or it slips although it should pull.
        drags = bool(rng.integers(2))
        part(plan.load, episode)[:] = 0.0 if drags else rng.uniform(0.6, 0.9)
        part(strain, episode)[:] = rng.uniform(0.45, 0.8) if drags else rng.uniform(0.0, 0.2)
    drifted, worn = np.zeros(readings.shape), np.zeros(readings.shape)
    for episode in calendar.place(KINDS["sensor drift"]):
        readings.mark(episode, "sensor drift", skip=BEGINNING)
        most = rng.choice([-1.0, 1.0]) * rng.uniform(14.0, 24.0)
        part(drifted, episode)[:] = most * np.linspace(0.0, 1.0, episode.length)
    for episode in calendar.place(KINDS["wear"], is_on):
        readings.mark(episode, "wear", skip=BEGINNING)
        part(worn, episode)[:] = rng.uniform(0.8, 1.4) * _slow_rise(episode.length)
    sensors = _sensors(rng, readings, plan, strain, drifted, worn)
    for episode in calendar.place(KINDS["stuck sensor"], is_on):
        readings.mark(episode, "stuck sensor")
        stuck = sensors[str(rng.choice(["temperature", "vibration", "current"]))]
        part(stuck, episode)[:] = stuck[episode.entity, episode.begin]
    for episode in calendar.place(KINDS["spike"]):
        readings.mark(episode, "spike")
        name, factor = str(rng.choice([*sensors])), rng.uniform(1.8, 4.5)
        wild = part(sensors[name], episode)
        wild[:] = (np.maximum(wild, sensors[name][episode.entity].mean()) * factor).round(1)
    states = np.select([~plan.on, plan.load == 0.0], ["stopped", "idle"], "running")
    return simulation(
        readings.frame("machine", {"state": states, **sensors}),
        source=f"simulated machines, seed {seed}",
        label="is_anomaly",
    )


def _slow_rise(length: int) -> npt.NDArray[np.float64]:
    """Return an exponential rise from 0 to 1."""
    rise: npt.NDArray[np.float64] = np.expm1(np.linspace(0.0, 1.5, length)) / np.expm1(1.5)
    return rise


def _plan(rng: np.random.Generator, readings: Readings) -> _Plan:
    """Return the shifts, the stops for maintenance and the jobs."""
    shifts = np.array(SHIFTS)[rng.permutation(MACHINES) % len(SHIFTS)]
    begin, end = shifts[:, :1], shifts[:, 1:]
    restless = end - begin == DAY / HOUR
    days = int(readings.day.max()) + 1
    # Late or early by some minutes each day.
    moved = np.where(restless, 0.0, rng.normal(0.0, 0.3, (MACHINES, days)))
    late = np.where(restless, 0.0, rng.exponential(0.4, (MACHINES, days)))
    begin = begin + np.take_along_axis(moved, readings.day, axis=1)
    end = end + np.take_along_axis(moved + late, readings.day, axis=1)
    awake = (readings.hour >= begin) & (readings.hour < end)
    awake &= restless | (readings.day % 7 >= MONDAY)
    on = awake & ~readings.now_and_then(0.4, (30.0, 150.0))
    job = readings.steps_of(50.0)
    usual = rng.uniform(0.45, 0.8, (MACHINES, 1))
    load = np.where(job < IDLE_SHARE, 0.0, usual + 0.4 * (readings.steps_of(50.0) - 0.5))
    return _Plan(awake, on, load)


def _sensors(
    rng: np.random.Generator,
    readings: Readings,
    plan: _Plan,
    strain: Numbers,
    drifted: Numbers,
    worn: Numbers,
) -> dict[str, Numbers]:
    """Return what the sensors read.

    Parameters
    ----------
    rng, readings, plan
        The fleet.
    strain
        The load that the machines really have, 0 to 1.
    drifted
        Error of the temperature in °C.
    worn
        Wear, as a share of the ordinary vibration.
    """
    on = plan.on.astype(np.float64)
    rated = np.exp(readings.own(3.4, 0.5))
    heat = rng.uniform(22.0, 48.0, (MACHINES, 1))
    shaking = np.exp(readings.own(0.8, 0.4))
    rated_speed = rng.choice([980.0, 1450.0, 1470.0, 2900.0], (MACHINES, 1))
    told = plan.load * on
    speed = rated_speed * on * (0.45 + 0.55 * np.sqrt(told)) * (1.0 + readings.noise(0.01))
    used = rated * (0.28 + 0.72 * strain) * (1.0 + readings.noise(0.03))
    standby = 0.015 * rated * (1.0 + readings.noise(0.1))
    hall = 20.0 + 2.5 * np.cos((readings.hour - 15.0) * np.pi / 12.0) + readings.wander(300.0, 1.0)
    warm = readings.follow(heat * on * (0.25 + 0.75 * strain) * (1.0 + 0.2 * worn), 35.0)
    material = np.exp(0.3 * (readings.steps_of(90.0) - 0.5))
    pace = on * (0.3 + 0.4 * plan.load + 0.3 * strain)
    vibration = shaking * material * pace * (1.0 + worn) * np.exp(readings.noise(0.08))
    tuned = np.exp(readings.wander(1_500.0, 0.05))
    floor = np.abs(readings.noise(0.03))
    return {
        "load": np.clip(100.0 * told + on * readings.noise(1.2), 0.0, 100.0).round(1),
        "speed": speed.round(0),
        "current": np.where(plan.on, used, standby).round(1),
        "temperature": (hall + warm + drifted + readings.noise(0.3)).round(1),
        "vibration": (vibration * tuned + floor).round(2),
    }
