"""Waiting for the schemas of a batch, for as long as the registry does not answer."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable

from anomaly_app.backoff import POLL_INTERVAL, Backoff
from anomaly_app.core.decoding.framing import schemas_of
from anomaly_app.core.monitoring.throttle import Throttle
from anomaly_app.errors import RegistryUnreachable
from anomaly_app.schemas.registry import SchemaRegistry

logger = logging.getLogger(__name__)

BACKOFF = Backoff(first=0.5, longest=5.0)
"""Pauses between attempts while the registry does not answer."""

BETWEEN_LINES = 60.0
"""Seconds between two log lines about a registry that does not answer."""


async def learn_schemas(
    values: Iterable[bytes | None],
    registry: SchemaRegistry,
    should_abandon: Callable[[], bool],
    *,
    backoff: Backoff = BACKOFF,
) -> bool:
    """Return when each framed value has a reader.

    Parameters
    ----------
    values
        Values of the records in flight.
    registry
        Fetches the schemas that it does not have yet.
    should_abandon
        Whether to abandon the records in flight; they are then read again later.
    backoff
        Pauses between attempts.

    Returns
    -------
    bool
        False if the worker abandoned the records.
    """
    schemas = schemas_of(values)
    if not registry.missing(schemas):
        return True
    throttle = Throttle(BETWEEN_LINES)
    for pause in backoff.pauses():
        asking = asyncio.ensure_future(registry.learn(schemas))
        while not (await asyncio.wait({asking}, timeout=POLL_INTERVAL))[0]:
            if should_abandon():
                # A registry that does not answer would delay a stop until the request times out.
                asking.cancel()
                await asyncio.wait({asking})
                return False
        try:
            asking.result()
        except RegistryUnreachable as fault:
            registry.waits_for = str(fault)
            if throttle.count(time.monotonic()):
                logger.warning("%s", records_wait(fault))
        else:
            if registry.waits_for is not None:
                logger.info("the schema registry answers again: scoring continues")
            registry.waits_for = None
            return True
        if await backoff.wait(pause, should_abandon):
            break
    return False


def records_wait(fault: RegistryUnreachable) -> str:
    """Report that records are waiting, and why."""
    return f"records are waiting for their schemas (nothing is lost): {fault}"
