"""The demo in the terminal: a bar, anomalies and messages as they come, and what came of it."""

import json
from collections.abc import Iterator, Sequence
from typing import Any, get_args

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeRemainingColumn
from rich.table import Table

from anomaly_app.core.model.wording import reason_in_words
from anomaly_app.core.scoring.anomaly import Anomaly
from anomaly_app.core.visible import printable
from anomaly_app.core.wording import NOTHING, percent
from demo.messages import Message
from demo.simulators import AnomalyClass
from demo.tally import Tally

ACTIVATE = ". .venv/bin/activate"

COLOURS = {"critical": "bold red", "high": "red", "medium": "yellow"}

CLASSES: tuple[AnomalyClass, ...] = get_args(AnomalyClass)

LONGEST = 160
"""Characters of a text: names and values come from the stream and may be anything."""

ONE_LINE: dict[str, Any] = {"no_wrap": True, "overflow": "ellipsis"}

MOST_MESSAGES = 6
"""Messages that are shown again at the end."""

ROWS = (
    ("transactions sent", "sent", "{:,}".format),
    ("transactions scored", "scored", "{:,}".format),
    ("anomalies among them", "anomalies", "{:,}".format),
    ("incidents: anomalies of one cause", "incidents", "{:,}".format),
    ("messages to people", "messages", "{:,}".format),
    ("incidents without a message: they wait, or go to the digest", "untold", "{:,}".format),
    ("dead letters", "dead_letters", "{:,}".format),
    ("rejected: records that went to the dead letters", "rejected_share", percent),
    ("p50 latency, produce to anomaly", "p50_ms", "{:,.1f} ms".format),
    ("p99 latency, produce to anomaly", "p99_ms", "{:,.1f} ms".format),
    ("incidents people were told of that were right, by the labels", "messages_right", percent),
    ("precision: anomalies that were right, by the labels", "precision", percent),
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
            BarColumn(bar_width=12),
            TextColumn("{task.percentage:3.0f}%  {task.fields[counts]}"),
            TimeRemainingColumn(),
            console=console,
        )
        self._task = self.progress.add_task("traffic", counts="starting")

    def show_anomaly(self, anomaly: Anomaly) -> None:
        """Show an anomaly in a line: its label, and its strongest reason."""
        event = self._tally.events.get(anomaly.id)
        truth = ""
        if event is not None and event.label is not None:
            kind = escape(event.kind or "labelled anomaly")
            truth = f" [green]✔ {kind}[/]" if event.label else " ✘ labelled normal"
        entity = NOTHING if anomaly.entity is None else anomaly.entity
        reasons = [reason_in_words(one, _plain) for one in anomaly.reasons[:1]]
        what = escape(f"{_plain(anomaly.severity)} anomaly: {_plain(entity)}")
        line = "  ".join((what + truth, *map(escape, reasons)))
        self._console.print(line, highlight=False, style="dim", **ONE_LINE)

    def show_message(self, message: Message) -> None:
        """Show a message as people get it."""
        colour = COLOURS.get(message.severity, "bold")
        number = len(self._tally.messages)
        headline = escape(f"✉ message {number}  {_plain(message.headline)}")
        self._console.print(f"[{colour}]{headline}[/]", highlight=False)
        for detail in (message.size, *message.details):
            self._console.print(f"    {escape(_plain(detail))}", highlight=False, **ONE_LINE)

    def show_counts(self, totals: dict[str, int], *, total: int) -> None:
        """Update the line beside the bar."""
        counts = (
            f"sent {self._tally.sent:,}  anomalies {totals.get('anomalies', 0):,}  "
            f"incidents {totals.get('incidents', 0):,}  messages {len(self._tally.messages):,}"
        )
        self.progress.update(self._task, total=total, completed=self._tally.sent, counts=counts)
        if not self._console.is_terminal:
            self._console.print(counts, highlight=False)


def _plain(text: object) -> str:
    return printable(str(text), LONGEST)


def show_summary(console: Console, summary: dict[str, Any]) -> None:
    """Show how few messages came of how many transactions, a table, and warnings about the run."""
    counts = (f"{summary[name]:,} {name}" for name in ("anomalies", "incidents", "messages"))
    console.print(
        f"\n[bold]{summary['sent']:,} transactions → {' → '.join(counts)}[/]", highlight=False
    )
    _show_told(console, summary["told"])
    table = Table(title="what happened", title_justify="left", show_header=False)
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


def _show_told(console: Console, told: Sequence[dict[str, str]]) -> None:
    for one in told[:MOST_MESSAGES]:
        colour, headline = COLOURS.get(one["severity"], "bold"), escape(_plain(one["headline"]))
        why = escape(_plain(one["why"]))
        console.print(f"  [{colour}]✉ {headline}[/]  [dim]{why}[/]", highlight=False, **ONE_LINE)
    if (left := len(told) - MOST_MESSAGES) > 0:
        console.print(f"  and {left:,} more", highlight=False, style="dim")
    console.print()


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
