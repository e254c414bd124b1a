"""Options shared by several commands, and how their values are read."""

import inspect
import re
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeAlias

import click
import msgspec
from msgspec.structs import replace

from anomaly_app.core.detectors import DETECTORS
from anomaly_app.core.roles.roles import Roles
from anomaly_app.errors import DataError
from training.history.topic import SCHEME, TopicAddress
from training.memory import PRESETS

SHARE = click.FloatRange(0, 1, min_open=True, max_open=True)
POSITIVE = click.FloatRange(0, min_open=True)

Command: TypeAlias = Callable[..., None]


class Data(click.ParamType):
    """A file, a folder, or a topic as ``kafka://HOST:PORT/TOPIC``."""

    name = "data"

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> Path | TopicAddress:
        """Convert a command-line argument."""
        if not str(value).startswith(SCHEME):
            return Path(value)
        try:
            return TopicAddress.parse(value)
        except DataError as fault:
            self.fail(str(fault), param, ctx)


class Duration(click.ParamType):
    """A duration such as ``90m``, ``12h``, ``7d`` or ``2w``, in seconds."""

    name = "duration"

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float:
        """Convert a command-line argument."""
        found = re.fullmatch(r"(\d{1,6})([smhdw])", str(value))
        if found is None or not int(found[1]):
            self.fail(f"{value!r} is not a duration such as 90m, 12h, 7d or 2w", param, ctx)
        return int(found[1]) * SECONDS[found[2]]


class Share(click.ParamType):
    """A share such as ``0.2`` or ``20%``, above 0 and below 1."""

    name = "share"

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float:
        """Convert a command-line argument."""
        found = re.fullmatch(r"(\d*\.?\d+)(%?)", str(value))
        share = 0.0 if found is None else float(found[1]) / (100.0 if found[2] else 1.0)
        if not 0.0 < share < 1.0:
            self.fail(f"{value!r} is not a share such as 0.2 or 20%", param, ctx)
        return share


SECONDS = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}

data = click.argument("data", type=click.Path(path_type=Path))
data_or_topic = click.argument("data", type=Data())
last = click.option(
    "--last",
    type=Duration(),
    metavar="7d",
    help="For a topic: only read records of the last 90m, 12h, 7d or 2w.  [default: all records]",
)
memory = click.option(
    "--memory",
    metavar="PRESET|FILE",
    help=f"Judge each row against its entity's own past as well: {', '.join(PRESETS)}, or a file "
    "of the same form in YAML or JSON. `memory explain` shows what they remember.",
)
artifact = click.argument("artifact", type=click.Path(path_type=Path))
roles = click.option(
    "--roles",
    default="",
    metavar="WORDS",
    help="Roles of the columns, such as 'key=cust label=is_anomaly time=unix_time "
    "features=amt,category categories=merchant'. Other roles are inferred from names and values.",
)
time_format = click.option(
    "--time-format",
    metavar="FORMAT",
    help="Format of times for Python's strptime, such as '%d/%m/%Y %H:%M'. Only needed if dates "
    "such as 01/05/2026 are ambiguous.",
)
seed = click.option("--seed", default=0, show_default=True, help="Random seed.")
detectors = click.option(
    "--detectors",
    metavar="A,B",
    callback=lambda context, option, words: _names(words),  # noqa: ARG005
    help="Detectors to run, separated by commas.  [default: all that can run]",
)


def report(default: str) -> Callable[[Command], Command]:
    """Make the option for the file of a report.

    Parameters
    ----------
    default
        Default file name, for the help.
    """
    return click.option(
        "--report",
        metavar="FILE.html",
        type=click.Path(path_type=Path, dir_okay=False),
        help=f"File to write the report to.  [default: {default}]",
    )


def read_roles(words: str, time_format: str | None = None) -> Roles:
    """Read the roles of the columns.

    Parameters
    ----------
    words
        See `Roles.parse`.
    time_format
        Overrides the time format in `words`.

    Raises
    ------
    DataError
        A word is malformed.
    """
    read = Roles.parse(words)
    return read if time_format is None else replace(read, time_format=time_format)


def read_params(detector: str, words: Iterable[str]) -> dict[str, Any]:
    """Read a detector's parameters from words such as ``n_neighbors=10``.

    Parameters
    ----------
    detector
        One of `DETECTORS`.
    words
        Values are JSON, or strings if they are not valid JSON.

    Raises
    ------
    DataError
        A word is malformed, or the detector has no such parameter.
    """
    allowed = [name for name in _parameters(detector) if name != "random_state"]
    params: dict[str, Any] = {}
    for word in words:
        name, found, value = word.partition("=")
        if not found:
            raise DataError(f"--param must be name=value, not {word!r}")
        if name not in allowed:
            hint = "; use --seed" if name == "random_state" else ""
            raise DataError(
                f"{detector} has no parameter {name!r}{hint}; it has {', '.join(allowed)}"
            )
        params[name] = _value(value)
    return params


def _parameters(detector: str) -> Iterable[str]:
    return inspect.signature(DETECTORS[detector]).parameters


def _value(word: str) -> Any:
    try:
        return msgspec.json.decode(word)
    except ValueError:
        return word


def _names(words: str | None) -> list[str] | None:
    if words is None:
        return None
    names = [name for name in words.split(",") if name]
    unknown = [name for name in names if name not in DETECTORS]
    if unknown or not names:
        raise click.BadParameter(
            f"unknown detector {', '.join(unknown) or repr(words)}; choose from "
            f"{', '.join(DETECTORS)}"
        )
    return list(dict.fromkeys(names))
