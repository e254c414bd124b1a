"""What came through silences, as a table for people."""

from collections.abc import Iterator, Sequence

from rich.table import Table

from benchmarks.alerts.probes import BREAKING
from benchmarks.alerts.silences import FORMS, Form, Probed, Silenced


def silence_table(silenced: Sequence[Silenced]) -> Table:
    """Return a table with the probes of all streams, by family."""
    table = Table(title="silences: what is told within them as fast as without", box=None)
    for heading in ("family", "silenced by"):
        table.add_column(heading)
    for heading in (*BREAKING, "repeats told", "without a silence", "left out"):
        table.add_column(heading, justify="right")
    for family in dict.fromkeys(one.family for one in silenced):
        for form in FORMS:
            some = [one for one in silenced if one.family == family]
            table.add_row(family, form, *_cells(some, form))
    return table


def _cells(silenced: Sequence[Silenced], form: Form) -> Iterator[str]:
    probes = [probe for one in silenced for probe in one.probes if probe.form == form]
    for kind in BREAKING:
        told = [one for one in probes if one.kind == kind and one.is_clean]
        yield f"{sum(one.is_as_fast for one in told)} of {len(told)}"
    repeats = [probe for one in silenced for probe in one.repeats(form)]
    yield f"{_told(repeats, within=True)} of {len(repeats)}"
    yield f"{_told(repeats, within=False)} of {len(repeats)}"
    yield f"{sum(not one.is_clean for one in probes)} of {len(probes)}"


def _told(repeats: Sequence[Probed], *, within: bool) -> int:
    return sum(bool(one.messages_within if within else one.messages_without) for one in repeats)
