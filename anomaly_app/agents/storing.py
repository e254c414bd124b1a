"""The task that keeps anomalies, incidents and labels in SQL."""

import faust

from anomaly_app.context import WorkerContext


def define_storing(app: faust.App, context: WorkerContext) -> None:
    """Define the task that reads the topics into the store."""

    async def storing() -> None:
        if context.store is not None:
            await context.store.run(lambda: app.should_stop)

    app.task(storing)
