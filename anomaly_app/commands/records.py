"""`models` and `model`: the typed records on the wire.

Faust's own commands look up a record among the attributes of ``anomaly_app.app``, and print a
traceback if there is none of that name.
"""

import inspect
import json
import re
from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any, get_args

import click
from faust.models import registry

from anomaly_app import records
from anomaly_app.core.scoring.dead_letter import HEADER_NAMES
from anomaly_app.terminal import say

Row = dict[str, str]


@click.command(context_settings={"max_content_width": 100})
@click.pass_context
def models(context: click.Context) -> None:
    """List the records on the wire: those the app reads, and those it sends."""
    rows = [{"name": name, "help": _summary(record)} for name, record in _records().items()]
    _show(context, rows)


@click.command(context_settings={"max_content_width": 100})
@click.argument("name")
@click.pass_context
def model(context: click.Context, name: str) -> None:
    """Show the fields of a record as they are on the wire.

    \b
    Examples:
      faust -A anomaly_app.app model Anomaly
      faust -A anomaly_app.app --json model Transaction
    """  # noqa: D301
    found = _records()
    short = name.removeprefix(f"{records.__name__}.")
    if short not in found:
        close = get_close_matches(short, found, n=1, cutoff=0.5)
        meant = f"did you mean {close[0]}?" if close else f"the records are {', '.join(found)}"
        raise click.ClickException(f"there is no record {name!r}: {meant}")
    _show(context, _fields(found[short]), title=f"{short}: {_summary(found[short])}")


def _records() -> dict[str, Any]:
    prefix = f"{records.__name__}."
    return {
        name.removeprefix(prefix): record
        for name, record in registry.items()
        if name.startswith(prefix)
    }


def _summary(record: Any) -> str:
    return (inspect.getdoc(record) or "").partition("\n")[0].replace("``", "`")


def _fields(record: Any) -> list[Row]:
    headers = HEADER_NAMES if record is records.DeadLetter else {}
    helps = _helps(record)
    rows = []
    for name in inspect.get_annotations(record):
        field = getattr(record, name)
        rows.append(
            {
                "field": f"header {headers[name]}" if name in headers else name,
                "type": _type(field.type),
                "presence": "required" if field.required else "optional",
                "help": helps.get(name, ""),
            }
        )
    return rows


def _helps(record: Any) -> dict[str, str]:
    """Read the description of each field from the docstring."""
    helps: dict[str, str] = {}
    names: list[str] = []
    section = (inspect.getdoc(record) or "").partition("Parameters\n----------\n")[2]
    for line in section.replace("``", "`").splitlines():
        if line.startswith(" "):
            helps.update({name: f"{helps.get(name, '')} {line.strip()}".strip() for name in names})
        else:
            names = line.split(", ")
    return helps


def _type(kind: Any) -> str:
    """Write a type as the source does, without the modules."""
    plain = isinstance(kind, type) and not get_args(kind)
    return kind.__name__ if plain else re.sub(r"\b\w+\.", "", repr(kind))


def _show(context: click.Context, rows: Sequence[Row], *, title: str = "") -> None:
    """Write rows, as JSON with Faust's --json; else the first column, and the others beside it."""
    if context.find_root().params["json"]:
        say(json.dumps(rows))
        return
    formatter = context.make_formatter()
    if title:
        formatter.write_text(title)
        formatter.write_paragraph()
    named = [[cell for cell in row.values() if cell] for row in rows]
    formatter.write_dl([(name, ", ".join(cells)) for name, *cells in named])
    say(formatter.getvalue().rstrip())
