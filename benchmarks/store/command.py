"""``python -m benchmarks store``."""

import json
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import click

from anomaly_app.store.engine import open_engine
from anomaly_app.store.schema import prepare
from anomaly_app.store.store import Store
from anomaly_app.terminal import Progress, one_line_errors, say
from benchmarks.store.asking import measure
from benchmarks.store.filling import fill
from benchmarks.store.population import Population
from benchmarks.store.writing_rate import TOPICS, write
from harness.postgres import postgres

FILE = "bench-store.json"

KINDS = ("postgresql", "sqlite")

SERVER = {"shared_buffers": "1GB", "max_wal_size": "4GB", "maintenance_work_mem": "512MB"}
"""What a server for this much has; the rest are PostgreSQL's defaults, fsync included."""


@click.command()
@click.option(
    "--anomalies",
    default=10_000_000,
    show_default=True,
    type=click.IntRange(1_000),
    help="Number of anomalies in the store.",
)
@click.option("--times", default=200, show_default=True, help="How often to ask each question.")
@click.option("--seconds", default=20.0, show_default=True, help="How long to write.")
@click.option(
    "--only",
    type=click.Choice(KINDS),
    help="Only one kind of database.",
)
@click.option(
    "--out",
    default=Path("build"),
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder for the results.",
)
@one_line_errors
def store(anomalies: int, times: int, seconds: float, only: str | None, out: Path) -> None:
    """Measure what the store costs, on PostgreSQL and on SQLite.

    A database is filled with a year of anomalies of 100,000 entities, some of which have many.
    Then everything that a page for reviewing asks is asked in turns, and anomalies are written in
    the worker's way. Ten million anomalies take 20 minutes and 20 GB on each kind of database.
    """
    results: dict[str, Any] = {"anomalies": anomalies}
    for kind in [only] if only else KINDS:
        with _opened(kind) as opened:
            results[kind] = _measure(opened, Population(anomalies), kind, times, seconds)
    out.mkdir(exist_ok=True)
    (out / FILE).write_text(json.dumps(results, indent=2) + "\n")


@contextmanager
def _opened(kind: str) -> Iterator[Store]:
    with ExitStack() as stack:
        if kind == "postgresql":
            address = stack.enter_context(postgres(**SERVER)).address
        else:
            folder = stack.enter_context(TemporaryDirectory(prefix="anomaly-app-store-"))
            address = f"sqlite:///{folder}/store.db"
        opened = Store(open_engine(address), TOPICS, "benchmark")
        stack.callback(opened.close)
        prepare(opened.engine)
        yield opened


def _measure(
    opened: Store, population: Population, kind: str, times: int, seconds: float
) -> dict[str, Any]:
    with Progress(f"filling {kind}", sys.stderr) as progress:
        fill(opened.engine, population, progress)
    asked = measure(opened.engine, population, times)
    say(f"{kind}, {population.size:,} anomalies, milliseconds: p50, p95")
    for name, found in asked.items():
        say(f"  {name:34} {found['p50']:9.2f} {found['p95']:9.2f}")
    written: dict[str, Any] = {}
    for members in (False, True):
        rate = write(opened, population, seconds, members=members)
        name = "with members" if members else "alone"
        written[name] = rate._asdict()
        say(
            f"  written {name}: {rate.anomalies_per_second:,.0f} anomalies/s, "
            f"{rate.cpu_microseconds:.0f} µs of this process's CPU each"
        )
    return {"questions": asked, "written": written}
