"""The command line of ``python -m training``."""

from importlib import import_module

import click

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


class LateCommands(click.Group):
    """A group whose commands are in modules of their own, loaded when they are called."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """List the commands, in the order in which they are usually needed."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Load a command; None where there is none of that name."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"training.commands.{cmd_name}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=LateCommands, context_settings={"max_content_width": 100})
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
