"""How long the questions of a page for reviewing take."""

import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import numpy as np
from sqlalchemy import Connection, Engine

from anomaly_app.store import queries
from anomaly_app.store.engine import reading
from anomaly_app.store.queries import Order, Search
from benchmarks.store.population import VERSIONS, Population

Question = Callable[[Connection], Any]

MONTH = timedelta(days=30)


def questions(population: Population) -> dict[str, Callable[[], Question]]:
    """Return what to ask: each draws what it is about."""
    draw = population.draw

    def searching(**changes: Any) -> Question:
        return lambda connection: queries.search(connection, Search(**changes))

    def after() -> Question:
        place = population.moment(), population.name()
        return lambda connection: queries.search(connection, Search(), after=place)

    def queue(order: Order, *, deep: bool = False) -> Question:
        place = (float(draw.random()), population.name()) if deep else None
        return lambda connection: queries.queue(connection, order, after=place)

    def one() -> Question:
        name = population.name()

        def ask(connection: Connection) -> None:
            found = queries.one(connection, name)
            if found is not None:
                queries.said_of(connection, found)

        return ask

    def version() -> str:
        return str(int(draw.integers(1, VERSIONS + 1)))

    def month() -> dict[str, Any]:
        since = population.moment()
        return {"since": since, "until": since + MONTH}

    return {
        "queue by severity": lambda: queue(Order.SEVERITY),
        "queue by what teaches": lambda: queue(Order.TEACHES),
        "queue, deep": lambda: queue(Order.SEVERITY, deep=True),
        "one anomaly with labels": one,
        "timeline of an entity": lambda: searching(entity=population.entity()),
        "anomalies of an incident": lambda: searching(incident=population.incident()),
        "search: latest": searching,
        "search: deep": after,
        "search: transaction": lambda: searching(
            transaction_id=f"payment-{int(draw.integers(population.size)):010d}"
        ),
        "search: feature": lambda: searching(feature=population.feature()),
        "search: severity": lambda: searching(severity="critical"),
        "search: model": lambda: searching(model="transactions", model_version=version()),
        "search: verdict": lambda: searching(verdict="fraud"),
        "search: month": lambda: searching(**month()),
        "search: entity, severity": lambda: searching(
            entity=population.entity(), severity="critical"
        ),
        "search: entity, no verdict": lambda: searching(entity=population.entity(), verdict="none"),
        "search: feature, severity, month": lambda: searching(
            feature=population.feature(), severity="critical", **month()
        ),
        "search: feature, verdict": lambda: searching(
            feature=population.feature(), verdict="fraud"
        ),
        "counts": lambda: (
            lambda connection: (
                queries.waiting(connection),
                queries.judged(connection),
            )
        ),
    }


def measure(engine: Engine, population: Population, times: int) -> dict[str, dict[str, float]]:
    """Return the median and the 95th percentile of each question, in milliseconds.

    Questions are asked in turns, so that each finds what the others left in memory.
    """
    asked = questions(population)
    seconds: dict[str, list[float]] = {name: [] for name in asked}
    for _ in range(times):
        for name, question in asked.items():
            ask = question()
            begun = time.perf_counter()
            with reading(engine) as connection:
                ask(connection)
            seconds[name].append(time.perf_counter() - begun)
    return {
        name: {
            "p50": round(float(np.quantile(found, 0.5)) * 1000, 2),
            "p95": round(float(np.quantile(found, 0.95)) * 1000, 2),
        }
        for name, found in seconds.items()
    }
