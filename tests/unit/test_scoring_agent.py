"""The scoring agent: what it sends of a batch, and by which model."""

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, cast

import pytest
from msgspec.structs import replace

from anomaly_app.agents import scoring, watching
from anomaly_app.agents.scoring import judge_batch, score
from anomaly_app.context import WorkerContext
from anomaly_app.core.model.model import Model
from anomaly_app.core.roles.roles import Roles
from anomaly_app.core.scoring.anomaly import read_anomaly
from anomaly_app.kafka.consumer import PartitionRecords, PendingBatch, Record
from anomaly_app.settings.app import Settings
from tests.support.factories import fitted, model, transaction


def newer_model() -> Model:
    """The same model once more, which reads the amount from a field of another name."""
    made = fitted()
    manifest = replace(made.manifest, version="2", roles=Roles.parse("amount=Amount"))
    return Model.from_bytes(manifest.to_json(), made.pickle, where="factory")


@dataclass
class Consumer:
    """Remembers what was confirmed, by partition, and what was finished."""

    confirmed: dict[int, int] = field(default_factory=dict)
    finished: int = 0

    def confirm(self, _: Any, last: PartitionRecords | Record) -> None:
        self.confirmed[last.partition] = last.end

    def finish(self, _: Any) -> None:
        self.finished += 1


@dataclass
class App:
    """What the agent needs of an app: a producer, which is the app itself."""

    on_send: Callable[[], None] = lambda: None
    sent: list[tuple[str, bytes]] = field(default_factory=list)

    async def maybe_start_producer(self) -> "App":
        return self

    async def send(self, topic: str, key: bytes, value: bytes, *_: Any) -> Any:
        self.on_send()
        self.sent.append((topic, value))
        acknowledged = asyncio.get_running_loop().create_future()
        acknowledged.set_result(None)
        return acknowledged


def context_with(used: Model) -> WorkerContext:
    context = WorkerContext(Settings(_env_file=None))
    context.use(used)
    return context


def batch_of(values: list[bytes], consumer: Consumer) -> PendingBatch:
    records = [
        Record("transactions", 2, offset, 1_767_268_800_000, b"k", value)
        for offset, value in enumerate(values)
    ]
    partitions = [PartitionRecords("transactions", 2, len(values) + 1, records)]
    return PendingBatch(partitions, cast("Any", None), consumer)


async def score_batch(batch: PendingBatch, app: Any, context: WorkerContext) -> None:
    await judge_batch(batch, app, context, partial(score, app=app, context=context))


async def test_a_batch_is_confirmed_when_all_that_came_of_it_is_sent() -> None:
    consumer = Consumer()
    app = App(on_send=lambda: confirmed_while_sending.append(dict(consumer.confirmed)))
    confirmed_while_sending: list[dict[int, int]] = []
    values = [transaction(), transaction(99_999.0, "casino"), b"{"]
    await score_batch(batch_of(values, consumer), cast("Any", app), context_with(model()))
    assert [topic for topic, _ in app.sent] == ["anomalies", "transactions-dlq"]
    assert confirmed_while_sending == [{}, {}]
    assert (consumer.confirmed, consumer.finished) == ({2: 4}, 1)


async def test_a_model_that_comes_into_use_while_messages_are_sent_has_no_part_in_them(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    lines: list[str] = []
    monkeypatch.setattr(watching.logger, "warning", lambda form, line: lines.append(form % line))
    context = context_with(model())
    newer = newer_model()
    app = App(on_send=lambda: context.use(newer))
    misnamed = json.dumps({"features": {"Amount": 20.0, "shop": "food"}}).encode()
    values = [transaction(99_999.0, "casino"), *[misnamed] * 150]
    await score_batch(batch_of(values, Consumer()), cast("Any", app), context)
    assert context.pipeline.model is newer
    models = [read_anomaly(value).model for _, value in app.sent]
    assert {(one.name, one.version) for one in models} == {(model().manifest.name, "1")}
    # The hint is of the model that judged, too: the newer one misses no field.
    assert any("set ANOMALY_ROLES='amount=Amount'" in line for line in lines)


async def test_a_fault_ends_the_process_and_confirms_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class ExitedError(BaseException):
        """In place of the end of the process."""

    def exit_here(where: str, fault: BaseException) -> None:
        raise ExitedError(where, fault)

    def fail() -> None:
        raise ArithmeticError("of the test")

    monkeypatch.setattr(scoring, "exit_without_commit", exit_here)
    consumer = Consumer()
    batch = batch_of([transaction(), b"{"], consumer)
    with pytest.raises(ExitedError, match="transactions partition 2 offsets 0 to 2"):
        await score_batch(batch, cast("Any", App(on_send=fail)), context_with(model()))
    assert (consumer.confirmed, consumer.finished) == ({}, 0)
