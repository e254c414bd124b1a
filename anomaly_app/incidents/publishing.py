"""What is published of incidents, for stores and dashboards: each as it is, and learning."""

from collections.abc import Iterable
from typing import NamedTuple

import msgspec

from anomaly_app.channels.document_json import incident_document
from anomaly_app.core.alerts.state import State
from anomaly_app.core.alerts.views import view_of
from anomaly_app.core.times import iso_time

LEARNING = b"learning"
"""Key of the message that tells whether what learns from the stream may go on."""


class Published(NamedTuple):
    """A message of the incidents topic."""

    key: bytes
    value: bytes


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

    def messages(self, state: State, changed: Iterable[str], assignment: int) -> list[Published]:
        """Return the messages to send.

        Parameters
        ----------
        state
            After a batch of entries.
        changed
            Ids of the incidents about which something was decided in them.
        assignment
            Its number: what was published before another one may have been replaced since.
        """
        found = [
            Published(name.encode(), incident_document(view_of(incident)))
            for name in dict.fromkeys(changed)
            if (incident := state.incidents.get(name)) is not None
        ]
        learning = learning_in(state)
        if self._known != (assignment, learning):
            found.append(Published(LEARNING, msgspec.json.encode(learning)))
            self._known = assignment, learning
        return found
