"""The command line of ``python -m training``."""

from collections.abc import Callable
from functools import wraps
from importlib import import_module
from typing import Any

import click

from anomaly_app.errors import AnomalyAppError
from anomaly_app.lazy_group import LazyGroup

COMMANDS = {
    "fit": "Fit a model on DATA and write the artifact.",
    "threshold": "Move the threshold of a model without a new fit.",
    "evaluate": "Evaluate a model on DATA and write a report.",
    "compare": "Compare all detectors on DATA and write a report.",
    "benchmark": "Compare detectors on a folder of labelled data sets.",
    "choice": "Judge the default's weights on data sets that are left out.",
    "inspect": "Show the manifest of a model without unpickling the model.",
}
"""What each command does. It is kept here because a command's module is loaded only when it is
called: its libraries take seconds."""


def main() -> None:
    """Run the command line."""
    cli(prog_name="python -m training")


def one_line_errors(command: Callable[..., None]) -> Callable[..., None]:
    """Show this project's errors as one line, without a stack trace."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> None:
        try:
            command(*args, **kwargs)
        except AnomalyAppError as fault:
            raise click.ClickException(str(fault)) from None

    return run


def load(name: str) -> click.Command:
    """Load one of `COMMANDS`."""
    command: click.Command = import_module(f"training.commands.{name}").command
    return command


@click.group(
    cls=LazyGroup,
    summaries=COMMANDS,
    load=load,
    context_settings={"max_content_width": 100},
)
def cli() -> None:
    """Fit models on history, and measure how good they are.

    \b
    Fit a first model on a file of your own, and start a worker that uses it:
      python -m training fit history.csv
      faust -A anomaly_app.app worker -l info

    \b
    Find the detector that suits the file, and evaluate the model on newer data:
      python -m training compare history.csv
      python -m training fit history.csv --detector knn --alerts-per-day 10
      python -m training evaluate models/transactions newer.csv

    \b
    Too many alerts, or too few; and a model from what a topic holds:
      python -m training threshold models/transactions --alerts-per-day 20
      python -m training fit kafka://localhost:9092/transactions --last 7d

    DATA is a CSV, JSON lines, Parquet or npz file (also .gz, .zst) with one transaction a row, a
    folder of such files, or a topic. Which column is what is inferred from names and values, or
    said with --roles.
    """  # noqa: D301  # click reads the escape: keep the lines as they are
