"""PagerDuty, by its Events API v2: an incident is triggered, acknowledged, and resolved."""

import time
from collections.abc import Callable
from typing import Any, Literal

import msgspec

from anomaly_app.channels.channel import Delivered, Later, Place, Refused
from anomaly_app.channels.posting import Answer, Poster, meaning_of
from anomaly_app.channels.wording import iso, title_of, words_of
from anomaly_app.core.alerts.notice import Event, IncidentView, Notice
from anomaly_app.core.visible import printable
from anomaly_app.errors import SettingsError

Action = Literal["trigger", "acknowledge", "resolve"]

SEVERITIES = {"critical": "critical", "high": "error", "medium": "warning"}
"""PagerDuty's words for ours; ``info`` for others."""

KEY_LENGTH = 32
LONGEST_SUMMARY = 1_024
LONGEST_DEDUP_KEY = 255
LONGEST_FIELD = 255
"""Characters; PagerDuty documents limits for the first three."""

BACKOFF = 60.0
"""Seconds after an answer of "too many" without a time: PagerDuty recommends minutes."""

TOO_MANY_REQUESTS = 429
BAD_REQUEST = 400


class PagerDutyChannel:
    """Sends incidents to a service.

    Only incidents are sent. A digest or a note has no state that could be resolved: it is left out,
    and counts as delivered.

    Parameters
    ----------
    routing_key
        The service's integration key, of 32 letters and digits.
    url
        Where events are sent to.
    clock
        Seconds since the epoch.

    Raises
    ------
    SettingsError
        The key is none; the text does not show it.
    """

    def __init__(
        self, routing_key: str, *, url: str, clock: Callable[[], float] = time.time
    ) -> None:
        if len(routing_key) != KEY_LENGTH or not (routing_key.isascii() and routing_key.isalnum()):
            raise SettingsError(
                f"PagerDuty's routing key has {KEY_LENGTH} letters and digits: it is the "
                "integration key of an Events API v2 integration"
            )
        self._routing_key = routing_key
        self._poster = Poster(url, hidden=routing_key)
        self._clock = clock

    async def deliver(self, notice: Notice, place: Place) -> Delivered | Refused | Later:
        """Send the events that a notice takes; each may be repeated, by its `dedup_key`."""
        for action in actions_of(notice, place):
            answer = await self._poster.post(self._event(notice, action, place))
            if isinstance(answer, Later):
                return answer
            if not answer.is_success:
                return self._refusal(answer)
        if not isinstance(notice.subject, IncidentView):
            return Delivered()
        return Delivered(dedup_key_of(notice, place))

    def _event(self, notice: Notice, action: Action, place: Place) -> bytes:
        event: dict[str, Any] = {
            "routing_key": self._routing_key,
            "event_action": action,
            "dedup_key": dedup_key_of(notice, place),
        }
        if action == "trigger" and isinstance(notice.subject, IncidentView):
            event |= {"client": "anomaly-app", "payload": _payload(notice, notice.subject)}
        return msgspec.json.encode(event)

    def _refusal(self, answer: Answer) -> Refused | Later:
        if answer.status == BAD_REQUEST and "routing" in answer.text.lower():
            return Later(f"PagerDuty does not know the routing key: check it ({answer.text})")
        meaning = meaning_of(answer, "PagerDuty", self._clock())
        if answer.status == TOO_MANY_REQUESTS and isinstance(meaning, Later):
            return Later(meaning.why, BACKOFF if meaning.pause is None else meaning.pause)
        return meaning

    async def close(self) -> None:
        """Close the connection."""
        await self._poster.close()


def actions_of(notice: Notice, place: Place) -> tuple[Action, ...]:
    """Return the events for a notice, in their order.

    An open incident is triggered when there is news for people, and acknowledged if somebody has
    taken it. PagerDuty drops events about what it does not know: so it is always triggered first.
    """
    view = notice.subject
    if not isinstance(view, IncidentView):
        return ()
    if not view.is_open:
        return ("resolve",)
    is_unknown = place.reference is None
    is_news = is_unknown or notice.event != Event.CHANGED or bool(notice.changes)
    taken: tuple[Action, ...] = ("acknowledge",) if view.taken_by is not None else ()
    return ("trigger", *taken) if is_news else taken


def dedup_key_of(notice: Notice, place: Place) -> str:
    """Return the key that all events of an incident share."""
    return place.name_of(notice)[-LONGEST_DEDUP_KEY:]


def _payload(notice: Notice, view: IncidentView) -> dict[str, Any]:
    words = words_of(notice)
    details = dict(words.facts) | dict(words.origin)
    details |= {
        f"{feature} ({share})": f"{actual}, usually {expected}"
        for feature, actual, expected, share in words.rows
    }
    if words.changes:
        details["Changes"] = "; ".join(words.changes)
    return {
        "summary": printable(f"{words.headline}: {view.rarity}", LONGEST_SUMMARY),
        "source": printable(view.entity or "", LONGEST_FIELD) or title_of(notice),
        "severity": SEVERITIES.get(view.severity, "info"),
        "timestamp": iso(view.opened),
        "component": printable(view.last_source, LONGEST_FIELD),
        "group": printable(view.grouped_by, LONGEST_FIELD),
        "class": printable(view.charted or "anomaly", LONGEST_FIELD),
        "custom_details": details,
    }
