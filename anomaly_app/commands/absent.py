"""Hidden commands for features that this app does not have, which print one line.

Faust's own commands work on tables, on the files of tables, and on LiveCheck.
"""

import click

from anomaly_app.terminal import say


def absent(name: str, line: str, *, is_error: bool) -> click.Command:
    """Make a hidden command that only prints a line."""

    @click.command(name, hidden=True, context_settings={"ignore_unknown_options": True}, help=line)
    @click.argument("ignored", nargs=-1, type=click.UNPROCESSED)
    def command(ignored: tuple[str, ...]) -> None:  # noqa: ARG001
        if is_error:
            raise click.ClickException(line)
        say(line)

    return command


# Having nothing to show or to remove is not an error: scripts run `reset` before a worker.
ABSENT = (
    absent("tables", "this app has no tables: its state is in Kafka", is_error=False),
    absent(
        "reset",
        "this app has no tables to reset; to score a topic again, start a worker with "
        "another ANOMALY_GROUP",
        is_error=False,
    ),
    absent("clean-versions", "this app keeps no files of earlier versions", is_error=False),
    absent(
        "livecheck",
        "this app has no LiveCheck; a worker reports on /readyz whether it is ready",
        is_error=True,
    ),
)
