"""What the benchmark of alerts measures, and what the simple policies send."""

from collections.abc import Sequence
from functools import partial
from itertools import combinations
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.core.model.explain import Reason
from anomaly_app.core.scoring.anomaly import Anomaly, ModelReference, write_json
from benchmarks.alerts import command, running
from benchmarks.alerts.measures import Measured, measure
from benchmarks.alerts.pairwise import best_field, pairwise_f1
from benchmarks.alerts.policies.cooldown import Cooldown
from benchmarks.alerts.policies.elastic import Elastic
from benchmarks.alerts.policies.one_each import OneEach
from benchmarks.alerts.policies.policy import Sent
from benchmarks.alerts.running import Which, run
from benchmarks.alerts.stream import DAY, HOUR, MINUTE, Arrival, Cause, CauseKind, Stream
from benchmarks.alerts.streams import DEVELOPMENT
from benchmarks.alerts.streams.cache import cached
from benchmarks.alerts.summary import figure
from benchmarks.alerts.truth import Truth, fields_of

BEGIN = 1_767_225_600.0


def anomaly(entity: str, severity: str = "high", **fields: object) -> bytes:
    return write_json(
        Anomaly(
            id="payments-0-1",
            entity=entity,
            time="2026-01-01T00:00:00.000Z",
            detected_at="2026-01-01T00:00:00.000Z",
            score=0.8,
            p_value=0.001,
            severity=severity,
            threshold=0.6,
            reasons=[Reason(feature="amount", value=900.0, expected=9.0, share=1.0)],
            model=ModelReference("payments", "1", "0" * 64),
            transaction=msgspec.Raw(msgspec.json.encode({"features": fields})),
        )
    )


def arrival(
    seconds: float, entity: str = "card-1", cause: str | None = None, severity: str = "high"
) -> Arrival:
    return Arrival(BEGIN + seconds, anomaly(entity, severity), cause)


def stream(*arrivals: Arrival, causes: Sequence[Cause] = (), days: float = 1.0) -> Stream:
    named = {cause.name for cause in causes}
    others = {each.cause for each in arrivals if each.cause is not None} - named
    made = (*causes, *map(cause, sorted(others)))
    return Stream("cards", 100, BEGIN, days, 1_000, arrivals, made)


def cause(
    name: str, kind: CauseKind = "burst", entities: int = 1, twin: str | None = None
) -> Cause:
    return Cause(name, kind, BEGIN, BEGIN, 1, entities, twin=twin)


def message(seconds: float, *members: int, incident: str = "one") -> Sent:
    return Sent(BEGIN + seconds, "message", members, incident)


def digest(seconds: float, *members: int) -> Sent:
    return Sent(BEGIN + seconds, "digest", members, "others")


def measured(of: Stream, *sent: Sent) -> Measured:
    return measure(Truth(of), "policy", sent)


def test_a_cause_is_covered_by_a_message_or_by_a_line_in_a_digest() -> None:
    of = stream(arrival(0, cause="a"), arrival(1, cause="b"), arrival(2, cause="c"))
    found = measured(of, message(5, 0), digest(9, 0, 1))
    assert (found.covered, found.by_message, found.by_digest_only) == (2 / 3, 1 / 3, 1 / 3)


def test_causes_without_an_anomaly_are_nobodys_fault() -> None:
    of = stream(arrival(0, cause="a"), causes=[cause("a"), cause("never seen")])
    assert measured(of, message(0, 0)).covered == 1.0


def test_all_lines_of_a_digest_are_one_message() -> None:
    of = stream(*(arrival(at) for at in range(4)), days=2.0)
    found = measured(of, message(0, 0), digest(9, 1), digest(9, 2), digest(DAY + 1, 3))
    assert found.messages_a_day == 1.5
    assert found.most_a_day == 2
    assert found.fewer == 0.25


def test_messages_about_false_alarms_are_about_no_cause() -> None:
    of = stream(arrival(0), arrival(1, cause="a"), arrival(2), arrival(3))
    found = measured(of, message(0, 0), message(2, 1, 2), message(3, 3), digest(4, 0))
    assert found.without_cause == 2 / 3
    assert found.messages_a_cause == 1.0


def test_a_message_that_mixes_causes_is_told_by_its_number() -> None:
    of = stream(arrival(0, cause="a"), arrival(1, cause="b"))
    assert measured(of, message(1, 0, 1)).causes_a_message == 2.0


