"""A command line that loads a command only when it is called."""

from collections.abc import Callable, Mapping
from typing import Any

import click


class LazyGroup(click.Group):
    """A click group that lists its commands without loading them.

    Parameters
    ----------
    *args, **kwargs
        Arguments of `click.Group`.
    summaries
        One line on each command, in the order of the help.
    load
        Returns the command with a name in ``summaries``.
    """

    def __init__(
        self,
        *args: Any,
        summaries: Mapping[str, str],
        load: Callable[[str], click.Command],
        **kwargs: Any,
    ) -> None:
        super().__init__(*args, **kwargs)
        self._summaries = summaries
        self._load = load

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002
        """List the commands, in the order in which they are usually needed."""
        return list(self._summaries)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002
        """Load a command; None if there is none of that name."""
        return self._load(cmd_name) if cmd_name in self._summaries else None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002
        """List the commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(self._summaries.items()))
