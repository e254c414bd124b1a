"""What is in streams, as tables for people."""

from collections import Counter
from collections.abc import Sequence
from statistics import median

from rich.table import Table

from benchmarks.alerts.stream import CAUSE_KINDS, Stream


def volume_table(streams: Sequence[Stream]) -> Table:
    """Return how much there is of each family: medians over the streams, with the extremes."""
    table = Table(title="streams: median (least to most)", box=None)
    for name in ("family", "streams", "days", "records a day", "anomalies a day", "false alarms"):
        table.add_column(name, justify="left" if name == "family" else "right")
    table.add_column("causes a day", justify="right")
    table.add_column("with anomalies", justify="right")
    for family, some in _by_family(streams).items():
        table.add_row(
            family,
            str(len(some)),
            f"{some[0].days:g}",
            _spread([each.records / each.days for each in some]),
            _spread([len(each.arrivals) / each.days for each in some]),
            _spread([100.0 * _false(each) for each in some], "%"),
            _spread([len(each.causes) / each.days for each in some]),
            _spread([len(each.found) / each.days for each in some]),
        )
    return table


def cause_table(streams: Sequence[Stream]) -> Table:
    """Return the causes of each family by kind: how many, how many found, how many anomalies."""
    table = Table(title="causes: all, found, anomalies of one that is found", box=None)
    for name in ("family", "kind", "all", "found", "anomalies", "entities"):
        table.add_column(name, justify="left" if name in {"family", "kind"} else "right")
    for family, some in _by_family(streams).items():
        sizes = [Counter(arrival.cause for arrival in each.arrivals) for each in some]
        for kind in CAUSE_KINDS:
            of = [
                (cause, size[cause.name])
                for each, size in zip(some, sizes, strict=True)
                for cause in each.causes
                if cause.kind == kind
            ]
            found = [(cause, size) for cause, size in of if size]
            if of:
                table.add_row(
                    family,
                    kind,
                    str(len(of)),
                    str(len(found)),
                    _spread([size for _, size in found]),
                    _spread([cause.entities for cause, _ in found]),
                )
        twins = [cause for each in some for cause in each.causes if cause.twin is not None]
        table.add_row(family, "two at once", str(len(twins)), "", "", "")
    return table


def _by_family(streams: Sequence[Stream]) -> dict[str, list[Stream]]:
    found: dict[str, list[Stream]] = {}
    for each in streams:
        found.setdefault(each.family, []).append(each)
    return found


def _false(stream: Stream) -> float:
    """Return the share of a stream's anomalies that are false alarms."""
    without = sum(arrival.cause is None for arrival in stream.arrivals)
    return without / max(len(stream.arrivals), 1)


def _spread(values: Sequence[float], unit: str = "") -> str:
    if not values:
        return ""
    return f"{median(values):,.0f}{unit} ({min(values):,.0f} to {max(values):,.0f})"
