"""The console script ``anomaly-app``: the commands of the app and of training under one name.

``anomaly-app worker`` is ``faust -A anomaly_app.app worker``, and ``anomaly-app train`` is
``python -m training``.
"""

from importlib import import_module
from importlib.util import find_spec

import click

from anomaly_app import __version__
from anomaly_app.lazy_group import LazyGroup

NAME = "anomaly-app"

APP = "anomaly_app.app"

COMMANDS = {
    "train": "Fit a model on a history, and measure how good it is.",
    "worker": "Start a worker, which scores transactions as they arrive.",
    "send": "Send a record to a topic, or to the topic of an agent.",
    "dlq": "List dead letters, and replay them.",
    "memory": "See what is remembered of entities, compare it with the log, or begin anew.",
    "profile": "Show what is remembered of an entity.",
    "silence": "Let nobody be told of some incidents for a while.",
    "user": "Say who may see the pages of a worker, and answer on them.",
    "alerts": "See who would be told of an anomaly and why, and try the receivers.",
    "label": "Say what anomalies, transactions, entities and incidents were.",
    "store": "See what is kept in SQL, make a backup, or compare it with the topics.",
    "agents": "List the agents and their topics.",
    "models": "List the records on the wire.",
    "model": "Show the fields of a record on the wire.",
}
"""What each command does. All but ``train`` are Faust's, which takes seconds to load."""

TRAINING_LIBRARIES = ("jinja2", "matplotlib", "polars", "rich")
"""Modules of the extra ``training``."""


class FaustCommand(click.Command):
    """A command of the app's Faust command line, which gets its arguments unparsed."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Leave every argument to Faust, including ``--help``."""
        ctx.args = list(args)
        return []

    def invoke(self, ctx: click.Context) -> None:
        """Run the command, with the options given before it."""
        from faust.cli.faust import cli as faust  # noqa: PLC0415  # takes seconds

        # Loading the app adds its commands to those of Faust.
        import_module(APP)
        given = ctx.find_root().params
        options = ["--json"] * given["json"]
        if given["datadir"] is not None:
            options += ["--datadir", given["datadir"]]
        faust.main(["-A", APP, *options, str(self.name), *ctx.args], prog_name=NAME)


def load(name: str) -> click.Command:
    """Load one of `COMMANDS`.

    Raises
    ------
    click.ClickException
        It is ``train``, and the extra ``training`` is not installed.
    """
    if name != "train":
        return FaustCommand(name)
    if any(find_spec(library) is None for library in TRAINING_LIBRARIES):
        raise click.ClickException(
            f'`train` needs packages that a worker does not: pip install "{NAME}[training]"'
        )
    group: click.Command = import_module("training.cli").cli
    return group


@click.group(
    cls=LazyGroup,
    summaries=COMMANDS,
    load=load,
    context_settings={"max_content_width": 100},
)
@click.option("--json", is_flag=True, help="Print JSON: for agents, models and model.")
@click.option(
    "--datadir",
    type=click.Path(file_okay=False),
    help="Folder that Faust creates for its files.  [default: <ANOMALY_GROUP>-data]",
)
@click.version_option(__version__, prog_name=NAME)
def cli(json: bool, datadir: str | None) -> None:  # noqa: FBT001  # read by `FaustCommand`
    """Detect anomalies in a Kafka topic, in real time.

    \b
    Train a model on your history, and start a worker that uses it:
      anomaly-app train fit history.csv
      anomaly-app worker -l info

    \b
    Send it a transaction, and list the records that it could not read:
      anomaly-app send @scoring '{"features": {"amount": 4210}}' -k card-0042
      anomaly-app dlq list

    Every command has --help. `anomaly-app train` is the same as `python -m training`, and the
    others are the same as `faust -A anomaly_app.app`. Settings such as ANOMALY_BROKER are read
    from the environment and from a file .env.
    """  # noqa: D301  # click reads the escape: keep the lines as they are


def main() -> None:
    """Run the command line."""
    cli(prog_name=NAME)
