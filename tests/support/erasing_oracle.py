"""What is left in a store when entities are erased, computed from all messages at once."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeAlias

import msgspec

from anomaly_app.core.alerts.feedback import Press
from anomaly_app.core.feedback.action import Action
from anomaly_app.core.feedback.messages import read_feedback
from anomaly_app.core.learning.label import About, Label, Verdict
from anomaly_app.core.times import parse_time
from anomaly_app.store.digests import Digests
from tests.support.stores import GROUP, TOPICS, Message

Thing: TypeAlias = tuple[str, str]
"""The table and the id of what a message is about."""


def not_erased(messages: Sequence[Message], names: Iterable[str]) -> list[Message]:
    """Messages about what is not erased; names are those of all entities that there may be."""
    newest: dict[Thing, Message] = {}
    for one in sorted(messages, key=lambda one: (one.timestamp, one.partition, one.offset)):
        newest[_thing(one)] = one
    until = _erased(messages, names)
    gone: dict[Thing, float] = {}
    for (table, name), one in newest.items():
        if table == "anomaly":
            row = msgspec.json.decode(one.value or b"")
            ends = until.get(row["entity"])
            if ends is not None and parse_time(row["time"]) <= ends:
                for thing in ((table, name), ("transaction", row["transaction_id"])):
                    gone[thing] = max(gone.get(thing, 0.0), ends)
    is_lost = _judge(until, gone)
    lost = {thing for thing, one in newest.items() if thing in gone or is_lost(thing, one)}
    return [one for one in messages if _thing(one) not in lost]


def left_in(messages: Sequence[Message]) -> dict[str, set[str]]:
    """Ids of what messages are about, by table."""
    tables: dict[str, set[str]] = {"anomaly": set(), "incident": set(), "label": set()}
    tables["member"] = set()
    for table, name in map(_thing, messages):
        if table in tables:
            tables[table].add(name)
    return tables


def _judge(until: dict[str, float], gone: dict[Thing, float]) -> Callable[[Thing, Message], bool]:
    def is_lost(thing: Thing, one: Message) -> bool:
        match thing[0]:
            case "incident":
                row = msgspec.json.decode(one.value or b"")
                return parse_time(row["opened"]) <= until.get(row["entity"], 0.0)
            case "member":
                return one.timestamp / 1000.0 <= gone.get(("anomaly", thing[1]), 0.0)
            case "label":
                said = read_feedback(one.value, GROUP)
                if not isinstance(said, Label):
                    return False
                if said.about == About.ENTITY:
                    return said.at <= until.get(said.name, 0.0)
                return said.at <= gone.get((str(said.about), said.name), 0.0)
        return False

    return is_lost


def _erased(messages: Sequence[Message], names: Iterable[str]) -> dict[str, float]:
    by_mark = {Digests().marks(name)[0].text: name for name in names}
    until: dict[str, float] = {}
    for one in messages:
        if one.topic == TOPICS.feedback:
            said = read_feedback(one.value, GROUP)
            if isinstance(said, Action) and said.action == "erase":
                name = by_mark[said.subject]
                until[name] = max(until.get(name, 0.0), said.at)
    return until


def _thing(one: Message) -> Thing:
    if one.topic == TOPICS.feedback:
        said = read_feedback(one.value, GROUP)
        is_label = isinstance(said, Label) or (
            isinstance(said, Press) and said.action in set(Verdict)
        )
        return ("label", said.id) if is_label and said is not None else ("audit", str(one.offset))
    found: dict[str, Any] = msgspec.json.decode(one.value or b"")
    if one.topic == TOPICS.anomalies:
        return "anomaly", found["id"]
    return ("member", found["anomaly"]) if "anomaly" in found else ("incident", found["id"])
