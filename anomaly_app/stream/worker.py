"""The worker process: checks first, then the consumer group."""

from typing import ClassVar

import faust

from anomaly_app.core.errors import AnomalyAppError
from anomaly_app.model_store import load_model
from anomaly_app.runtime import Runtime
from anomaly_app.stream.start_checks import check_broker, check_web_port


class CheckedWorker(faust.Worker):
    """A Faust worker that loads the model and checks its surroundings before it joins.

    What is amiss ends the process with one line and exit code 1.
    """

    runtime: ClassVar[Runtime]

    async def on_first_start(self) -> None:
        """Check, after logging is set up and before any service starts."""
        await super().on_first_start()
        try:
            self.runtime.use(load_model(self.runtime.settings.model))
            check_web_port(self.app.conf)
            await check_broker(self.runtime.settings)
        except AnomalyAppError as fault:
            raise SystemExit(f"error: {fault}") from None


def worker_class(runtime: Runtime) -> type[CheckedWorker]:
    """Bind the worker's class, which Faust instantiates itself, to one app's runtime."""
    return type("Worker", (CheckedWorker,), {"runtime": runtime})
