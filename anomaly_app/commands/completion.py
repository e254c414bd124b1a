"""`completion`: print a completion script for the shell.

Faust's own command needs a package that is not installed; click has completion built in.
"""

import os
import re
import shlex
from pathlib import Path

import click
from click.shell_completion import get_completion_class
from faust.cli.base import cli

from anomaly_app.terminal import say

SHELLS = ("bash", "zsh", "fish")


@click.command(context_settings={"max_content_width": 100})
@click.argument("shell", required=False, type=click.Choice(SHELLS))
@click.pass_context
def completion(context: click.Context, shell: str | None) -> None:
    """Print a script that makes the shell complete commands and options.

    Without SHELL, the environment variable SHELL decides. Completion takes a second or two, since
    it loads the app.

    \b
    Examples:
      eval "$(faust -A anomaly_app.app completion bash)"
      faust -A anomaly_app.app completion zsh > ~/.zfunc/_faust
    """  # noqa: D301
    name = shell or Path(os.environ.get("SHELL", "")).name
    found = get_completion_class(name)
    if found is None:
        raise click.ClickException(
            f"no completion for {name or 'an unknown shell'}: "
            f"use one of {', '.join(SHELLS)}, such as `completion bash`"
        )
    # Without the app, Faust would complete its own commands only.
    loading = f"-A {shlex.quote(context.find_root().params['app'])} 2>/dev/null"
    script = found(cli, {}, "faust", "_FAUST_COMPLETE").source()
    say(re.sub(r"(\$1|faust)\)", lambda call: f"{call[1]} {loading})", script))
