"""Which incident an anomaly belongs to, as it is published: once, and never another one."""

import json
from collections.abc import Sequence
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace as changed

from anomaly_app.agents import incidents as module
from anomaly_app.agents.incidents import apply_batch
from anomaly_app.context import WorkerContext
from anomaly_app.core.alerts.effects import Changed, Effect
from anomaly_app.core.alerts.image import StateImage
from anomaly_app.core.alerts.log import Entry, Sample, Sampled, Tick, write_entry
from anomaly_app.incidents.publishing import LEARNING, Published, Publishing
from anomaly_app.incidents.state_memory import StateMemory, remembered_alerts
from anomaly_app.kafka.consumer import Record
from anomaly_app.settings import Settings
from tests.support.incidents import NOON, Timeline, policy, sighting
from tests.support.memory_app import MemoryApp
from tests.support.memory_kafka import MemoryBroker

LOG = "anomaly-app-alerts"
POLICY = policy()


TRAFFIC = Sample(tuple(Sampled(f"card-{n}", {"terminal": f"t-{n}"}) for n in range(300)))


def one_cause(timeline: Timeline, entities: int, *, each: int = 1) -> None:
    """Let many entities be odd at one terminal, which is one of many."""
    timeline.apply(TRAFFIC)
    for n in range(entities * each):
        timeline.see(f"card-{n % entities}", terminal="t-666", shop=f"s-{n}")
        timeline.wait(5.0)


def everything_at_once(timeline: Timeline) -> None:
    """Let a fifth of all entities turn odd; the last of them is odd for another reason."""
    timeline.apply(TRAFFIC)
    for n in range(60):
        timeline.see(f"card-{n}", feature="hour" if n == 59 else "distance", shop=f"s-{n}")
        timeline.wait(1.0)


def homes(timeline: Timeline) -> dict[str, int]:
    """How many anomalies there are in each incident, as far as the messages tell."""
    shown, members = read(Publishing().messages(timeline.state, timeline.effects, 1))
    found = [home(shown, incident) for incident in members.values()]
    return {name: found.count(name) for name in found}


def counted(timeline: Timeline) -> dict[str, int]:
    """How many each incident counts."""
    incidents = timeline.state.incidents.values()
    return {one.id: one.members for one in incidents if not one.merged_into}


def test_each_anomaly_is_said_to_belong_to_the_incident_that_counts_it() -> None:
    timeline = Timeline()
    for entity in ("card-1", "card-2", "card-1"):
        timeline.see(entity, feature=f"of {entity}")
    assert [(one.anomaly, one.incident) for one in timeline.joined] == [
        ("transactions-0-0", "i-0"),
        ("transactions-0-1", "i-1"),
        ("transactions-0-2", "i-0"),
    ]


def test_an_anomaly_that_comes_again_is_not_said_to_belong_anywhere_else() -> None:
    timeline = Timeline()
    timeline.see("card-1")
    again = sighting("card-1", number=0)
    timeline.apply(again)
    timeline.apply(changed(again, origin=again.origin._replace(offset=9)))
    assert [one.anomaly for one in timeline.joined] == ["transactions-0-0"]


def test_the_anomaly_by_which_a_cause_is_recognised_belongs_to_the_incident_of_that_cause() -> None:
    timeline = Timeline()
    one_cause(timeline, 12)
    merged = [one for one in timeline.state.incidents.values() if one.merged_into]
    assert merged
    assert timeline.joined[-1].incident == merged[-1].merged_into


def test_from_any_anomaly_the_published_incidents_lead_to_one_that_counts_it() -> None:
    timeline = Timeline()
    one_cause(timeline, 12, each=2)
    timeline.wait(3_600.0)
    assert homes(timeline) == counted(timeline)
    shown, members = read(Publishing().messages(timeline.state, timeline.effects, 1))
    assert set(members) == {f"transactions-0-{n}" for n in range(24)}
    assert {one["status"] for one in shown.values()} == {"resolved"}


def test_an_anomaly_with_another_reason_is_not_said_to_belong_to_all_at_once() -> None:
    timeline = Timeline(policy(wait=0.0))
    everything_at_once(timeline)
    assert timeline.state.regime.incident not in {"", timeline.joined[-1].incident}
    assert homes(timeline) == counted(timeline)


def test_an_incident_is_published_again_when_it_is_merged_although_nobody_was_told_of_it() -> None:
    timeline = Timeline(policy(wait=3_000.0))
    one_cause(timeline, 12)
    assert timeline.messages == []
    merged = {one.id for one in timeline.state.incidents.values() if one.merged_into}
    said = [one.incident for one in timeline.effects if isinstance(one, Changed)]
    assert merged
    assert merged <= {one.id for one in said if one.merged_into}


