"""Labelled streams of anomalies, made by the real pipeline from simulated transactions.

Seeds 0 to 19 are for evaluation: nothing may be chosen by looking at them. Seeds 100 to 109 are
for development.
"""

from functools import partial
from zlib import crc32

import numpy as np

from benchmarks.alerts.stream import Stream
from benchmarks.alerts.streams import sparkov
from benchmarks.alerts.streams.cache import cached
from benchmarks.alerts.streams.families import SIMULATED, Family
from benchmarks.alerts.streams.judging import judge, learn, sample
from benchmarks.alerts.streams.plans import draw_plan
from benchmarks.alerts.streams.planting import plant
from benchmarks.alerts.streams.population import simulate
from benchmarks.alerts.streams.records import write_records
from benchmarks.alerts.streams.sparkov import make_sparkov
from demo.simulators import SIMULATORS

EVALUATION = range(20)
DEVELOPMENT = range(100, 110)

FAMILIES = (*SIMULATED, sparkov.NAME)


def stream(family: str, seed: int) -> Stream:
    """Return the stream of a family and a seed, made now or before.

    Parameters
    ----------
    family
        One of `FAMILIES`.
    seed
        One of `EVALUATION` or `DEVELOPMENT`, or any other.
    """
    make = make_sparkov if family == sparkov.NAME else partial(make_stream, SIMULATED[family])
    return cached(f"{family}-{seed}", lambda: make(seed))


def make_stream(family: Family, seed: int) -> Stream:
    """Make a stream of a simulated family; the same seed gives the same stream."""
    name = family.name
    rng = np.random.default_rng([crc32(name.encode()), seed])
    traffic = simulate(family, rng)
    preset = SIMULATORS[name].preset
    topic = f"{name}-transactions"
    by = learn(traffic.history, preset, topic=topic, alert_rate=family.alert_rate, seed=seed)
    described = family.describe(rng, traffic.stream)
    frame, causes = plant(family, described, draw_plan(family, traffic.begin, rng), rng)
    values = write_records(frame, traffic.features, family.layout)
    arrivals = judge(by, frame, values, topic, rng)
    return Stream(
        family=name,
        seed=seed,
        begin=traffic.begin,
        days=float(family.days),
        records=len(frame),
        arrivals=tuple(arrivals),
        causes=tuple(causes),
        samples=sample(frame, values),
    )
