"""Requests of people and services in a company's network, and what intruders do among them.

Everybody has hours and endpoints of their own. Ordinary are forgotten passwords, pages that are
not there, uploads of any size, people on call at night, and services: a nightly backup, copies
every ten minutes, an indexer that asks for everything, builds in bursts, a printer with an old
password.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import polars as pl

from demo.simulators import endpoints
from demo.simulators.endpoints import ENDPOINTS, HEALTH, LOGIN, SHARED, TEAMS, UPLOAD, requests
from demo.simulators.episodes import Calendar, Episode
from demo.simulators.simulation import DAY, HOUR, MINUTE, START, Kind, Simulation, simulation

KINDS: dict[str, Kind] = {
    "oversized upload": Kind("point", 8.0),
    "uploads at night": Kind("contextual", 1.6, (20 * 60, 60 * 60)),
    "stolen account": Kind("contextual", 1.6, (5 * 60, 15 * 60)),
    "scan": Kind("collective", 0.9, (2 * 60, 6 * 60)),
    "brute force": Kind("collective", 0.9, (3 * 60, 8 * 60)),
    "slow drip": Kind("collective", 0.8, (5 * 3_600, 7 * 3_600)),
}
"""Lengths in seconds."""

PEOPLE = 32
SESSIONS_A_DAY, SESSIONS_ON_WEEKENDS, NIGHTS_ON_CALL = 24.0, 1.5, 0.1
REQUESTS_IN_A_SESSION = 16.0
ROWS_A_WEEK = 65_000
"""Fewer than there are in a simulated week."""

ENGINEERS = 1
NIGHT_SHIFT = 4
"""People whose day begins in the evening."""

MONDAY = 2

SHARED_HABITS = np.array([0.03, 0.02, 0.05, 0.13, 0.16, 0.08, 0.0])
"""Shares of the shared endpoints among a person's requests, on average."""

AT_WORK, AT_HOME = 3.0, 8.0
"""Hours from the middle of a person's day within which they work, and after which they do not."""

AGAIN = 0.35
"""Share of the sessions that begin with a login."""

FORGOTTEN = 0.1
"""Share of the logins before which a password was wrong."""

WRONG = {401: 1.0}
CURIOUS = {200: 0.85, 403: 0.15}
GUESSED = {200: 0.35, 404: 0.4, 403: 0.25}
"""Shares of the status codes of those who have another's account, and of a scan."""


class _Staff(NamedTuple):
    """The habits of people."""

    names: npt.NDArray[np.str_]
    noon: npt.NDArray[np.float64]
    """Middle of their working day, as an hour."""
    habits: npt.NDArray[np.float64]
    """How likely each endpoint is, shape ``(people, endpoints)``."""

    def hours_away(self, episode: Episode) -> float:
        """Return the hours between the begin of an episode and the middle of a person's day."""
        apart = (episode.begin / HOUR - self.noon[episode.entity]) % 24.0
        return float(min(apart, 24.0 - apart))


