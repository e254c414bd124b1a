"""Whatever the noise controls are: no incident without a message, or a line in a digest."""

from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anomaly_app.core.alerts.feedback import AddSilence, ExpireSilence, Press
from anomaly_app.core.alerts.incident import Incident
from anomaly_app.core.alerts.log import Sample, Sampled
from anomaly_app.core.alerts.maintenance import Calendar
from anomaly_app.core.alerts.matchers import Matcher
from anomaly_app.core.alerts.policy import Budget, Flapping, Policy, Regime, Route, Window
from anomaly_app.core.alerts.silence import Silence
from anomaly_app.core.alerts.state import State
from tests.support.incidents import NOON, Timeline

RECEIVERS = ("team", "boss")

MANY = 26

seconds = st.sampled_from([0.0, 1.0, 29.0, 31.0, 299.0, 900.0, 1_801.0, 7_300.0, 90_000.0])
entities = st.sampled_from(["", *(f"card-{number}" for number in range(9))])
matchers = st.sampled_from(["entity = card-1", "severity >= high", "shop = s1", "feature ~ am*"])


@st.composite
def policies(draw: st.DrawFn) -> Policy:
    budgets = st.builds(
        Budget, messages=st.integers(1, 5), per=st.sampled_from([600.0, 3_600.0, 86_400.0])
    )
    routes = st.builds(
        Route,
        matchers=st.lists(matchers.map(Matcher.parse), max_size=1).map(tuple),
        receivers=st.lists(st.sampled_from(RECEIVERS), min_size=1, unique=True).map(tuple),
        minimum=st.integers(0, 2),
        goes_on=st.booleans(),
    )
    everything = Route(receivers=("team",), minimum=draw(st.integers(0, 2)))
    windows = st.builds(
        Window,
        name=st.just("nightly"),
        calendar=st.sampled_from([Calendar("0 12 * * *"), Calendar("*/10 * * * *")]),
        seconds=st.sampled_from([300.0, 7_200.0]),
    )
    return Policy(
        wait=draw(st.sampled_from([0.0, 30.0, 300.0])),
        interval=draw(st.sampled_from([1.0, 300.0])),
        repeat=draw(st.sampled_from([60.0, 14_400.0])),
        resolve_after=draw(st.sampled_from([60.0, 1_800.0])),
        reopen_within=draw(st.sampled_from([1.0, 7_200.0])),
        by=draw(st.sampled_from([("entity",), ("shop",), ("counterpart",), ("entity", "shop")])),
        reason=draw(st.booleans()),
        receivers={name: draw(budgets) for name in RECEIVERS},
        routes=(*draw(st.lists(routes, max_size=2)), everything),
        digest_every=draw(st.sampled_from([60.0, 3_600.0])),
        flapping=Flapping(draw(st.integers(2, 4)), draw(st.sampled_from([60.0, 7_200.0]))),
        regime=Regime(draw(st.sampled_from([0.01, 0.2, 1.0])), draw(st.sampled_from([1, 5, 25]))),
        maintenance=tuple(draw(st.lists(windows, max_size=1))),
    )


anomalies = st.fixed_dictionaries(
    {
        "entity": entities,
        "rarity": st.sampled_from([1.0, 0.5, 0.09, 0.009, 1e-6]),
        "feature": st.sampled_from(["amount", "relative:amount:30d", "count:1h"]),
        "value": st.sampled_from([950.0, 5.0, 1e300]),
        "shop": st.sampled_from(["s1", "s2", "s3"]),
    }
).map(lambda about: ("see", about))
others = st.one_of(
    st.tuples(st.just("silence"), st.tuples(matchers, seconds)),
    st.tuples(st.just("expire"), st.integers(0, 3)),
    st.tuples(st.just("press"), st.sampled_from(["fraud", "expected", "take", "dance"])),
    st.tuples(st.just("down"), st.sampled_from(RECEIVERS)),
    st.tuples(st.just("up"), st.sampled_from(RECEIVERS)),
    st.tuples(st.just("refuse"), st.sampled_from(RECEIVERS)),
    st.tuples(st.just("sample"), st.lists(entities, max_size=30)),
    st.tuples(st.just("restart"), st.none()),
    st.tuples(st.just("rush"), st.sampled_from([("amount", "count:1h"), ("count:1h", "amount")])),
)
events = st.lists(st.tuples(seconds, st.one_of(anomalies, anomalies, others)), max_size=60)


