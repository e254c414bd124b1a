"""Options of both commands."""

from collections.abc import Callable
from typing import Any

import click

from demo.simulators import SIMULATORS


def scenario_option(text: str) -> Callable[[Any], Any]:
    """Make the option for the simulated stream.

    Parameters
    ----------
    text
        Its help.
    """
    return click.option(
        "--scenario",
        envvar="SCENARIO",
        default="cards",
        show_default=True,
        type=click.Choice([*SIMULATORS]),
        help=text,
    )
