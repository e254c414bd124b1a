"""Reacting to presses: feedback is kept first, and acknowledged then."""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple, assert_never

from anomaly_app.channels.slack.api import Fault, SlackApi
from anomaly_app.channels.slack.presses import (
    Correct,
    Ignore,
    OpenForm,
    Take,
    Tell,
    read_payload,
)
from anomaly_app.channels.slack.silence_form import CheckMatcher, check_form_of_matcher
from anomaly_app.core.feedback.messages import Feedback

logger = logging.getLogger(__name__)

PATIENCE = 2.5
"""Seconds in which feedback has to be kept: Slack waits for three."""

Accept = Callable[[Feedback], Awaitable[None]]
"""Keeps feedback, by sending it to Kafka; whatever it raises means that it is not kept."""


class Acknowledgement(NamedTuple):
    """What Slack is answered."""

    body: dict[str, Any] | None = None


class Interactions:
    """Reacts to what people do in Slack, however it arrives.

    What is not acknowledged in three seconds is a warning sign beside the button, and the form
    stays open: the person sees that it has not worked, and does it again. Slack itself delivers
    some of it again. Both give feedback of the same meaning; of one press, of the same id.

    Parameters
    ----------
    accept
        Keeps feedback.
    api
        For forms, and for words to one person.
    receiver
        Name of the receiver whose messages have the buttons.
    check_matcher
        Says what is wrong with a matcher.
    clock
        Gives seconds since the epoch.
    """

    def __init__(
        self,
        accept: Accept,
        api: SlackApi,
        *,
        receiver: str = "slack",
        check_matcher: CheckMatcher = check_form_of_matcher,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._accept = accept
        self._api = api
        self._receiver = receiver
        self._check_matcher = check_matcher
        self._clock = clock

    async def answer(self, data: bytes) -> Acknowledgement | None:
        """React to a payload; None if Slack shall not take it as done."""
        reaction = read_payload(
            data, now=self._clock(), receiver=self._receiver, check_matcher=self._check_matcher
        )
        match reaction:
            case Take():
                return await self._done(self._accept(reaction.feedback), "kept")
            case OpenForm():
                request = self._api.client.views_open(
                    trigger_id=reaction.trigger, view=reaction.form
                )
                return await self._done(self._api.call(request), "answered with a form")
            case Tell():
                await self._tell(reaction)
                return Acknowledgement()
            case Correct():
                return Acknowledgement({"response_action": "errors", "errors": reaction.errors})
            case Ignore():
                return Acknowledgement()
            case _:
                assert_never(reaction)

    async def _done(self, doing: Awaitable[object], what: str) -> Acknowledgement | None:
        try:
            await asyncio.wait_for(doing, PATIENCE)
        except Exception as fault:  # noqa: BLE001  # whatever it is, the person is told by Slack
            logger.warning(
                "a press in Slack could not be %s (%r): it is pressed again", what, fault
            )
            return None
        return Acknowledgement()

    async def _tell(self, words: Tell) -> None:
        request = self._api.client.chat_postEphemeral(
            channel=words.channel, user=words.user, text=words.text
        )
        try:
            await self._api.call(request)
        except Fault as fault:
            logger.warning("nobody could be told that a button is not ours (%s)", fault)
