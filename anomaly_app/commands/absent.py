"""Commands for what this app does not have: they say so in a line, and are not listed.

Faust's own work on tables, on the files of tables, and on LiveCheck.
"""

import click

from anomaly_app.terminal import say


def absent(name: str, line: str, *, is_error: bool) -> click.Command:
    """Make a command for what this app does not have, which says so and is not listed."""

    @click.command(name, hidden=True, context_settings={"ignore_unknown_options": True}, help=line)
    @click.argument("ignored", nargs=-1, type=click.UNPROCESSED)
    def command(ignored: tuple[str, ...]) -> None:  # noqa: ARG001
        if is_error:
            raise click.ClickException(line)
        say(line)

    return command


# Nothing to show or to remove is no error: scripts run `reset` before a worker.
ABSENT = (
    absent("tables", "this app has no tables: its state is in Kafka", is_error=False),
    absent(
        "reset",
        "this app has no tables to reset; to score a topic once more, start a worker with "
        "another ANOMALY_GROUP",
        is_error=False,
    ),
    absent("clean-versions", "this app keeps no files of former versions", is_error=False),
    absent("livecheck", "this app has no LiveCheck; /readyz tells of a worker", is_error=True),
)