def simulate(count: int, *, seed: int) -> Simulation:
    """Simulate requests; see `demo.simulators.simulation.Simulate`."""
    rng = np.random.default_rng(seed)
    staff = _staff(rng)
    days = 7 * -(-count // ROWS_A_WEEK)
    parts = [*_work(rng, staff, days), *_services(rng, days)]
    ordinary = pl.concat(parts).sort("time", maintain_order=True)[:count]
    seconds = (ordinary["time"].to_numpy() - START).astype(np.int64)
    calendar = Calendar(rng, entities=PEOPLE, ticks=seconds)

    def at_work(episode: Episode) -> bool:
        return staff.hours_away(episode) < AT_WORK

    def at_home(episode: Episode) -> bool:
        return staff.hours_away(episode) > AT_HOME

    intrusions = [
        _intrusion(rng, name, episode, staff)
        for name, kind in KINDS.items()
        for episode in calendar.place(kind, at_home if name == "uploads at night" else at_work)
    ]
    return simulation(
        pl.concat([ordinary, *intrusions]),
        source=f"simulated network, seed {seed}",
        label="is_anomaly",
    )


def _staff(rng: np.random.Generator) -> _Staff:
    noon = rng.normal(13.0, 0.9, PEOPLE)
    noon[:NIGHT_SHIFT] += 9.0
    habits = np.zeros((PEOPLE, len(ENDPOINTS)))
    for person in range(PEOPLE):
        own = endpoints.endpoints_of(person % len(TEAMS))
        habits[person, : len(SHARED)] = SHARED_HABITS * rng.lognormal(0.0, 0.5, len(SHARED))
        habits[person, own] = 0.5 * rng.dirichlet(np.full(len(own), 0.7))
    habits /= habits.sum(axis=1, keepdims=True)
    names = np.array([f"user-{person:02d}" for person in range(1, PEOPLE + 1)])
    return _Staff(names, noon, habits)


def _work(rng: np.random.Generator, staff: _Staff, days: int) -> Iterator[pl.DataFrame]:
    """Yield the requests of each person, and the logins that went wrong before."""
    mean = np.where(np.arange(days) % 7 >= MONDAY, SESSIONS_A_DAY, SESSIONS_ON_WEEKENDS)
    for person, name in enumerate(staff.names):
        day = np.repeat(np.arange(days), rng.poisson(mean))
        hour = staff.noon[person] + np.clip(rng.normal(0.0, 2.0, len(day)), -4.5, 4.5)
        if person % len(TEAMS) == ENGINEERS:
            nights = np.flatnonzero(rng.random(days) < NIGHTS_ON_CALL)
            day, hour = np.append(day, nights), np.append(hour, rng.uniform(0.5, 5.0, len(nights)))
        sizes = rng.geometric(1.0 / REQUESTS_IN_A_SESSION, len(day))
        pauses = rng.lognormal(np.log(9.0), 1.1, int(sizes.sum()))
        first = np.cumsum(sizes) - sizes
        passed = pauses.cumsum() - np.repeat((pauses.cumsum() - pauses)[first], sizes)
        seconds = np.repeat(day * DAY + hour * HOUR, sizes) + passed
        asked = rng.choice(len(ENDPOINTS), len(seconds), p=staff.habits[person])
        asked[first[rng.random(len(first)) < AGAIN]] = LOGIN
        yield requests(rng, name, seconds, asked)
        logins = seconds[asked == LOGIN]
        forgotten = rng.random(len(logins)) < FORGOTTEN
        wrong = np.repeat(logins, rng.integers(1, 4, len(logins)) * forgotten)
        yield requests(rng, name, wrong - rng.uniform(5.0, 60.0, len(wrong)), LOGIN, outcomes=WRONG)


def _services(rng: np.random.Generator, days: int) -> Iterator[pl.DataFrame]:
    """Yield what is asked for without people."""
    beats = np.arange(0.0, days * DAY, 2 * MINUTE)
    yield requests(rng, "monitor-1", beats + rng.uniform(0.0, 2.0, len(beats)), HEALTH)
    copies = np.arange(0.0, days * DAY, 10 * MINUTE)
    sizes = rng.lognormal(np.log(2e5), 0.4, len(copies))
    yield requests(rng, "sync-1", copies + rng.uniform(0.0, 20.0, len(copies)), UPLOAD, sent=sizes)
    tries = np.repeat(np.arange(0.0, days * DAY, HOUR), 2) + rng.normal(900.0, 60.0, 48 * days)
    yield requests(rng, "printer-1", tries, LOGIN, outcomes=WRONG)
    for day in range(days):
        night = day * DAY + 2.0 * HOUR + rng.normal(0.0, 6 * MINUTE)
        chunks = night + np.cumsum(rng.uniform(60.0, 240.0, int(rng.integers(10, 16))))
        sizes = rng.lognormal(np.log(6e7), 0.6, len(chunks))
        yield requests(rng, "backup-1", chunks, UPLOAD, sent=sizes)
        everything = rng.permutation(len(ENDPOINTS))
        asked = night + 1.5 * HOUR + np.cumsum(rng.uniform(5.0, 30.0, len(everything)))
        yield requests(rng, "indexer-1", asked, everything, outcomes=GUESSED)
        for begin in day * DAY + HOUR * rng.uniform(8.0, 18.0, int(rng.poisson(5.0))):
            fetched = begin + np.cumsum(rng.uniform(1.0, 9.0, int(rng.integers(6, 15))))
            yield requests(rng, "build-1", fetched, endpoints.DOWNLOAD)


def _intrusion(
    rng: np.random.Generator, kind: str, episode: Episode, staff: _Staff
) -> pl.DataFrame:
    """Return the requests of an episode."""
    name = staff.names[episode.entity]
    asked: int | npt.NDArray[np.int64] = UPLOAD
    outcomes, sent = endpoints.OUTCOMES, None
    if kind == "oversized upload":
        number = 1
        sent = np.exp(rng.uniform(np.log(4e8), np.log(4e9), 1))
    elif kind == "uploads at night":
        number = int(rng.integers(8, 17))
    elif kind == "stolen account":
        number = int(rng.integers(6, 13))
        other = (episode.entity + int(rng.integers(1, len(TEAMS)))) % len(TEAMS)
        asked, outcomes = rng.choice(endpoints.endpoints_of(other), number), CURIOUS
    elif kind == "scan":
        number = int(rng.integers(25, 46))
        asked, outcomes = rng.permutation(len(ENDPOINTS))[:number], GUESSED
    elif kind == "brute force":
        number = int(rng.integers(25, 51))
        asked, outcomes = LOGIN, WRONG
    else:
        pause = rng.uniform(6.0, 9.0) * MINUTE
        number = int(episode.length / pause)
        seconds = episode.begin + pause * (np.arange(number) + rng.normal(0.0, 0.05, number))
        sent = rng.lognormal(np.log(2e5), 0.25, number)
        return requests(rng, name, seconds, UPLOAD, sent=sent, kind=kind)
    seconds = episode.begin + np.sort(rng.uniform(0.0, episode.length, number))
    return requests(rng, name, seconds, asked, outcomes=outcomes, sent=sent, kind=kind)
