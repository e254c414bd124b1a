"""Waits until the schemas of a batch are known, for as long as the registry does not answer."""

import asyncio
import logging
import time
from collections.abc import Callable, Iterable

from anomaly_app.core.decoding.framing import schemas_of
from anomaly_app.core.monitoring.throttle import Throttle
from anomaly_app.errors import RegistryUnreachable
from anomaly_app.schemas.registry import SchemaRegistry

logger = logging.getLogger(__name__)

FIRST_PAUSE = 0.5
LONGEST_PAUSE = 5.0
"""Seconds between attempts: the pause doubles from the first to the longest."""

GLANCE = 0.2
"""Seconds between two looks whether to give up: a stop waits for no more than this."""

BETWEEN_LINES = 60.0
"""Seconds between two lines on a registry that does not answer."""


async def learn_schemas(
    values: Iterable[bytes | None], registry: SchemaRegistry, given_up: Callable[[], bool]
) -> bool:
    """Return when each framed value has its reader.

    Parameters
    ----------
    values
        Of the records in hand.
    registry
        Is asked for the schemas that it does not know yet.
    given_up
        Whether the worker lets go of the records in hand; they are then read again later.

    Returns
    -------
    bool
        False where the worker let go of them.
    """
    schemas = schemas_of(values)
    if not registry.missing(schemas):
        return True
    pause, throttle = FIRST_PAUSE, Throttle(BETWEEN_LINES)
    while True:
        asking = asyncio.ensure_future(registry.learn(schemas))
        while not (await asyncio.wait({asking}, timeout=GLANCE))[0]:
            if given_up():
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
        if await _gives_up(pause, given_up):
            return False
        pause = min(2 * pause, LONGEST_PAUSE)


def records_wait(fault: RegistryUnreachable) -> str:
    """Say that records wait, and what for."""
    return f"records wait for their schemas, and nothing is lost: {fault}"


async def _gives_up(pause: float, given_up: Callable[[], bool]) -> bool:
    left = pause
    while not given_up() and left > 0:
        await asyncio.sleep(min(left, GLANCE))
        left -= GLANCE
    return given_up()
