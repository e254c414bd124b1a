"""What every feature has to be, told by SQL over all earlier events: windows without rings."""

from collections.abc import Iterable
from typing import Any

import duckdb
import numpy as np

from anomaly_app.core.arrays import Matrix
from anomaly_app.core.memory.durations import duration_text
from anomaly_app.core.memory.events import Events
from anomaly_app.core.memory.features import Feature, feature_of
from anomaly_app.core.memory.layout import Plan
from anomaly_app.core.memory.partition_memory import PartitionMemory
from tests.support.entity_memory import CARD, plan_of, random_stream

INTEGERS = {"count", "sum", "max", "min", "since_last", "first"}
"""Kinds whose features are whole numbers of something."""

GIVEN = "create temp table given as select {columns} from columns_"

EVENTS = """
create temp table events as
with clocked as (
    select *, max(t) over (
        partition by k order by o rows between unbounded preceding and 1 preceding
    ) as clock
    from given
)
select *,
    clock is null or t >= clock - {lateness} as applied,
    greatest(t, coalesce(clock - {lateness}, t)) as asof,
    greatest(t, coalesce(clock, t)) as present
from clocked
"""

QUERY = """
with past as (
    select e.o, {aggregates}
    from events e join events p on p.k = e.k and p.o < e.o and p.applied
    group by e.o
)
select ({formula})::double as feature from events e left join past using (o) order by e.o
"""

MACROS = """
create macro units(x) as floor(x * 100 + 0.5)::hugeint;
create macro degrees_of(x) as floor(x * 10000000 + 0.5) / 10000000;
create macro angle(t) as 2 * pi() * ((t // 60000) % 1440) / 1440;
create macro estimate(k) as list_sum(list_transform(range(k), i -> 32.0::double / (32 - i)));
create macro slog(x) as sign(x) * ln(1 + abs(x));
create macro middle(l) as (len(l) - 1) / 2;
create macro slope(l) as
    list_sum(list_transform(l, (x, i) -> (i - 1 - middle(l)) * x))
    / list_sum(list_transform(l, (x, i) -> (i - 1 - middle(l)) ** 2));
create macro haversine(a, b, c, d) as
    2 * 6371.0088 * asin(sqrt(least(1, sin(radians(a - c) / 2) ** 2
    + cos(radians(a)) * cos(radians(c)) * sin(radians(b - d) / 2) ** 2)));
create macro bit_a(h) as (h // 256) % 128;
create macro bit_b(h) as (h // 65536) % 128;
"""

LATEST = "p.t::hugeint * 10000000 + p.o"
"""By which an event is the last one: its time, then its offset."""


def expected(plan: Plan, events: Events) -> Matrix:
    """Give the features of events by definition, if no cell is full and units are hundredths."""
    with duckdb.connect() as connection:
        connection.execute(MACROS)
        columns: dict[str, Any] = {"o": events.offsets, "k": events.keys, "t": events.times}
        columns |= {name: events.numbers[:, i] for i, name in enumerate(plan.numbers)}
        columns |= {name: events.texts[:, i] for i, name in enumerate(plan.texts)}
        connection.register("columns_", columns)
        numbers = [f"if(isnan({name}), null, {name}) as {name}" for name in plan.numbers]
        texts = [f"nullif({name}, 0) as {name}" for name in plan.texts]
        known = ", ".join(["o", "k", "t", *numbers, *texts])
        connection.execute(GIVEN.format(columns=known))
        connection.execute(EVENTS.format(lateness=plan.key.lateness_ms))
        features = []
        for feature in plan.features:
            formula, aggregates = Definition(plan, feature).sql()
            named = ", ".join(f"{sql} as {name}" for name, sql in aggregates.items())
            query = QUERY.format(formula=formula, aggregates=named or "count(*) as many")
            features.append(connection.execute(query).fetchnumpy()["feature"])
    return np.column_stack([np.asarray(column, dtype=np.float64) for column in features])


