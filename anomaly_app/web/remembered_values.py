"""The values of an incident's entity for its picture, whichever worker remembers them."""

import asyncio
import logging
import time

from anomaly_app.channels.picture import Series, sample_series
from anomaly_app.channels.remembered import remembered_series
from anomaly_app.context import WorkerContext
from anomaly_app.core.alerts.notice import IncidentView
from anomaly_app.core.memory.profile_data import Profile
from anomaly_app.web.owners import Owners
from anomaly_app.web.search import KEYS, Found, Question, place_of, search_here

logger = logging.getLogger(__name__)

LONGEST_SEARCH = 1.5
"""Seconds: an e-mail waits for its picture a little longer, and a message in Slack not at all."""


class RememberedValues:
    """Gives what is drawn for an incident.

    What is remembered of its entity is looked up here, and if there is a token to sign with, asked
    of the workers that have the other partitions, as for its profile. Without a memory, or an
    answer in time, or if messages do not name entities, the picture shows the anomalies alone.

    Parameters
    ----------
    context
        Of this worker.
    owners
        Ask the other workers.
    """

    def __init__(self, context: WorkerContext, owners: Owners | None = None) -> None:
        self._context = context
        self._owners = owners or Owners(context)

    async def __call__(self, view: IncidentView) -> Series | None:
        """Return the values; None if there is nothing to see."""
        profile = None
        try:
            async with asyncio.timeout(LONGEST_SEARCH):
                profile = await self._profile(view)
        except Exception as fault:  # noqa: BLE001  # a picture never holds up a message
            logger.info("a picture is drawn without what is remembered (%r)", fault)
        shown = None if profile is None else remembered_series(view, profile)
        return sample_series(view) if shown is None else shown

    async def _profile(self, view: IncidentView) -> Profile | None:
        place = place_of(KEYS[0], self._context)
        if place is None or view.entity is None or view.charted is None:
            return None
        masks = self._context.pipeline.masks
        if masks is not None and masks.hides_entities:
            # The name in the message is not the one that is remembered.
            return None
        question = Question(view.entity)
        if question.fault is not None:
            return None
        if self._context.settings.web_token is None:
            found = search_here(question, place, self._context, time.time())
        else:
            found = await self._owners.find(question, place)
        return found.profile if isinstance(found, Found) else None
