"""The demo in the terminal: a progress bar, each anomaly, and the table at the end."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, get_args

from rich.console import Console
from rich.markup import escape
from rich.padding import Padding
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from anomaly_app.core.scoring.anomaly import Anomaly
from anomaly_app.core.wording import NOTHING, percent
from demo.alert import Alert
from demo.simulators import AnomalyClass
from demo.tally import Tally

ACTIVATE = ". .venv/bin/activate"

COLOURS = {"critical": "bold red", "high": "red", "medium": "yellow"}

CLASSES: tuple[AnomalyClass, ...] = get_args(AnomalyClass)

ROWS = (
    ("sent", "sent", "{:,}".format),
    ("scored", "scored", "{:,}".format),
    ("anomalies", "anomalies", "{:,}".format),
    ("alerts", "alerts", "{:,}".format),
    ("dead letters", "dead_letters", "{:,}".format),
    ("rejected: records that went to the dead letters", "rejected_share", percent),
    ("p50 latency, produce to anomaly", "p50_ms", "{:,.1f} ms".format),
    ("p99 latency, produce to anomaly", "p99_ms", "{:,.1f} ms".format),
    ("precision: alerts that were right, by the labels", "precision", percent),
    ("recall: labelled anomalies that were caught", "recall", percent),
)


class Screen:
    """The terminal output of a run.

    Parameters
    ----------
    console
        The console; if it is not a terminal, only lines are printed, without the bar.
    tally
        The counts of what was sent and what came back.
    """

    def __init__(self, console: Console, tally: Tally) -> None:
        self._console = console
        self._tally = tally
        self.progress = Progress(
            SpinnerColumn(),
            BarColumn(bar_width=24),
            TextColumn("{task.percentage:3.0f}%  {task.fields[counts]}"),
            TimeRemainingColumn(),
            console=console,
        )
        self._task = self.progress.add_task("traffic", counts="starting")

    def show_anomaly(self, anomaly: Anomaly) -> None:
        """Show an anomaly with the text of its Slack alert, and its label."""
        event = self._tally.events.get(anomaly.id)
        truth = ""
        if event is not None and event.label is not None:
            kind = event.kind or "labelled anomaly"
            truth = f"[green]✔ {kind}[/] " if event.label else "[dim]✘ labelled normal[/] "
        colour = COLOURS.get(anomaly.severity, "white")
        alert = Alert.of(anomaly)
        self._console.print(f"[{colour}]{escape(alert.headline)}[/] {truth}", highlight=False)
        details = escape(" | ".join(alert.details))
        self._console.print(Padding(details, (0, 0, 0, 4)), style="dim", highlight=False)

    def show_counts(self, totals: dict[str, int], *, rate: float, total: int) -> None:
        """Update the line beside the bar."""
        counts = (
            f"{rate:,.0f}/s  sent {self._tally.sent:,}  scored {totals.get('scored', 0):,}  "
            f"anomalies {totals.get('anomalies', 0):,}  alerts {totals.get('alerts', 0):,}  "
            f"dead {totals.get('dead_letters', 0):,}"
        )
        self.progress.update(self._task, total=total, completed=self._tally.sent, counts=counts)
        if not self._console.is_terminal:
            self._console.print(counts, highlight=False)


def show_summary(console: Console, summary: dict[str, Any]) -> None:
    """Show the table, followed by warnings about the run."""
    table = Table(title="what happened", show_header=False)
    for label, name, form in ROWS:
        value = summary[name]
        table.add_row(label, NOTHING if value is None else form(value))
        if name == "dead_letters":
            for reason, count in summary["dead_letters_by_reason"].items():
                table.add_row(f"  {escape(reason)}", f"{count:,}")
    for label, recall in _recall_rows(summary):
        table.add_row(label, percent(recall))
    console.print(table)
    if (odd := summary["alert_share"]) is not None:
        console.print(f"[bold red]{escape(odd)}[/]", highlight=False, soft_wrap=True)
    for line in summary["advice"]:
        console.print(f"[yellow]{escape(line)}[/]", highlight=False, soft_wrap=True)
    if summary["sent"] != summary["scored"] + summary["dead_letters"]:
        console.print("[red]sent differs from scored + dead letters: see the workers' logs[/]")


def _recall_rows(summary: dict[str, Any]) -> Iterator[tuple[str, float]]:
    """Yield the recall of each class of anomalies, followed by that of its kinds."""
    for name in CLASSES:
        if name in summary["recall_by_class"]:
            yield f"  recall of {name} anomalies", summary["recall_by_class"][name]
        for kind, recall in summary["recall_by_kind"].items():
            if summary["class_by_kind"].get(kind) == name:
                yield f"    {kind}", recall


def show_next_steps(console: Console, steps: Sequence[str]) -> None:
    """Show the commands to run next, unwrapped, so that they can be copied."""
    console.print(f"\nwhat comes next (once: {ACTIVATE})", highlight=False)
    for step in steps:
        console.print(f"  {step}", markup=False, highlight=False, soft_wrap=True)


def print_json(summary: dict[str, Any]) -> None:
    """Print the summary as the last line, for machines; it is never wrapped."""
    print(json.dumps(summary), flush=True)  # noqa: T201
