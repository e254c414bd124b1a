"""``python -m training memory``: what a memory makes of history, and what it costs."""

import time
from pathlib import Path

import click
import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from anomaly_app.core.memory.events import Events
from anomaly_app.core.memory.layout import Plan
from anomaly_app.core.memory.partition_memory import PartitionMemory
from anomaly_app.core.memory.wording import feature_in_words
from anomaly_app.terminal import one_line_errors
from training.cli import COMMANDS
from training.commands import options
from training.commands.reading import read_data
from training.history.topic import TopicAddress
from training.memory import PRESETS, Bound, bind, bind_to, read_preset

MEASURED_EVENTS = 200_000
MEASURED_BATCH = 4_096
"""Events whose cost is measured, and how many of them a worker is supposed to take at once."""

HOTTEST = 100_000
"""Largest number of entities among them: what a worker sees within minutes."""

spec_argument = click.argument("memory", metavar="PRESET|FILE")
data_argument = click.argument("data", type=options.Data(), required=False)


@click.group("memory", short_help=COMMANDS["memory"])
def command() -> None:
    """Show what a memory remembers, and what that costs.

    \b
    Examples:
      python -m training memory explain card-transactions
      python -m training memory explain card-transactions payments.csv
      python -m training memory size card-transactions --entities 1000000
    """  # noqa: D301  # click reads the escape: keep the lines as they are


@command.command("explain")
@spec_argument
@data_argument
@options.roles
@options.time_format
@one_line_errors
def explain(
    memory: str, data: Path | TopicAddress | None, roles: str, time_format: str | None
) -> None:
    """List the features of a memory, in words.

    PRESET|FILE is one of the presets, or a file of the same form. With DATA, the columns that it
    is about are found as `fit` finds them.

    \b
    Examples:
      python -m training memory explain machine-readings
      python -m training memory explain my-memory.yaml history.csv --roles 'key=pump'
    """  # noqa: D301  # click reads the escape: keep the lines as they are
    console = Console()
    bound = _bound(memory, data, roles, time_format)
    for key in bound.spec.keys:
        owner = "the entity" if key.field is None else key.field
        table = Table("feature", "meaning", title=f"what is remembered of {escape(owner)}")
        for feature in key.parsed:
            table.add_row(escape(feature.name), escape(feature_in_words(feature.name)))
        console.print(table)
    for kind, columns in bound.columns.items():
        found = ", ".join(columns) or "no column: its features are left out"
        console.print(f"[bold]{escape(kind)}[/]: {escape(found)}")
    if memory in PRESETS:
        console.print(f"fit a model with it: python -m training fit DATA --memory {memory}")


@command.command("size")
@spec_argument
@data_argument
@options.roles
@options.time_format
@click.option(
    "--entities",
    default=100_000,
    show_default=True,
    type=click.IntRange(1, 2**40),
    help="Number of entities that are remembered at a time.",
)
@one_line_errors
def size(
    memory: str,
    data: Path | TopicAddress | None,
    roles: str,
    time_format: str | None,
    entities: int,
) -> None:
    """Tell the bytes that a memory takes, and the time that an event takes here.

    \b
    Examples:
      python -m training memory size card-transactions
      python -m training memory size machine-readings sensors.csv --entities 5000
    """  # noqa: D301  # click reads the escape: keep the lines as they are
    console = Console()
    bound = _bound(memory, data, roles, time_format)
    table = Table("key", "features", "bytes an entity", "all entities", "us an event")
    for key in bound.spec.keys:
        plan = Plan(key)
        table.add_row(
            escape(key.field or "entity"),
            str(len(plan.names)),
            str(plan.record_bytes),
            f"{plan.record_bytes * entities / 2**20:,.1f} MiB",
            f"{_microseconds(plan, min(entities, HOTTEST)):.2f}",
        )
    console.print(table)
    [capacity] = {key.capacity for key in bound.spec.keys[:1]}
    console.print(
        f"a partition remembers about {capacity:,} entities, and forgets the least recent of them "
        "first: `capacity` in the file changes that"
    )


def _bound(
    memory: str, data: Path | TopicAddress | None, roles: str, time_format: str | None
) -> Bound:
    preset = read_preset(memory)
    if data is None:
        return bind_to(preset, {kind: [kind] for kind in preset.fields})
    said = options.read_roles(roles, time_format)
    return bind(preset, read_data(data, said, Console(stderr=True)))


def _microseconds(plan: Plan, entities: int) -> float:
    """Measure the kernel on made events, on one core."""
    random = np.random.default_rng(0)
    memory = PartitionMemory(plan)
    keys = random.integers(1, 2**63, entities, dtype=np.uint64)
    spent = 0.0
    for first in range(0, MEASURED_EVENTS, MEASURED_BATCH):
        offsets = np.arange(first, first + MEASURED_BATCH)
        events = Events(
            offsets=offsets,
            keys=keys[random.integers(0, entities, MEASURED_BATCH)],
            times=offsets * 1_000,
            local=offsets * 1_000,
            numbers=random.normal(size=(MEASURED_BATCH, len(plan.numbers))),
            texts=random.integers(1, 100, (MEASURED_BATCH, len(plan.texts)), dtype=np.uint64),
        )
        begin = time.perf_counter()
        memory.observe(events)
        spent += time.perf_counter() - begin
    return spent / MEASURED_EVENTS * 1e6
