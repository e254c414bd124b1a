"""The memories of a worker's partitions: what is remembered, and the task that publishes it."""

from collections.abc import Sequence
from functools import partial

import faust

from anomaly_app.agents.schemas import learn_schemas
from anomaly_app.context import WorkerContext
from anomaly_app.core.decoding.decoded import KafkaRecord
from anomaly_app.kafka.changelog import Remembered
from anomaly_app.schemas.registry import SchemaRegistry


def define_remembering(app: faust.App, context: WorkerContext) -> None:
    """Define the task that publishes what is remembered."""

    async def publishing() -> None:
        await context.memories.run(lambda: app.should_stop)

    app.task(publishing)


def remember_transactions(context: WorkerContext) -> None:
    """Remember the transactions from now on, if the model in use has a memory.

    Call it before the worker has any partition.
    """
    pipeline = context.pipeline
    if pipeline.remembering is None:
        return
    # Importing numba takes more than a second, and models without a memory do not need this.
    from anomaly_app.core.memory.image import Image  # noqa: PLC0415
    from anomaly_app.core.memory.partition_memory import PartitionMemory  # noqa: PLC0415

    plan = pipeline.remembering.plan
    # Restores run in a thread: they need a decoder of their own.
    replaying = context.another_pipeline()
    context.memories.remember(
        context.settings.transactions_topic,
        Remembered(
            plan.key.name,
            plan.sha256,
            partial(PartitionMemory, plan),
            Image.from_bytes,
            replaying.events_of,
            None if context.schemas is None else partial(_learn_all, context.schemas),
        ),
    )


async def _learn_all(schemas: SchemaRegistry, records: Sequence[KafkaRecord]) -> None:
    await learn_schemas((record.value for record in records), schemas, should_abandon=lambda: False)
