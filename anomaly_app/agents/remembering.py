"""Publishing of memories while the worker runs."""

import faust

from anomaly_app.context import WorkerContext


def define_remembering(app: faust.App, context: WorkerContext) -> None:
    """Define the task that publishes what this worker remembers of its partitions."""

    async def remembering() -> None:
        conf = app.conf
        context.memory.owner = f"http://{conf.web_host}:{conf.web_port}"
        await context.memory.run(lambda: app.should_stop)

    app.task(remembering)