class Definition:
    """The SQL of a feature: a formula, and what it needs of the past.

    ``e`` is the event, ``p`` an earlier one that was applied.
    """

    def __init__(self, plan: Plan, feature: Feature) -> None:
        self.plan, self.feature = plan, feature
        field = feature.numbers[0] if feature.numbers else "o"
        taken = "{}" if field in {"o", *feature.values} else "slog({})"
        self.p, self.e = (taken.format(f"{event}.{field}") for event in "pe")
        self.typical = plan.key.typical.get(field, "null")
        self.text = feature.text

    def begin(self, window: int) -> str:
        hop = self.plan.key.hop(window)
        return f"(e.asof - {window}) // {hop} * {hop}"

    def within(self, which: int = 0) -> str:
        window = self.feature.durations[which]
        hop = self.plan.key.hop(window)
        return f"p.t // {hop} * {hop} between {self.begin(window)} and e.asof"

    def weight(self) -> str:
        half_life = self.feature.durations[-1]
        return f"power(2::double, (p.t - e.present) / {half_life}::double)"

    def sql(self) -> tuple[str, dict[str, str]]:
        name = self.feature.kind.replace(":", "_")
        made: tuple[str, dict[str, str]] = getattr(self, f"_{name}")()
        return made

    def _count(self) -> tuple[str, dict[str, str]]:
        return "coalesce(n, 0)", {"n": f"count(*) filter ({self.within()})"}

    def _sums(self, which: int = 0, suffix: str = "") -> dict[str, str]:
        here = f"filter ({self.within(which)})"
        return {
            f"n{suffix}": f"count({self.p}) {here}",
            f"s{suffix}": f"coalesce(sum(units({self.p})) {here}, 0)",
            f"q{suffix}": f"sum(units({self.p}) * units({self.p})) {here}",
        }

    def _sum(self) -> tuple[str, dict[str, str]]:
        return "coalesce(s, 0) / 100::double", self._sums()

    def _mean(self) -> tuple[str, dict[str, str]]:
        return f"if(n > 0, s::double / n / 100, coalesce({self.e}, 0))", self._sums()

    def _std(self) -> tuple[str, dict[str, str]]:
        return "if(n > 0, sqrt((n * q - s * s)::double) / n / 100, 0)", self._sums()

    def _max(self) -> tuple[str, dict[str, str]]:
        extreme = f"{self.feature.kind}(units({self.p})) filter ({self.within()})"
        return f"coalesce(m / 100::double, {self.e}, 0)", {"m": extreme}

    _min = _max

    def _distinct(self) -> tuple[str, dict[str, str]]:
        since = f"filter (p.t >= {self.begin(self.feature.window)})"
        cells = f"count(distinct p.{self.text} % 32) {since}"
        return "coalesce(estimate(cells), 0)", {"cells": cells} | self._count()[1]

    def _distinct_rate(self) -> tuple[str, dict[str, str]]:
        return "if(n > 0, least(coalesce(estimate(cells), 0) / n, 1), 1)", self._distinct()[1]

    def _moments(self) -> tuple[str, str, str, dict[str, str]]:
        past = f"list({{'w': {self.weight()}, 'x': {self.p}}}) filter ({self.p} is not null)"
        w = "list_sum(list_transform(past, v -> v.w))"
        mean = f"(list_sum(list_transform(past, v -> v.w * v.x)) / {w})"
        squares = f"list_sum(list_transform(past, v -> v.w * (v.x - {mean}) ** 2))"
        distance = f"({self.e} - {mean})"
        variance = f"(({squares} + {distance} ** 2 * {w} / ({w} + 1)) / ({w} + 1))"
        return w, mean, f"({variance} + 0.01 ** 2 / 12)", {"past": past}

    def _zscore(self) -> tuple[str, dict[str, str]]:
        w, mean, variance, past = self._moments()
        return f"coalesce(({self.e} - {mean}) * {w} / ({w} + 1) / sqrt({variance}), 0)", past

    def _shift(self) -> tuple[str, dict[str, str]]:
        w, mean, variance, past = self._moments()
        usual = f"(({mean} * {w} + {self.e}) / ({w} + 1))"
        many = "(coalesce(n, 0) + 1)"
        distance = f"(s / 100::double + {self.e} - {many} * {usual})"
        return f"coalesce({distance} / sqrt({variance} * {many}), 0)", past | self._sums()

    def _share(self) -> str:
        short, long = (f"(e.asof - {self.begin(w)})" for w in self.feature.durations)
        return f"{short} / least({long}, greatest({short}, e.asof - since))::double"

    def _ratio_count(self) -> tuple[str, dict[str, str]]:
        past = {
            "a": f"count(*) filter ({self.within(0)})",
            "b": f"count(*) filter ({self.within(1)})",
            "since": "min(p.t) // 1000 * 1000",
        }
        return f"coalesce((a + 1.5) / (b * {self._share()} + 1.5), 1)", past

    def _ratio_sum(self) -> tuple[str, dict[str, str]]:
        past = self._sums(0, "a") | self._sums(1, "b") | {"since": "min(p.t) // 1000 * 1000"}
        typical = f"coalesce({self.typical}, sb / 100::double / if(nb > 0, nb, null))"
        usual = f"coalesce(sb / 100::double * {self._share()}, 0)"
        below = f"({usual} + 1.5 * {typical})"
        event = f"coalesce({self.e}, {typical})"
        ratio = f"(coalesce(sa, 0) / 100::double + {event} + 0.5 * {typical}) / {below}"
        return f"if({typical} > 0 and {below} > 0, {ratio}, 1)", past

    def _ratio_mean(self) -> tuple[str, dict[str, str]]:
        event = f"if({self.e} is null, 0, 1)"
        total = f"(sa + sb / nb::double + coalesce({self.e} * 100, 0))"
        ratio = f"{total} / ((na + 1 + {event}) * (sb / nb::double))"
        return f"if(sb > 0 and nb > 0, {ratio}, 1)", self._sums(0, "a") | self._sums(1, "b")

    def _relative(self) -> tuple[str, dict[str, str]]:
        past = {
            "w": f"sum({self.weight()}) filter ({self.p} is not null)",
            "wx": f"sum({self.weight()} * slog({self.p}))",
        }
        first = f"coalesce(slog({self.typical}::double), slog({self.e}))"
        usual = f"((coalesce(wx, 0) + 4 * {first}) / (coalesce(w, 0) + 4))"
        return f"coalesce(exp(slog({self.e}) - {usual}), 1)", past

    def _since_last(self) -> tuple[str, dict[str, str]]:
        longest = self.plan.longest
        passed = f"least(greatest(e.asof - clock, 0), {longest}) / 1000::double"
        return f"if(clock is null, {longest / 1000}, {passed})", {}

    def _first(self) -> tuple[str, dict[str, str]]:
        span, text = self.feature.window, self.text
        age = f"(e.present // {span} - p.t // {span})"
        bits = {
            f"{which}{back}": f"bool_or({age} = {back} and {bit}(e.{text}) in "
            f"(bit_a(p.{text}), bit_b(p.{text})))"
            for back in (0, 1)
            for which, bit in (("a", "bit_a"), ("b", "bit_b"))
        }
        known = "coalesce(a0, false) and coalesce(b0, false)"
        known += " or coalesce(a1, false) and coalesce(b1, false)"
        return f"clock is not null and e.{text} is not null and not ({known})", bits

    def _hours(self) -> tuple[str, dict[str, str]]:
        past = {
            "w": f"sum({self.weight()})",
            "c": f"sum({self.weight()} * cos(angle(p.t)))",
            "s": f"sum({self.weight()} * sin(angle(p.t)))",
        }
        return "1 - coalesce((c * cos(angle(e.t)) + s * sin(angle(e.t))) / (w + 1), 0)", past

    def _distance(self) -> tuple[str, dict[str, str]]:
        lat, long = self.feature.numbers
        known = f"filter (p.{lat} is not null and p.{long} is not null)"
        place = f"{{'a': degrees_of(p.{lat}), 'b': degrees_of(p.{long}), 't': p.t}}"
        here = f"degrees_of(e.{lat}), degrees_of(e.{long})"
        past = {"place": f"arg_max({place}, {LATEST}) {known}"}
        unknown = f"place.a is null or e.{lat} is null or e.{long} is null"
        return f"if({unknown}, 0, haversine({here}, place.a, place.b))", past

    def _speed(self) -> tuple[str, dict[str, str]]:
        distance, past = self._distance()
        hours = "greatest(abs(e.asof - place.t), 1000) / 3600000::double"
        return f"{distance} / ({hours})", past

    def _difference(self) -> tuple[str, dict[str, str]]:
        if self.feature.durations:
            mean, past = self._mean()
            return f"coalesce({self.e} - {mean}, 0)", past
        last = f"arg_max({self.p}, {LATEST}) filter ({self.p} is not null)"
        return f"coalesce({self.e} - last, 0)", {"last": last}

    def _slope(self) -> tuple[str, dict[str, str]]:
        order = "order by p.t desc, p.o desc"
        past = f"list({self.p} {order}) filter ({self.p} is not null)"
        values = f"list_append(list_reverse(past[:{self.feature.steps - 1}]), {self.e})"
        return f"if({self.e} is null or past is null, 0, slope({values}))", {"past": past}


