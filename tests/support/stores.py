"""Messages for a store, and what a store holds after them."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import msgspec
from sqlalchemy import Engine, delete, select

from anomaly_app.core.alerts.feedback import AddSilence, ExpireSilence, Press
from anomaly_app.core.alerts.silence import Silence
from anomaly_app.core.feedback.action import Action
from anomaly_app.core.feedback.messages import Feedback, feedback_key, write_feedback
from anomaly_app.core.learning.label import About, Label, Undo, Verdict
from anomaly_app.core.scoring.anomaly import write_json
from anomaly_app.core.times import iso_time
from anomaly_app.errors import AnomalyAppError
from anomaly_app.store.batch import Batch, Place, Step
from anomaly_app.store.digests import Digests
from anomaly_app.store.engine import open_engine, reading, writing
from anomaly_app.store.rows import Topics, rows_of
from anomaly_app.store.schema import prepare
from anomaly_app.store.tables import DATA, metadata
from anomaly_app.store.writing import positions_in, set_positions, write
from tests.support.factories import NOON, anomaly

TOPICS = Topics("anomalies", "feedback", "incidents")
GROUP = "tests"


@dataclass(frozen=True)
class Message:
    """A record of one of the topics."""

    topic: str
    value: bytes | None
    key: bytes | None = None
    partition: int = 0
    offset: int = 0
    timestamp: int = int(NOON * 1000)


def found(
    place: int = 0,
    entity: str | None = "card-1",
    time: float = NOON,
    transaction_id: str | None = None,
    **changes: Any,
) -> Message:
    """An anomaly."""
    message = anomaly(id=anomaly_id(place), entity=entity, time=iso_time(time), **changes)
    made = msgspec.json.decode(write_json(message))
    made |= {"transaction_id": transaction_id, "features": {"amount": 950.0, "shop": "casino"}}
    return Message(TOPICS.anomalies, write_json(made), (entity or "").encode())


def anomaly_id(place: int) -> str:
    return f"transactions-0-{place}"


def member(place: int, incident: str) -> Message:
    """An anomaly has joined an incident."""
    value = {"anomaly": anomaly_id(place), "incident": incident}
    return Message(TOPICS.incidents, write_json(value), f"member {anomaly_id(place)}".encode())


def incident(name: str, merged_into: str | None = None, **changes: Any) -> Message:
    """The document of an incident."""
    document = {
        "kind": "incident",
        "id": name,
        "title": "amount is unusual",
        "severity": "high",
        "status": "open",
        "opened": iso_time(NOON),
        "last": iso_time(NOON + 60),
        "resolved": None,
        "anomalies": 3,
        "entities": 1,
        "entity": "card-1",
        "taken_by": None,
        "merged_into": merged_into,
    }
    return Message(TOPICS.incidents, write_json(document | changes), name.encode())


def said(what: Feedback, group: str = GROUP) -> Message:
    """Something that a person says."""
    return Message(TOPICS.feedback, write_feedback(what, group), feedback_key(what))


def label(
    name: str = anomaly_id(0), verdict: Verdict = Verdict.FRAUD, *, named: str = "l-1", **more: Any
) -> Message:
    """A label, of an anomaly unless it says otherwise."""
    fields = {"about": About.ANOMALY, "user": "ann", "at": NOON + 3600, **more}
    return said(Label(id=named, name=name, verdict=verdict, **fields))


def answer(name: str, action: str = "fraud", *, named: str = "p-1", **more: Any) -> Message:
    """The answer to an incident."""
    fields = {"user": "ann", "receiver": "slack", "at": NOON + 3600, **more}
    return said(Press(id=named, incident=name, action=action, **fields))


def undo(of: str, *, named: str = "u-1", user: str = "ann", at: float = NOON + 7200) -> Message:
    """A label is taken back."""
    return said(Undo(id=named, said=of, user=user, at=at))


def silence(name: str = "s-1", at: float = NOON, **more: Any) -> Message:
    """A silence."""
    given = {"begins": NOON, "ends": NOON + 3600, "note": "known", "user": "ann"}
    fields = {"matchers": ("entity=card-1",), **given, **more}
    return said(AddSilence(id=f"add-{name}", silence=Silence(id=name, **fields), at=at))


def expiry(name: str = "s-1", at: float = NOON + 60) -> Message:
    """The end of a silence."""
    return said(ExpireSilence(id=f"end-{name}", silence=name, user="bob", at=at))


def erasure(
    entity: str,
    at: float = NOON + 7200,
    *,
    named: str = "e-1",
    digests: Digests | None = None,
    form: int = 0,
) -> Message:
    """An entity is to be erased; names have one form, or more."""
    mark = (digests or Digests()).marks(entity)[form]
    return said(
        Action(id=named, action="erase", subject=mark.text, user="ann", via="command", at=at)
    )


def in_order(*messages: Message) -> list[Message]:
    """Give messages the offsets that they have in their topics' partition, and times."""
    ends: dict[str, int] = {}
    made = []
    for place, message in enumerate(messages):
        offset = ends.get(message.topic, 0)
        ends[message.topic] = offset + 1
        made.append(replace(message, offset=offset, timestamp=int(NOON * 1000) + place))
    return made


