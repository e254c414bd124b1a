"""Waits until the schemas of a batch are known, for as long as the registry does not answer."""

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
"""Between attempts while the registry does not answer."""

BETWEEN_LINES = 60.0
"""Seconds between two lines on a registry that does not answer."""


async def learn_schemas(
    values: Iterable[bytes | None],
    registry: SchemaRegistry,
    should_abandon: Callable[[], bool],
    *,
    backoff: Backoff = BACKOFF,
) -> bool:
    """Return when each framed value has its reader.

    Parameters
    ----------
    values
        Of the records in flight.
    registry
        Is asked for the schemas that it does not know yet.
    should_abandon
        Whether the worker abandons the records in flight; they are then read again later.
    backoff
        Between attempts.

    Returns
    -------
    bool
        False where the worker abandoned them.
    """
    schemas = schemas_of(values)
    if not registry.missing(schemas):
        return True
    throttle = Throttle(BETWEEN_LINES)
    for pause in backoff.pauses():
        asking = asyncio.ensure_future(registry.learn(schemas))
        while not (await asyncio.wait({asking}, timeout=POLL_INTERVAL))[0]:
            if should_abandon():
                # A registry that is silent would hold up a stop until its time is over.
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
                logger.info("the schema registry answers again: scoring goes on")
            registry.waits_for = None
            return True
        if await backoff.wait(pause, should_abandon):
            break
    return False


def records_wait(fault: RegistryUnreachable) -> str:
    """Say that records wait, and what for."""
    return f"records wait for their schemas, and nothing is lost: {fault}"