def compare_streams(checks: int, seed: int) -> int:
    """Compare the features of random streams with the oracle, and return how many there were.

    Integers have to be equal, and other features nearly, to 12 digits.
    """
    random = np.random.default_rng(seed)
    done = 0
    while done < checks:
        features = random.permutation(CARD)[: random.integers(1, len(CARD) + 1)]
        plan = plan_of(*features, **_random_options(random, features))
        many = int(random.integers(1, 1_200))
        events = random_stream(plan, random, many, entities=int(random.integers(1, 60)))
        found, right = PartitionMemory(plan).observe(events), expected(plan, events)
        for feature, one, other in zip(plan.features, found.T, right.T, strict=True):
            if feature.kind in INTEGERS:
                np.testing.assert_array_equal(one, other, err_msg=feature.name)
            else:
                np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-9, err_msg=feature.name)
        done += found.size
    return done


def _random_options(random: np.random.Generator, features: Iterable[str]) -> dict[str, Any]:
    hops = {"1h": "5m", "1d": "1h", "7d": "12h", "30d": "1d"}
    used = {duration_text(window) for name in features for window in feature_of(name).windows}
    typical = {"amount": 20.0} if any("amount" in name for name in features) else {}
    return {
        "typical": typical if random.random() < 0.5 else {},
        "cells": random.choice(["small", "large"]),
        "lateness": random.choice(["0s", "10m", "3h"]),
        "hops": {w: hop for w, hop in hops.items() if w in used and random.random() < 0.3},
    }