def batch_of(messages: Sequence[Message], steps: Mapping[Place, Step] | None = None) -> Batch:
    made = [row for message in messages for row in rows_of(message, TOPICS, GROUP)]
    return Batch.of(made, steps or {})


def take(engine: Engine, messages: Sequence[Message], *, at_once: int = 100) -> None:
    """Write messages in batches, without positions: in any order, as often as one likes."""
    for begin in range(0, len(messages), at_once):
        write(engine, batch_of(messages[begin : begin + at_once]))


def follow(engine: Engine, messages: Sequence[Message], *, at_once: int = 100) -> None:
    """Write messages in batches, with positions, as a worker does."""
    with writing(engine) as connection:
        known = {Place(one.topic, one.partition): 0 for one in messages} | positions_in(connection)
        set_positions(connection, known)
    for begin in range(0, len(messages), at_once):
        part = messages[begin : begin + at_once]
        steps: dict[Place, Step] = {}
        for message in part:
            place = Place(message.topic, message.partition)
            first = steps[place].begin if place in steps else known[place]
            steps[place] = Step(first, message.offset + 1)
        write(engine, batch_of(part, steps))
        known |= {place: step.end for place, step in steps.items()}


def contents(engine: Engine, *, positions: bool = False) -> dict[str, list[dict[str, Any]]]:
    """All rows of a store, sorted."""
    tables = metadata.sorted_tables if positions else DATA
    with reading(engine) as connection:
        return {
            table.name: [
                dict(row)
                for row in connection.execute(select(table).order_by(*table.primary_key)).mappings()
            ]
            for table in tables
        }


def rows(engine: Engine, table: str) -> list[dict[str, Any]]:
    return contents(engine, positions=True)[table]


def verdicts(engine: Engine) -> dict[str, str | None]:
    return {row["id"]: row["verdict"] for row in rows(engine, "anomalies")}


def emptied(engine: Engine) -> Engine:
    """The same store without a row."""
    with writing(engine) as connection:
        for table in metadata.sorted_tables:
            connection.execute(delete(table))
    return engine


@contextmanager
def sqlite_store(folder: Path) -> Iterator[Engine]:
    engine = open_engine(f"sqlite:///{folder / 'store.db'}")
    prepare(engine)
    try:
        yield engine
    finally:
        engine.dispose()


def readable(messages: Iterable[Message]) -> list[Message]:
    """Those that are what belongs on their topic."""
    kept = []
    for message in messages:
        try:
            rows_of(message, TOPICS, GROUP)
        except AnomalyAppError:
            continue
        kept.append(message)
    return kept
