"""Options that several commands have, and how their words are read."""

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
        """Read a word of the command line."""
        if not str(value).startswith(SCHEME):
            return Path(value)
        try:
            return TopicAddress.parse(value)
        except DataError as fault:
            self.fail(str(fault), param, ctx)


class Duration(click.ParamType):
    """A time such as ``90m``, ``12h``, ``7d`` or ``2w``, in seconds."""

    name = "duration"

    def convert(
        self,
        value: Any,
        param: click.Parameter | None,
        ctx: click.Context | None,
    ) -> float:
        """Read a word of the command line."""
        found = re.fullmatch(r"(\d{1,6})([smhdw])", str(value))
        if found is None or not int(found[1]):
            self.fail(f"{value!r} is not a time such as 90m, 12h, 7d or 2w", param, ctx)
        return int(found[1]) * SECONDS[found[2]]


SECONDS = {"s": 1.0, "m": 60.0, "h": 3_600.0, "d": 86_400.0, "w": 604_800.0}

data = click.argument("data", type=click.Path(path_type=Path))
data_or_topic = click.argument("data", type=Data())
last = click.option(
    "--last",
    type=Duration(),
    metavar="7d",
    help="Of a topic: only the records of the last 90m, 12h, 7d or 2w.  [default: all that the "
    "topic holds]",
)
artifact = click.argument("artifact", type=click.Path(path_type=Path))
roles = click.option(
    "--roles",
    default="",
    metavar="WORDS",
    help="Roles of the columns, such as 'key=cust label=is_anomaly time=unix_time "
    "features=amt,category categories=merchant'. Those not given are inferred from the names of "
    "the columns.",
)
time_format = click.option(
    "--time-format",
    metavar="FORMAT",
    help="How times are written, as Python's strptime takes it, such as '%d/%m/%Y %H:%M'; only "
    "where a date such as 01/05/2026 does not tell the day from the month.",
)
seed = click.option("--seed", default=0, show_default=True, help="Seed of everything random.")
detectors = click.option(
    "--detectors",
    metavar="A,B",
    callback=lambda context, option, words: _names(words),  # noqa: ARG005
    help="Only these; all that can run if not given.",
)


def report(default: str) -> Callable[[Command], Command]:
    """Make the option that names the file of a report.

    Parameters
    ----------
    default
        Name of the file where none is given, for the help.
    """
    return click.option(
        "--report",
        metavar="FILE.html",
        type=click.Path(path_type=Path, dir_okay=False),
        help=f"Where the report goes.  [default: {default}]",
    )


def read_roles(words: str, time_format: str | None = None) -> Roles:
    """Read what was said of the columns.

    Parameters
    ----------
    words
        See `Roles.parse`.
    time_format
        Goes before the one of the words.

    Raises
    ------
    DataError
        A word is not of its form.
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
        Values are JSON, or else texts.

    Raises
    ------
    DataError
        A word is not of that form, or the detector has no such parameter.
    """
    allowed = [name for name in _parameters(detector) if name != "random_state"]
    params: dict[str, Any] = {}
    for word in words:
        name, found, value = word.partition("=")
        if not found:
            raise DataError(f"--param {word!r} is not of the form name=value")
        if name not in allowed:
            hint = "; use --seed" if name == "random_state" else ""
            raise DataError(
                f"{detector} has no parameter {name!r}{hint}; it has {', '.join(allowed)}"
            )
        params[name] = _value(value)
    return params


def read_costs(words: str) -> tuple[float, float]:
    """Read what a missed anomaly and a false alert cost, from words such as ``100:1``.

    Raises
    ------
    DataError
        The words are not of that form, or a cost is not above 0.
    """
    try:
        missed, false_alert = (float(word) for word in words.split(":"))
    except ValueError:
        missed = false_alert = 0.0
    if not (0.0 < missed < float("inf") and 0.0 < false_alert < float("inf")):
        raise DataError(
            f"--cost {words!r} is not of the form MISSED:FALSE_ALERT with two numbers above 0, "
            "such as 100:1"
        )
    return missed, false_alert


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
            f"there is no {', '.join(unknown) or 'name'}; there are {', '.join(DETECTORS)}"
        )
    return list(dict.fromkeys(names))