class Everything:
    """Plays events, and remembers each incident that ever was."""

    def __init__(self, policy: Policy) -> None:
        self.timeline = Timeline(policy)
        self.incidents: dict[str, Incident] = {}

    def play(self, what: str, about: Any) -> None:
        timeline, number = self.timeline, self.timeline.offset
        match what:
            case "see":
                timeline.see(**about)
                home = timeline.state.recent.seen[-1].incident
                assert timeline.state.incidents[home].is_open, "it must not join what is over"
            case "rush":
                self.rush(*about)
            case "silence":
                text, length = about
                silence = Silence(
                    id=f"s-{number % 4}",
                    matchers=(text,),
                    begins=timeline.now,
                    ends=timeline.now + length,
                    note="planned",
                    user="ada",
                )
                timeline.apply(AddSilence(id=f"f-{number}", silence=silence, at=timeline.now))
            case "expire":
                timeline.apply(
                    ExpireSilence(
                        id=f"f-{number}", silence=f"s-{about}", user="ada", at=timeline.now
                    )
                )
            case "press":
                incident = next(iter(timeline.state.incidents), "none")
                timeline.apply(
                    Press(
                        id=f"f-{number}",
                        incident=incident,
                        action=about,
                        user="ada",
                        at=timeline.now,
                    )
                )
            case "down" | "up" | "refuse":
                self.break_or_mend(what, about)
            case "sample":
                sampled = tuple(Sampled(entity, {"shop": "s1"}) for entity in about)
                timeline.apply(Sample(sampled))
            case "restart":
                image = timeline.state.to_bytes()
                timeline.state = State.from_bytes(image)
                assert timeline.state.to_bytes() == image
        self.note()

    def rush(self, first: str, other: str) -> None:
        """Let many entities turn odd for one reason, and the last of them for another."""
        timeline, names = self.timeline, [f"other-{n}" for n in range(MANY)]
        timeline.apply(Sample(tuple(Sampled(name, {"shop": "s1"}) for name in 3 * names)))
        for n, name in enumerate(names):
            feature = other if n == MANY - 1 else first
            timeline.see(name, feature=feature, shop=f"s-{n}", rarity=0.01)

    def break_or_mend(self, what: str, receiver: str) -> None:
        timeline = self.timeline
        if what == "up":
            timeline.down.discard(receiver)
            timeline.refusing.discard(receiver)
            timeline.deliver()
        else:
            (timeline.down if what == "down" else timeline.refusing).add(receiver)

    def note(self) -> None:
        self.incidents |= self.timeline.state.incidents


def is_told(incident: Incident, everything: Everything) -> bool:
    if incident.merged_into:
        return is_told(everything.incidents[incident.merged_into], everything)
    return any(told.done or told.is_in_digest for told in incident.told.values())


@given(policies(), events)
@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_every_incident_has_a_message_or_a_line_in_a_digest(
    policy: Policy, played: list[tuple[float, tuple[str, Any]]]
) -> None:
    everything = Everything(policy)
    timeline = everything.timeline
    for pause, (what, about) in played:
        timeline.wait(pause)
        everything.note()
        everything.play(what, about)
    for name in RECEIVERS:
        everything.play("up", name)
    timeline.wait(5 * 86_400.0)
    everything.note()

    untold = [one.id for one in everything.incidents.values() if not is_told(one, everything)]
    assert untold == []
    assert all(
        digest.incidents == sum(line.incidents for line in digest.lines)
        for digest in timeline.digests
    )
    assert timeline.now >= NOON
