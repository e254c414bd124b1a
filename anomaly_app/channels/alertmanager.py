"""Alertmanager, by its API v2: for those who have one that groups and routes."""

import re
import time
from collections.abc import Callable, Iterable

import msgspec

from anomaly_app.channels.channel import Delivered, Later, Place, Refused
from anomaly_app.channels.posting import Poster, meaning_of
from anomaly_app.channels.wording import as_text, iso, words_of
from anomaly_app.core.alerts.notice import IncidentView, Notice
from anomaly_app.core.visible import printable

API = "/api/v2/alerts"

LEAST_AHEAD = 86_400.0
"""Seconds."""

LONGEST_REFERENCE = 480
"""Bytes of JSON: the labels are kept as a reference."""

LONGEST_VALUE = 120
"""Characters of a label's value."""

Labels = dict[str, str]


class AlertmanagerChannel:
    """Sends incidents to an Alertmanager.

    Its alerts are known by their labels: when those change, such as the severity, the alert with
    the former ones is ended in the same request. Only incidents are sent: digests and notes have no
    end, and count as delivered.

    An alert there ends by itself at its ``endsAt``. That is `LEAST_AHEAD` from now, or twice the
    time after which open incidents are told again, whichever is longer: an open incident is always
    sent again before, and only one whose workers are all gone ends by itself.

    Parameters
    ----------
    url
        Its address, with the prefix of its path if it has one.
    repeat
        Seconds after which an open incident is told again.
    ca_file
        PEM file of the authorities to trust; None for those of the system.
    clock
        Seconds since the epoch.
    """

    def __init__(
        self,
        url: str,
        *,
        repeat: float,
        ca_file: str | None = None,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._poster = Poster(url.rstrip("/") + API, ca_file=ca_file)
        self._ahead = max(LEAST_AHEAD, 2.0 * repeat)
        self._clock = clock

    async def deliver(self, notice: Notice, place: Place) -> Delivered | Refused | Later:
        """Send an incident once."""
        view = notice.subject
        if not isinstance(view, IncidentView):
            return Delivered(place.reference)
        now = self._clock()
        labels, former = labels_of(notice.id, view, place.group), _labels_in(place.reference)
        ended = view.resolved if view.resolved is not None else notice.at
        alerts = [_alert(notice, view, labels, now + self._ahead if view.is_open else ended)]
        if former is not None and former != labels:
            alerts.append(_alert(notice, view, former, now if view.is_open else ended))
        answer = await self._poster.post(msgspec.json.encode(alerts))
        if isinstance(answer, Later):
            return answer
        if answer.is_success:
            return Delivered(msgspec.json.encode(labels).decode())
        return meaning_of(answer, self._poster.host, now)

    async def close(self) -> None:
        """Close the connection."""
        await self._poster.close()


def labels_of(incident: str, view: IncidentView, group: str) -> Labels:
    """Return the labels of an incident's alert, as many as a reference has room for."""
    labels = {"alertname": "Anomaly", "incident": incident, "severity": _value(view.severity)}
    if group:
        labels["consumer_group"] = _value(group)
    for name, value in _in_order(view.labels):
        if name in labels or not value:
            continue
        if len(msgspec.json.encode(labels | {name: value})) <= LONGEST_REFERENCE:
            labels[name] = value
    return labels


def _in_order(labels: Labels) -> Iterable[tuple[str, str]]:
    """Return labels with names that Alertmanager takes, the entity first."""
    for name in sorted(labels, key=lambda name: (name != "entity", name)):
        plain = re.sub(r"[^A-Za-z0-9_]", "_", name[:LONGEST_VALUE]).lstrip("_")
        if plain and not plain[0].isdigit():
            yield plain, _value(labels[name])


def _value(text: str) -> str:
    return printable(text, LONGEST_VALUE)


def _labels_in(reference: str | None) -> Labels | None:
    try:
        return msgspec.json.decode(reference or "", type=Labels)
    except msgspec.DecodeError:
        return None


def _alert(notice: Notice, view: IncidentView, labels: Labels, ends: float) -> dict[str, object]:
    words = words_of(notice)
    return {
        "labels": labels,
        "annotations": {
            "summary": words.headline,
            "description": as_text(words),
        },
        "startsAt": iso(view.opened),
        # It refuses an alert that ends before it starts.
        "endsAt": iso(max(ends, view.opened + 1.0)),
    }
