"""The policy of this project: incidents, of which a budget of messages tells the strongest."""

from anomaly_app.core.alerts.incident import Incident
from anomaly_app.core.alerts.log import Entry
from anomaly_app.core.alerts.notice import Digest, IncidentView, Notice
from anomaly_app.core.alerts.policy import Policy
from anomaly_app.core.alerts.sighting import Sighting
from benchmarks.alerts.policies.policy import Sent
from benchmarks.alerts.policies.replaying import Replaying, entries, policy_with
from benchmarks.alerts.stream import DAY, Stream

AFTERWARDS = DAY
"""Seconds after the stream in which what is held is still told."""


class Incidents:
    """Replays a stream through `anomaly_app.core.alerts`, with a clock that the stream sets.

    Receivers take each notice at once. All settings are the defaults but the budget.

    Parameters
    ----------
    messages
        Messages a day.
    """

    def __init__(self, messages: int = 20) -> None:
        self.name = f"incidents {messages}/day"
        self._policy = policy_with(messages)

    def replay(self, stream: Stream) -> list[Sent]:
        """Return the messages and the lines of digests."""
        record = _Record(self._policy)
        for at, entry in entries(stream):
            record.apply(entry, at)
        record.replaying.wait_until(stream.begin + stream.days * DAY + AFTERWARDS)
        return record.sent()


class _Record:
    """What a replay puts into incidents, and what it tells."""

    def __init__(self, policy: Policy) -> None:
        self.replaying = Replaying(policy, self._take)
        self._homes: list[str] = []
        """The incident that each anomaly was put into when it came."""
        self._known: dict[str, Incident] = {}
        """All incidents, those that the state has forgotten as well."""
        self._told: list[tuple[float, str, str]] = []
        """When, how, and of which incident somebody was told."""

    def apply(self, entry: Entry, at: float) -> None:
        self.replaying.wait_until(at)
        self.replaying.apply(entry, at)
        if isinstance(entry, Sighting):
            state = self.replaying.state
            home = state.recent.seen[-1].incident
            self._homes.append(home)
            self._known[home] = state.incidents[home]

    def _take(self, at: float, notice: Notice) -> None:
        match notice.subject:
            case IncidentView() if notice.event in {"opened", "repeated"}:
                self._told.append((at, "message", notice.id))
            case Digest() as digest:
                self._told += [(at, "digest", line.incident) for line in digest.lines]

    def sent(self) -> list[Sent]:
        members: dict[str, list[int]] = {}
        for place, home in enumerate(self._homes):
            members.setdefault(self._root(home), []).append(place)
        found = []
        for at, kind, name in self._told:
            root = self._root(name)
            places = members.get(root, [])
            if root != name:
                # What was merged later told of its own members only.
                places = [place for place in places if self._homes[place] == name]
            if places:
                found.append(
                    Sent(at, "message" if kind == "message" else "digest", (*places,), root)
                )
        return found

    def _root(self, name: str) -> str:
        while (incident := self._known.get(name)) is not None and incident.merged_into:
            name = incident.merged_into
        return name
