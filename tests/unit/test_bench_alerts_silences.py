"""What the benchmark of alerts finds out about silences."""

from collections.abc import Iterator

import msgspec
import pytest

from anomaly_app.channels.slack.buttons import silence_value
from anomaly_app.core.alerts.incident import Incident, Kind
from anomaly_app.core.alerts.matchers import Matcher
from anomaly_app.core.alerts.sighting import Origin, Sighting, sighting_of
from anomaly_app.core.alerts.silencing import shape_of, worse
from anomaly_app.core.alerts.views import view_of
from anomaly_app.core.scoring.anomaly import read_anomaly, write_json
from benchmarks.alerts import silences
from benchmarks.alerts.probes import BREAKING, MOST, ProbeKind, probe
from benchmarks.alerts.silences import FORMS, Probed, Silenced, matchers_of, try_silences
from benchmarks.alerts.stream import Arrival, Stream
from benchmarks.alerts.truth import Truth
from tests.unit.test_bench_alerts import BEGIN, anomaly, stream


def arrival(
    seconds: float,
    place: int,
    entity: str = "card-1",
    cause: str | None = "a",
    feature: str = "amount",
    **fields: object,
) -> Arrival:
    """Return an anomaly of a transaction of its own."""
    made = read_anomaly(anomaly(entity, "high", terminal=f"T-{place}", **fields))
    [reason] = made.reasons
    reasons = [msgspec.structs.replace(reason, feature=feature)]
    made = msgspec.structs.replace(made, id=f"payments-0-{place}", reasons=reasons)
    return Arrival(BEGIN + seconds, write_json(made), cause)


def sightings(of: Stream) -> Iterator[Sighting]:
    for place, each in enumerate(of.arrivals):
        yield sighting_of(read_anomaly(each.value), Origin("anomalies", 0, place))


def burst(entity: str = "card-1", others: int = 1) -> Stream:
    """Return a cause that is told of, and after it anomalies of other entities for a while."""
    own = [arrival(10.0 * place, place, entity) for place in range(12)]
    rest = [
        arrival(200.0 + 300.0 * place, 20 + place, f"card-{9 + place}", None, feature="distance_km")
        for place in range(others)
    ]
    return stream(*own, *rest)


def incident(of: Stream, members: int) -> Incident:
    found = Incident(
        id="i-1", kind=Kind.ENTITY, key=("card-1",), opened=BEGIN, last=BEGIN, opened_at=1
    )
    for one in [*sightings(of)][:members]:
        found.add(one, BEGIN)
    return found


def probed(kind: ProbeKind = "rarer", without: float | None = 5.0, **changes: object) -> Probed:
    one = Probed("a", kind, "incident", without, 5.0, 4, 1, 1, joined=False)
    return msgspec.structs.replace(one, **changes)


def test_nobody_hears_of_covered_repeats_and_others_are_told_as_fast() -> None:
    found = try_silences(Truth(burst(others=12)))
    assert {one.form for one in found.probes} == {*FORMS}
    assert found.as_fast(*BREAKING) == 1.0
    assert len(found.repeats()) == len(FORMS)
    assert all(one.messages_without and not one.messages_within for one in found.repeats())


def test_a_silence_that_hides_what_is_worse_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("anomaly_app.core.alerts.silencing.worse", lambda *_: None)
    found = try_silences(Truth(burst(others=12)))
    assert found.as_fast("further out", form="incident") == 0.0
    assert found.as_fast("rarer", form="incident") == 0.0


def test_a_silence_that_tells_of_repeats_is_found_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(silences, "LASTS", silences.PROBED)
    found = try_silences(Truth(burst(others=12)))
    assert all(one.messages_within for one in found.repeats())


def test_a_small_cause_is_not_silenced() -> None:
    of = stream(*(arrival(place, place) for place in range(9)))
    assert try_silences(Truth(of)).probes == []


@pytest.mark.parametrize("known", [1, 2, 7])
def test_a_repeat_is_no_worse_and_each_other_probe_is(known: int) -> None:
    of = burst()
    silenced = incident(of, known)
    shape = shape_of(silenced)
    everything = [*sightings(of)]
    verdicts: dict[str, str | None] = {}
    for kind in ("repeat", *BREAKING):
        grown = incident(of, known)
        for at, one in probe(kind, [silenced], everything[:known], everything, BEGIN):
            grown.add(one, at)
        verdicts[kind] = worse(grown, shape)
    assert verdicts == {
        "repeat": None,
        "another reason": "another reason: above distance_km",
        "further out": "further than before: above amount",
        "rarer": "rarer than before",
    }


def test_a_probe_is_worse_than_all_that_is_silenced_with_it() -> None:
    of = burst()
    one, other = incident(of, 3), incident(of, 3)
    other.rarest, other.ranges["above amount"].highest = 0.001, 5_000.0
    everything = [*sightings(of)]
    further = probe("further out", [one, other], everything[:3], everything, BEGIN)
    rarer = probe("rarer", [one, other], everything[:3], everything, BEGIN)
    assert further[0][1].causes[0].actual == 10_000.0
    assert rarer[0][1].rarity == pytest.approx(0.00005)


def test_without_anomalies_of_another_reason_there_is_no_such_probe() -> None:
    of = burst(others=0)
    everything = [*sightings(of)]
    assert probe("another reason", [incident(of, 3)], everything[:3], everything, BEGIN) == []


def test_a_probe_is_made_of_new_anomalies_one_after_the_other() -> None:
    of = burst()
    everything = [*sightings(of)]
    made = probe("repeat", [incident(of, 12)], everything[:12], everything, BEGIN)
    assert len(made) == 3 * 12 < MOST
    assert len({one.id for _, one in made} | {one.id for one in everything}) == 36 + 13
    assert [at for at, _ in made] == sorted({at for at, _ in made})


@pytest.mark.parametrize("entities", [1, 3])
def test_the_matchers_are_those_of_slacks_form(entities: int) -> None:
    shared = incident(burst(), 0)
    if entities > 1:
        shared.kind, shared.key = Kind.SHARED, ("amount", "above", "country", "DE")
    for place in range(3):
        one = arrival(place, place, f"card-{place % entities}", country="DE", shop='the "one"')
        shared.add(sighting_of(read_anomaly(one.value), Origin("anomalies", 0, place)), BEGIN)
    _, *proposed = silence_value(view_of(shared)).splitlines()
    assert [*map(str, matchers_of(shared))] == [str(Matcher.parse(line)) for line in proposed]
    assert len(proposed) > 1


def test_only_clean_probes_count() -> None:
    told = [probed(within=5.0), probed(within=None), probed(within=6.0)]
    others = [probed(without=None, within=None), probed(within=None, joined=True)]
    of = Silenced("cards", 100, [*told, *others])
    assert of.as_fast("rarer") == 1 / 3
    assert of.as_fast("another reason") is None


def test_repeats_count_only_while_the_incident_is_what_was_silenced() -> None:
    of = Silenced("cards", 100, [probed("repeat"), probed("repeat", joined=True), probed()])
    assert of.repeats() == [probed("repeat")]