def test_a_message_is_about_the_cause_of_most_of_its_anomalies_and_mentions_the_others() -> None:
    of = stream(*(arrival(at, cause="abb"[at]) for at in range(3)))
    found = measured(of, message(2, 0, 1, 2), message(3, 0))
    assert found.messages_a_cause == 1.0, "one about b, and one about a"
    assert found.mentions_a_cause == 1.5, "a is in both"


def test_a_message_about_more_false_alarms_than_anomalies_of_a_cause_is_about_none() -> None:
    of = stream(arrival(0, cause="a"), arrival(1), arrival(2))
    found = measured(of, message(2, 0, 1, 2))
    assert (found.without_cause, found.messages_a_cause) == (1.0, None)
    assert (found.covered, found.mentions_a_cause) == (1.0, 1.0)


def test_what_a_message_is_about_is_decided_by_what_has_come_when_it_is_sent() -> None:
    later = [arrival(at, cause="b") for at in (60, 61, 62)]
    of = stream(arrival(0, cause="a"), *later)
    found = measured(of, message(30, 0, 1, 2, 3), message(70, 1))
    assert found.messages_a_cause == 1.0
    assert found.mentions_a_cause == 1.5


def test_a_line_of_a_digest_tells_of_what_has_come_and_a_message_is_edited() -> None:
    of = stream(arrival(0, cause="a"), arrival(60, cause="b"))
    assert measured(of, digest(30, 0, 1)).covered == 0.5
    assert measured(of, message(30, 0, 1)).covered == 1.0


def test_nobody_is_told_of_an_anomaly_before_it_comes() -> None:
    late = arrival(600, cause="b")
    of = stream(arrival(0, cause="a"), late)
    found = measured(of, message(30, 0, 1))
    assert found.delays["all"].causes == 2
    assert found.delays["all"].p50 == pytest.approx(15.0)


def test_critical_causes_are_those_whose_first_anomaly_is() -> None:
    of = stream(
        arrival(0, cause="a", severity="critical"),
        arrival(1, cause="b"),
        arrival(2, cause="b", severity="critical"),
    )
    found = measured(of, message(10, 0), message(20, 1, 2))
    assert found.delays["critical"].causes == 1
    assert found.delays["critical"].p95 == pytest.approx(10.0)


def test_large_campaigns_are_counted_apart() -> None:
    causes = [cause("large", "campaign", 200), cause("small", "campaign", 199)]
    of = stream(arrival(0, cause="large"), arrival(1, cause="small"), causes=causes)
    found = measured(of, message(0, 0), message(5, 0, 1), message(6, 1), message(7, 1, 0, 1))
    assert found.messages_a_large_campaign == found.most_a_large_campaign == 2
    assert found.mentions_a_large_campaign == 3


def test_two_campaigns_in_one_incident_do_not_agree_with_their_causes() -> None:
    causes = [cause("a", "campaign"), cause("b", "campaign", twin="a")]
    of = stream(*(arrival(at, f"card-{at}", "ab"[at % 2]) for at in range(8)), causes=causes)
    apart = measured(of, message(9, 0, 2, 4, 6), message(9, 1, 3, 5, 7, incident="two"))
    together = measured(of, message(9, *range(8)))
    assert apart.twins_f1 == 1.0
    assert together.twins_f1 == pytest.approx(2 * 12 / (28 + 12))


groupings = st.lists(
    st.tuples(st.sampled_from(["x", "y", "z", None]), st.sampled_from("abc")), max_size=25
)


@given(groupings)
def test_pairwise_f1_is_what_counting_the_pairs_gives(rows: list[tuple[str | None, str]]) -> None:
    pairs = [*combinations(rows, 2)]
    same_group = [one[0] is not None and one[0] == other[0] for one, other in pairs]
    same_cause = [one[1] == other[1] for one, other in pairs]
    both = sum(map(bool.__and__, same_group, same_cause))
    whole = sum(same_group) + sum(same_cause)
    expected = 2 * both / whole if whole else 1.0
    assert pairwise_f1([row[0] for row in rows], [row[1] for row in rows]) == expected


def test_the_best_field_is_the_one_that_tells_causes_apart() -> None:
    fields = [{"country": "DE", "shop": shop} for shop in "aabb"]
    assert best_field(fields, [1, 1, 2, 2]) == ("shop", 1.0)


def test_fields_are_found_wherever_the_record_has_them() -> None:
    fields = fields_of(anomaly("card-1", "critical", amount=900.0, place={"country": "DE"}))
    assert fields == {
        "amount": "900.0",
        "country": "DE",
        "entity": "card-1",
        "severity": "critical",
        "top feature": "amount",
    }


