"""Which single field of anomalies agrees best with their campaigns."""

from collections.abc import Hashable, Mapping, Sequence
from statistics import mean

from rich.table import Table

from benchmarks.alerts.pairwise import pairwise_f1
from benchmarks.alerts.stream import Stream
from benchmarks.alerts.truth import Truth, fields_of

SHOWN = 3


def field_scores(stream: Stream) -> dict[str, float]:
    """Return the F1 of grouping by each field, over the pairs of the anomalies of campaigns.

    Where there are fewer than two campaigns, over those of all causes.
    """
    truth = Truth(stream)
    of = [name for name in truth.members if truth.causes[name].kind == "campaign"]
    of = of if len(of) > 1 else [*truth.members]
    places = [place for name in of for place in truth.members[name]]
    causes: list[Hashable] = [stream.arrivals[place].cause for place in places]
    fields: list[Mapping[str, str]] = [fields_of(stream.arrivals[place].value) for place in places]
    names = {name for one in fields for name in one}
    return {name: pairwise_f1([one.get(name) for one in fields], causes) for name in names}


def field_table(streams: Sequence[Stream]) -> Table:
    """Return the best fields of each family, by their mean F1 over the streams."""
    table = Table(title="fields to group by: mean F1 over pairs of campaigns' anomalies", box=None)
    table.add_column("family")
    table.add_column("best fields")
    for family in dict.fromkeys(each.family for each in streams):
        scores = [field_scores(each) for each in streams if each.family == family]
        names = {name for one in scores for name in one}
        means = {name: mean(one.get(name, 0.0) for one in scores) for name in names}
        best = sorted(means.items(), key=lambda item: (-item[1], item[0]))[:SHOWN]
        table.add_row(family, ", ".join(f"{name} {score:.2f}" for name, score in best))
    return table
