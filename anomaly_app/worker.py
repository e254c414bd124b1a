"""The worker process: checks first, then the consumer group."""

import gc
import logging
import socket
from pathlib import Path
from typing import IO, ClassVar

import faust
from faust.types.settings import Settings as FaustSettings
from threadpoolctl import threadpool_limits

from anomaly_app.context import WorkerContext
from anomaly_app.errors import (
    AnomalyAppError,
    RegistryRefused,
    RegistryUnreachable,
    WebPortTaken,
)
from anomaly_app.kafka.checks import check_broker
from anomaly_app.schemas.registry import SchemaRegistry

logger = logging.getLogger(__name__)


class CheckedWorker(faust.Worker):
    """A Faust worker that loads the model and checks its surroundings before it joins.

    What is amiss ends the process with one line and exit code 1.
    """

    context: ClassVar[WorkerContext]

    async def on_first_start(self) -> None:
        """Check, after logging is set up and before any service starts."""
        check_log_file(self.logfile)
        await super().on_first_start()
        try:
            self.context.load_model()
            check_web_port(self.app.conf)
            await check_broker(self.context.settings)
            await check_registry(self.context.schemas)
        except AnomalyAppError as fault:
            raise SystemExit(f"error: {fault}") from None
        # More throughput comes from more workers: threads of linear algebra would only get into
        # their way, and for matrices as small as a batch they wait longer than they work.
        threadpool_limits(1)
        # What is loaded by now stays: a full collection, as Faust makes one at every rebalance,
        # would walk over all of it for more than 100 ms.
        gc.freeze()


def worker_class(context: WorkerContext) -> type[CheckedWorker]:
    """Bind the worker's class, which Faust instantiates itself, to one app's context."""
    return type("Worker", (CheckedWorker,), {"context": context})


def check_log_file(file: str | IO[str] | None) -> None:
    """End the process with one line where its log cannot be written."""
    if isinstance(file, str):
        try:
            Path(file).open("a").close()
        except OSError as fault:
            raise SystemExit(
                f"error: cannot write the --logfile {file}: {fault.strerror}"
            ) from None


async def check_registry(registry: SchemaRegistry | None) -> None:
    """Check the schema registry; one that does not answer yet is waited for when it is needed.

    Raises
    ------
    RegistryRefused
        It does not let the app in, or is none.
    """
    if registry is None:
        return
    try:
        await registry.check()
    except RegistryRefused:
        raise
    except RegistryUnreachable as fault:
        logger.warning("%s: framed records will wait for it", fault)
    finally:
        # A worker that ends here has no agent that would.
        await registry.close()


def check_web_port(conf: FaustSettings) -> None:
    """Check that this worker can listen on its web port.

    Raises
    ------
    WebPortTaken
        Somebody else does.
    """
    if not conf.web_enabled:
        return
    bind, port = conf.web_bind, conf.web_port
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((bind, port))
        except OSError as fault:
            raise WebPortTaken(
                f"cannot listen on {bind}:{port} ({fault.strerror}): start each worker of a host "
                "with a --web-port of its own"
            ) from None