def test_a_figure_over_seeds_is_a_median_within_its_interval() -> None:
    of = [
        measured(stream(*map(arrival, range(number))), *map(message, range(number)))
        for number in (1, 2, 9)
    ]
    found = figure(of, lambda one: one.messages_a_day)
    assert found is not None
    assert (found.median, found.seeds) == (2.0, 3)
    assert 1.0 <= found.low <= found.median <= found.high <= 9.0
    assert figure(of, lambda one: one.twins_f1) is None


def test_one_each_tells_of_everything_at_once() -> None:
    of = stream(arrival(3, cause="a"), arrival(4))
    sent = OneEach().replay(of)
    assert [(one.at, one.members) for one in sent] == [(BEGIN + 3, (0,)), (BEGIN + 4, (1,))]


def test_a_cooldown_is_quiet_about_an_entity_for_an_hour_after_a_message() -> None:
    times = [0, HOUR - 1, HOUR, 2 * HOUR - 1]
    of = stream(*map(arrival, times), arrival(2 * HOUR - 1, "card-2"))
    assert [one.members for one in Cooldown().replay(of)] == [(0,), (2,), (4,)]


def test_elastic_tells_of_a_new_alert_at_the_next_run_and_not_again() -> None:
    of = stream(*(arrival(at) for at in (5, 70, 200, 300)))
    [sent] = Elastic().replay(of)
    assert sent.at == BEGIN + MINUTE
    assert sent.members == (0, 1, 2, 3)


def test_elastic_tells_of_another_severity() -> None:
    of = stream(arrival(5), arrival(70, severity="critical"), arrival(200))
    assert [one.at - BEGIN for one in Elastic().replay(of)] == [60.0, 120.0, 420.0]


def test_elastic_tells_again_after_an_alert_has_recovered() -> None:
    of = stream(arrival(5), arrival(5 + 10 * MINUTE))
    assert [one.members for one in Elastic().replay(of)] == [(0,), (1,)]


def test_a_flapping_alert_of_elastic_recovers_late_and_is_quiet_meanwhile() -> None:
    # Active for 5 runs, and then recovered for 2: two changes every 7 runs.
    of = stream(*(arrival(1 + 7 * MINUTE * turn) for turn in range(12)))
    sent = Elastic().replay(of)
    assert len(sent) == 3, "the third change is the fourth of a window"
    assert sent[-1].members == tuple(range(2, 12))


def test_the_command_compares_policies_and_writes_what_it_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    of = stream(arrival(0, cause="a"), arrival(1, cause="a"), arrival(2))
    monkeypatch.setattr(
        running, "stream", lambda family, seed: of._replace(family=family, seed=seed)
    )
    options = ["--families", "cards", "--seeds", "2", "--jobs", "1", "--out", str(tmp_path)]
    options += ["--policies", "one each,cooldown 1 h"]
    said = CliRunner().invoke(command.alerts, options)
    assert said.exit_code == 0, said.output
    assert "cooldown 1 h" in said.output
    written = msgspec.json.decode((tmp_path / "bench-alerts.json").read_bytes())
    medians = {
        each["policy"]: each["median"]
        for each in written["figures"]
        if each["figure"] == "messages a day"
    }
    assert medians == {"one each": 3.0, "cooldown 1 h": 1.0}
    assert len(written["streams"]) == 4
    assert written["goals"]
    assert (tmp_path / "bench-alerts.svg").read_text().count("cooldown 1 h") == 1
    assert (tmp_path / "bench-alerts.png").read_bytes().startswith(b"\x89PNG")


def test_streams_in_two_processes_give_the_same_results(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    for seed in DEVELOPMENT[:2]:
        of = stream(arrival(seed, cause="a"), arrival(HOUR, cause="b"))
        cached(f"cards-{seed}", partial(of._replace, seed=seed))
    which = [Which("cards", seed) for seed in DEVELOPMENT[:2]]
    runs = (run(which, ["one each", "Elastic"], jobs, lambda: None) for jobs in (1, 2))
    alone, together = (sorted((one for some in each for one in some), key=str) for each in runs)
    assert alone == together
    assert len(alone) == 4


def test_the_command_goes_on_without_the_card_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BENCH_STREAMS", raising=False)
    monkeypatch.setattr(command, "stream", lambda *_: stream(arrival(0, cause="a")))
    options = ["--families", "cards,sparkov", "--seeds", "1", "--development"]
    said = CliRunner().invoke(command.alerts_streams, options)
    assert said.exit_code == 0, said.output
    assert "without the card file" in said.output