def test_an_incident_that_is_forgotten_within_a_batch_is_published() -> None:
    timeline = Timeline()
    timeline.see("card-1")
    timeline.wait(30 * 86_400.0)
    assert timeline.state.incidents == {}
    shown, members = read(Publishing().messages(timeline.state, timeline.effects, 1))
    assert shown[members["transactions-0-0"]]["status"] == "resolved"


def read(messages: Sequence[Published]) -> tuple[dict[str, Any], dict[str, str]]:
    """The incidents, and which one each anomaly belongs to: the last message of each key."""
    latest = {one.key.decode(): json.loads(one.value) for one in messages if one.key != LEARNING}
    members = {one["anomaly"]: one["incident"] for n, one in latest.items() if " " in n}
    return {name: one for name, one in latest.items() if " " not in name}, members


def home(shown: dict[str, Any], incident: str) -> str:
    while shown[incident]["merged_into"]:
        incident = shown[incident]["merged_into"]
    return incident


def a_log(kinds: list[int]) -> list[Record]:
    records = []
    for offset, kind in enumerate(kinds):
        number = offset - 7 if kind == 5 and offset >= 7 else offset
        others: dict[int, Entry] = {4: Tick(), 6: TRAFFIC}
        entry = others.get(kind) or an_anomaly(kind, number)
        at = int((NOON + 40.0 * offset) * 1_000)
        records.append(Record(LOG, 0, offset, at, None, write_entry(entry)))
    return records


def an_anomaly(kind: int, number: int) -> Entry:
    terminal = "t-666" if kind == 3 else f"t-{number}"
    return sighting(f"card-{number % 9}", number=number, terminal=terminal)


@given(
    st.lists(st.integers(0, 6), min_size=1, max_size=60).map(lambda kinds: [6, *kinds]),
    st.lists(
        st.tuples(st.integers(1, 12), st.sampled_from(["crash", "sent", "done", "image"])),
        max_size=12,
    ),
)
def test_whatever_is_restarted_an_anomaly_is_never_said_to_belong_to_two_incidents(
    kinds: list[int], lives: list[tuple[int, str]]
) -> None:
    records, sent = a_log(kinds), list[Published]()
    straight = StateMemory(POLICY)
    once: list[Effect] = [effect for one in records for effect in straight.apply(one)]
    memory, publishing = StateMemory(POLICY), Publishing()
    committed, image = 0, StateMemory(POLICY).take_image(0)
    for count, how in [*lives, (len(records), "done")]:
        batch = records[committed : committed + count]
        effects = [effect for one in batch for effect in memory.apply(one)]
        messages = publishing.messages(memory.state, effects, 1)
        if how != "crash":
            sent += messages
        if how in {"done", "image"}:
            committed += len(batch)
        if how == "image":
            image = StateImage.from_bytes(memory.take_image(0).to_bytes())
        if how in {"crash", "sent"}:
            memory, publishing = StateMemory(POLICY), Publishing()
            memory.load(image)
            remembered_alerts(POLICY).replay(memory, records[memory.applied : committed])
    assert committed == len(records)
    members = [json.loads(one.value) for one in sent if one.key.startswith(b"member ")]
    said = {(one["anomaly"], one["incident"]) for one in members}
    assert said == {*read(Publishing().messages(straight.state, once, 1))[1].items()}
    assert read(sent)[0] == read(Publishing().messages(straight.state, once, 1))[0]


async def test_which_incident_an_anomaly_belongs_to_is_sent_before_the_entry_is_confirmed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    context = WorkerContext(Settings(_env_file=None))
    app: Any = MemoryApp(MemoryBroker(), context)
    app.broker.create("anomaly-app-incidents", 1)
    for n in range(3):
        app.broker.append(LOG, write_entry(sighting("card-1", number=n)), None, 0)
    lives: list[StateMemory] = []

    async def live(confirms: bool) -> None:
        lives.append(StateMemory(POLICY))
        monkeypatch.setattr(module, "memory_of", lambda _: lives[-1])
        async for batch in app.batches(LOG):
            if not confirms:
                monkeypatch.setattr(batch, "confirm", crash)
            await apply_batch(batch, app, context, Publishing())

    def crash(_: Any) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        await live(confirms=False)
    await live(confirms=True)
    keys = [one.key for one in app.broker.records("anomaly-app-incidents")]
    a_life = [b"i-0", *(f"member transactions-0-{n}".encode() for n in range(3)), LEARNING]
    assert keys == 2 * a_life
    assert app.broker.history[-1] == ("commit", LOG, 0, 3)
