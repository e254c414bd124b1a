"""Report results as tables and as JSON."""

from collections.abc import Sequence
from pathlib import Path

import msgspec
from rich.console import Console
from rich.table import Table

from benchmarks.goals import Judged
from benchmarks.quantiles import LITTLE, RATES
from benchmarks.results import (
    ANOMALIES,
    CPU,
    EVENTS,
    MEMORY,
    Results,
    Summary,
    latency_figure,
    share_figure,
)

COLUMNS = (
    EVENTS,
    CPU,
    *(latency_figure(share, rate) for rate in RATES for share in (0.5, 0.99)),
    MEMORY,
    ANOMALIES,
)

LITTLE_COLUMNS = (
    *(share_figure(rate) for rate in LITTLE),
    *(latency_figure(share, rate) for rate in LITTLE for share in (0.5, 0.99)),
)


def show(console: Console, systems: Sequence[str], results: Results, *, compared: int) -> None:
    """Print the figures of the systems, one per row.

    Parameters
    ----------
    console
        Where to print.
    systems
        Their names, in order.
    results
        The results.
    compared
        Number of first records whose anomalies are counted.
    """
    table = Table(title="medians, and range over the runs", caption_justify="left")
    table.caption = (
        f"anomalies among the first {compared:,} records; ≥: lower bound, because some anomalies "
        "had not arrived at the end of the measurement"
    )
    table.add_column("system", no_wrap=True)
    for figure in COLUMNS:
        table.add_column(figure.replace(" at ", "\nat "), justify="right")
    for system in systems:
        cells = [
            _cell(results.summary(system, figure)) if results.has(system, figure) else "-"
            for figure in COLUMNS
        ]
        table.add_row(system, *cells)
    console.print(table)


def show_little(console: Console, systems: Sequence[str], results: Results) -> None:
    """Print the CPU usage of the fast systems at low traffic."""
    table = Table(title="at low traffic")
    table.add_column("system", no_wrap=True)
    for figure in LITTLE_COLUMNS:
        table.add_column(figure.replace(" at ", "\nat "), justify="right")
    for system in systems:
        if results.has(system, LITTLE_COLUMNS[0]):
            table.add_row(system, *(_cell(results.summary(system, f)) for f in LITTLE_COLUMNS))
    if table.row_count:
        console.print(table)


def show_all(console: Console, results: Results) -> None:
    """Print all figures, one per row."""
    table = Table("what", "figure", title="medians, and range over the runs")
    table.add_column("measured", justify="right")
    table.add_column("runs", justify="right")
    for each in results.summaries():
        measured = ("≥ " if each.at_least else "") + number(each.median)
        table.add_row(
            each.system, each.figure, measured, f"{number(each.least)} to {number(each.most)}"
        )
    console.print(table)


def show_goals(console: Console, judged: Sequence[Judged]) -> None:
    """Print the goals, met or missed."""
    table = Table("what", "goal", title="goals")
    table.add_column("measured", justify="right")
    table.add_column("runs", justify="right")
    table.add_column("")
    for each in judged:
        table.add_row(
            each.goal.what,
            each.goal.text,
            number(each.measured),
            f"{number(each.least)} to {number(each.most)}",
            "[green]met[/]" if each.met else "[red]missed[/]",
        )
    console.print(table)


def write_json(path: Path, machine: str, results: Results, judged: Sequence[Judged]) -> None:
    """Write all figures; the first object describes the machine."""
    nothing = {"median": None, "min": None, "max": None}
    objects = [
        {"system": "machine", "figure": machine, **nothing},
        *(summary.to_json() for summary in results.summaries()),
        *(each.to_json() for each in judged),
    ]
    path.write_bytes(msgspec.json.format(msgspec.json.encode(objects), indent=2) + b"\n")


def _cell(summary: Summary) -> str:
    value = ("≥ " if summary.at_least else "") + number(summary.median)
    if summary.least == summary.most:
        return value
    return f"{value}\n[dim]{number(summary.least)} to {number(summary.most)}[/]"


def number(value: float) -> str:
    """Format a number with three significant digits, or as a whole number from 100."""
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"  # noqa: PLR2004
