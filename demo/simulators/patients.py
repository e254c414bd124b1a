"""Vital signs of patients with baselines and a daily rhythm of their own.

A pulse of 95 is rest for one and a walk for another, and lungs that are ill have a saturation that
would be an emergency elsewhere. Ordinary are walks, sleep, visitors and pain, and hearts that are
always a little irregular.
"""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from demo.simulators.episodes import Calendar, Episode, anywhere
from demo.simulators.readings import Mask, Numbers, Readings, part
from demo.simulators.simulation import MINUTE, Kind, Simulation, simulation

PATIENTS = 12
INTERVAL = 2 * MINUTE

KINDS: dict[str, Kind] = {
    "desaturation": Kind("point", 8.0, (1, 3)),
    "racing heart at rest": Kind("contextual", 2.0, (6, 15)),
    "fever at rest": Kind("contextual", 0.8, (40, 60)),
    "arrhythmia": Kind("collective", 1.0, (20, 40)),
    "slow deterioration": Kind("collective", 0.8, (150, 210)),
}
"""Lengths in readings."""

BEGINNING = 0.65
"""First part of a deterioration that is not labelled: nobody could have seen it."""

ILL_LUNGS = 0.15
"""Share of the patients whose saturation is always low."""


class _Signs(NamedTuple):
    """What the monitor measures; also what is added to it."""

    heart_rate: Numbers
    """Beats a minute."""
    spo2: Numbers
    """Saturation of the blood with oxygen, in per cent."""
    respiration: Numbers
    """Breaths a minute."""
    temperature: Numbers
    """°C."""
    systolic: Numbers
    """mmHg, as the next one."""
    diastolic: Numbers


def simulate(count: int, *, seed: int) -> Simulation:
    """Simulate vital signs of patients; see `demo.simulators.simulation.Simulate`."""
    rng = np.random.default_rng(seed)
    readings = Readings(rng, entities=PATIENTS, count=count, interval=INTERVAL)
    asleep, steps = _days(rng, readings)
    signs = _ordinary(rng, readings, asleep, steps)
    calendar = Calendar(rng, entities=PATIENTS, ticks=readings.ticks)

    def rests(episode: Episode) -> bool:
        before = episode._replace(begin=max(episode.begin - 10, 0))
        return not part(steps, before).any()

    for name, kind in KINDS.items():
        fits = rests if kind.anomaly_class == "contextual" else anywhere
        for episode in calendar.place(kind, fits):
            _fall_ill(rng, name, _Signs(*(part(values, episode) for values in signs)))
            begin = BEGINNING if name == "slow deterioration" else 0.0
            readings.mark(episode, name, skip=begin)
    return simulation(
        readings.frame("patient", {"steps": steps.astype(np.int64), **_measured(signs)}),
        source=f"simulated patients, seed {seed}",
        label="is_anomaly",
    )


def _days(rng: np.random.Generator, readings: Readings) -> tuple[Mask, Numbers]:
    """Return when each patient sleeps, and the steps a minute."""
    to_bed, up = readings.own(22.5, 0.8), readings.own(6.5, 0.6)
    asleep = (readings.hour >= to_bed) | (readings.hour < up)
    walks = rng.gamma(3.0, 4.0, (PATIENTS, 1))
    walking = readings.now_and_then(walks, (4.0, 15.0)) & ~asleep
    pace = readings.own(65.0, 15.0) * np.exp(readings.noise(0.15))
    return asleep, np.where(walking, pace, 0.0).round(0)


def _ordinary(rng: np.random.Generator, readings: Readings, asleep: Mask, steps: Numbers) -> _Signs:
    """Return the signs of patients who are as well as always."""
    own, wander, noise = readings.own, readings.wander, readings.noise
    rhythm = np.cos((readings.hour - own(17.0, 1.2)) * np.pi / 12.0)
    effort = readings.follow(steps / 100.0, 2.5) * rng.uniform(0.7, 1.3, (PATIENTS, 1))
    # Visitors and pain: a pulse for which there are no steps.
    upset = readings.now_and_then(4.0, (3.0, 12.0)) & ~asleep
    stir = readings.follow(upset * (0.4 + 0.6 * readings.steps_of(30.0)), 1.5)
    sleep = readings.follow(asleep.astype(np.float64), 20.0)
    ill = rng.random((PATIENTS, 1)) < ILL_LUNGS
    uneven = rng.uniform(1.2, 3.5, (PATIENTS, 1))
    systolic = own(124.0, 13.0) + 5.0 * rhythm - 8.0 * sleep + 22.0 * effort + 14.0 * stir
    systolic += wander(25.0, 4.0)
    return _Signs(
        heart_rate=np.clip(own(73.0, 9.0), 54.0, 94.0)
        + 4.0 * rhythm
        - 5.0 * sleep
        + 42.0 * effort
        + 17.0 * stir
        + wander(12.0, 2.5)
        + uneven * noise(),
        spo2=np.where(ill, own(90.5, 0.8), np.minimum(own(96.8, 0.9), 98.5))
        - 0.8 * sleep
        - 1.5 * effort * (1.0 + ill)
        + wander(15.0, 0.5)
        + noise(0.5),
        respiration=own(15.5, 2.0)
        + 0.6 * rhythm
        - 1.2 * sleep
        + 10.0 * effort
        + 2.0 * stir
        + wander(8.0, 0.8)
        + noise(0.7),
        temperature=np.clip(own(36.8, 0.4), 36.1, 37.5)
        + 0.35 * rhythm
        + 0.25 * effort
        + wander(90.0, 0.1)
        + noise(0.05),
        systolic=systolic + noise(2.5),
        diastolic=0.6 * systolic + own(3.0, 4.0) + wander(25.0, 2.0) + noise(2.0),
    )


def _fall_ill(rng: np.random.Generator, kind: str, signs: _Signs) -> None:
    """Change the signs of an episode, in place."""
    length = len(signs.heart_rate)
    if kind == "desaturation":
        signs.spo2[:] -= rng.uniform(10.0, 20.0)
        signs.heart_rate[:] += rng.uniform(2.0, 14.0)
    elif kind == "racing heart at rest":
        signs.heart_rate[:] += rng.uniform(26.0, 42.0)
        signs.systolic[:] -= rng.uniform(0.0, 8.0)
    elif kind == "fever at rest":
        onset = np.minimum(np.linspace(0.4, 2.0, length), 1.0)
        fever = rng.uniform(0.9, 1.5)
        signs.temperature[:] += fever * onset
        signs.heart_rate[:] += 8.0 * fever * onset
        signs.respiration[:] += 1.5 * fever * onset
    elif kind == "arrhythmia":
        signs.heart_rate[:] += rng.normal(0.0, rng.uniform(8.0, 13.0), length)
    else:
        worse = np.linspace(0.0, 1.0, length) ** 1.3 * rng.uniform(0.8, 1.2)
        signs.heart_rate[:] += 20.0 * worse
        signs.spo2[:] -= 3.5 * worse
        signs.respiration[:] += 6.0 * worse
        signs.temperature[:] += 0.5 * worse
        signs.systolic[:] -= 18.0 * worse
        signs.diastolic[:] -= 9.0 * worse


def _measured(signs: _Signs) -> dict[str, npt.NDArray[np.generic]]:
    """Return the signs as the monitor writes them."""
    whole = {name: values.round().astype(np.int64) for name, values in signs._asdict().items()}
    whole["spo2"] = np.minimum(whole["spo2"], 100)
    return {**whole, "temperature": signs.temperature.round(1)}
