"""The command line of ``python -m training``."""

from importlib import import_module

import click

from anomaly_app.lazy_group import LazyGroup

COMMANDS = {
    "fit": "Fit a model on DATA and write it to disk.",
    "retrain": "Fit the next version, and compare it with the old one.",
    "threshold": "Change the threshold of a model without refitting it.",
    "evaluate": "Evaluate a model on DATA and write a report.",
    "compare": "Compare detectors on DATA and write a report.",
    "benchmark": "Benchmark detectors on labelled data sets.",
    "choice": "Cross-validate the weights of the default detector.",
    "memory": "Show what a memory remembers, and what that costs.",
    "inspect": "Show the manifest of a model without unpickling it.",
}
"""Short help of each command. It is here because the module of a command takes seconds to import,
and is only imported when the command runs."""


def main() -> None:
    """Run the command line."""
    cli(prog_name="python -m training")


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
    """Fit models on past transactions, and evaluate them.

    \b
    Fit a first model on your own file, and start a worker with it:
      python -m training fit history.csv
      faust -A anomaly_app.app worker -l info

    \b
    Find the best detector for your data, and evaluate the model on newer data:
      python -m training compare history.csv
      python -m training fit history.csv --detector knn --alerts-per-day 10
      python -m training evaluate models/transactions newer.csv

    \b
    Change the number of alerts:
      python -m training threshold models/transactions --alerts-per-day 20

    \b
    Fit the next version on new data and labels, and compare both:
      python -m training retrain newer.csv

    \b
    Fit a model on a Kafka topic:
      python -m training fit kafka://localhost:9092/transactions --last 7d

    DATA is a CSV, JSON lines, Parquet or npz file (also .gz or .zst) with one transaction per row,
    a folder of such files, or a topic. The roles of the columns (key, time, label, ...) are
    inferred from names and values; --roles overrides them.
    """  # noqa: D301  # click reads the escape: keep the lines as they are
