"""What is published of incidents, for stores and dashboards: each, its members, and learning."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from anomaly_app.channels.document_json import incident_document
from anomaly_app.core.alerts.effects import Changed, Effect, Joined
from anomaly_app.core.alerts.state import State
from anomaly_app.core.alerts.views import view_of
from anomaly_app.core.times import iso_time

LEARNING = b"learning"
"""Key of the message that tells whether what learns from the stream may go on."""


MEMBER = "member "
"""It begins the keys of the messages that say which incident an anomaly belongs to."""


class Published(NamedTuple):
    """A message of the incidents topic."""

    key: bytes
    value: bytes


class Member(msgspec.Struct, frozen=True):
    """Which incident an anomaly belongs to, from its first message on."""

    anomaly: str
    incident: str
    """If it was merged into another one since, its own message says so."""


class Learning(msgspec.Struct, frozen=True):
    """Whether models may learn from the stream now."""

    learning: str
    """``on``, or ``paused`` while a large part of all entities is unusual at once."""
    since: str | None = None
    """Since when it is paused; ISO 8601 in UTC."""
    incident: str | None = None
    """The incident for which it is."""


def learning_in(state: State) -> Learning:
    """Return whether models may learn from the stream now."""
    incident = state.incidents.get(state.regime.incident)
    if incident is None:
        return Learning("on")
    return Learning("paused", iso_time(incident.opened), incident.id)


class Publishing:
    """Decides what to publish: what has changed since the last time, as far as it is known."""

    def __init__(self) -> None:
        self._known: tuple[int, Learning] | None = None

    def messages(self, state: State, effects: Iterable[Effect], assignment: int) -> list[Published]:
        """Return the messages to send: an incident comes before its members.

        Parameters
        ----------
        state
            After a batch of entries.
        effects
            Of all of them.
        assignment
            Its number: what was published before another one may have been replaced since.
        """
        incidents: dict[str, Published] = {}
        members: dict[str, Published] = {}
        for effect in effects:
            match effect:
                case Changed(incident=incident) if incident.id not in incidents:
                    document = incident_document(view_of(incident))
                    incidents[incident.id] = Published(incident.id.encode(), document)
                case Joined():
                    members[effect.anomaly] = _member(effect)
        found = [*incidents.values(), *members.values()]
        learning = learning_in(state)
        if self._known != (assignment, learning):
            found.append(Published(LEARNING, msgspec.json.encode(learning)))
            self._known = assignment, learning
        return found


def _member(joined: Joined) -> Published:
    value = msgspec.json.encode(Member(joined.anomaly, joined.incident))
    return Published(f"{MEMBER}{joined.anomaly}".encode(), value)
