"""The worker process: checks first, then the consumer group."""

import gc
import logging
import socket
from pathlib import Path
from typing import IO, ClassVar

import faust
from faust.types.settings import Settings as FaustSettings
from threadpoolctl import threadpool_limits

from anomaly_app.agents import remember_transactions
from anomaly_app.context import WorkerContext
from anomaly_app.errors import (
    AnomalyAppError,
    RegistryRefused,
    RegistryUnreachable,
    WebPortTaken,
)
from anomaly_app.kafka.checks import check_broker
from anomaly_app.schemas.registry import SchemaRegistry
from anomaly_app.web.address import address_of
from anomaly_app.web.remembered_values import RememberedValues

logger = logging.getLogger(__name__)


class CheckedWorker(faust.Worker):
    """A Faust worker that loads the model and checks its environment before it joins the group.

    If a check fails, the process ends with a one-line error and exit code 1.
    """

    context: ClassVar[WorkerContext]

    async def on_first_start(self) -> None:
        """Check, after logging is set up and before any service starts."""
        check_log_file(self.logfile)
        await super().on_first_start()
        # Everything that is loaded from here on stays, and collections would only traverse it.
        gc.disable()
        try:
            self.context.load_model()
            remember_transactions(self.context)
            self.context.load_alerting(RememberedValues(self.context))
            self.context.load_store()
            check_web_port(self.app.conf)
            self.context.memories.owner = address_of(self.app.conf.web_host, self.app.conf.web_port)
            memory = self.context.pipeline.model.schema.memory
            memories = 0 if memory is None else len(memory.keys)
            self.context.partitions = await check_broker(self.context.settings, memories=memories)
            await check_registry(self.context.schemas)
        except AnomalyAppError as fault:
            raise SystemExit(f"error: {fault}") from None
        # More workers give more throughput: linear algebra threads would only compete with them,
        # and for matrices as small as a batch they wait longer than they work.
        threadpool_limits(1)
        # Without this, the full collection that Faust runs at every rebalance would traverse it
        # too, for more than 100 ms.
        gc.freeze()
        gc.enable()


def worker_class(context: WorkerContext) -> type[CheckedWorker]:
    """Bind the worker's class, which Faust instantiates itself, to one app's context."""
    return type("Worker", (CheckedWorker,), {"context": context})


def check_log_file(file: str | IO[str] | None) -> None:
    """End the process with a one-line error if its log cannot be written."""
    if isinstance(file, str):
        try:
            Path(file).open("a").close()
        except OSError as fault:
            raise SystemExit(
                f"error: cannot write the --logfile {file}: {fault.strerror}"
            ) from None


async def check_registry(registry: SchemaRegistry | None) -> None:
    """Check the schema registry; if it does not answer yet, records will wait for it later.

    Raises
    ------
    RegistryRefused
        It denies access, or is not a schema registry.
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
        # If the worker ends here, no agent closes it.
        await registry.close()


def check_web_port(conf: FaustSettings) -> None:
    """Check that this worker can listen on its web port.

    Raises
    ------
    WebPortTaken
        Another process does.
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
                f"cannot listen on {bind}:{port} ({fault.strerror}): start each worker on a host "
                "with its own --web-port"
            ) from None
