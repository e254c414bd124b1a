"""The memories of a worker's partitions: what is remembered, and the task that publishes it."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any, TypeAlias

import faust

from anomaly_app.agents.schemas import learn_schemas
from anomaly_app.context import WorkerContext
from anomaly_app.core.decoding.decoded import KafkaRecord
from anomaly_app.kafka.changelog import Remembered
from anomaly_app.schemas.registry import SchemaRegistry

if TYPE_CHECKING:
    from anomaly_app.core.memory.layout import Plan

Replay: TypeAlias = Callable[[Any, Sequence[KafkaRecord]], None]
"""Remembers records of one partition that were judged before."""


def define_remembering(app: faust.App, context: WorkerContext) -> None:
    """Define the task that publishes what is remembered."""

    async def publishing() -> None:
        await context.memories.run(lambda: app.should_stop)

    app.task(publishing)


def remember_transactions(context: WorkerContext) -> None:
    """Remember transactions from now on, as the model in use says.

    Call it before the worker has any partition.
    """
    pipeline = context.pipeline
    memory = pipeline.model.schema.memory
    if pipeline.entity is None or memory is None:
        return
    # Importing numba takes more than a second, and models without a memory do not need this.
    from anomaly_app.core.memory.image import Image  # noqa: PLC0415
    from anomaly_app.core.memory.partition_memory import PartitionMemory  # noqa: PLC0415
    from anomaly_app.core.scoring.second_stage import SecondStage  # noqa: PLC0415

    # Restores run in a thread: they need a decoder of their own.
    replaying = context.another_pipeline()
    prepare = None if context.schemas is None else partial(_learn_all, context.schemas)

    def remember(topic: str, plan: "Plan", replay: Replay) -> None:
        new = partial(PartitionMemory, plan)
        key, spec = plan.key, memory.sha256_of(plan.key)
        remembered = Remembered(key.name, spec, new, Image.from_bytes, replay, prepare)
        context.memories.remember(topic, remembered)

    settings = context.settings
    remember(settings.transactions_topic, pipeline.entity.plan, replaying.replay)
    if pipeline.counterpart is not None:
        second_stage = SecondStage(replaying)
        remember(settings.counterparts_topic_name, pipeline.counterpart.plan, second_stage.replay)


async def _learn_all(schemas: SchemaRegistry, records: Sequence[KafkaRecord]) -> None:
    await learn_schemas((record.value for record in records), schemas, should_abandon=lambda: False)
