"""The policy of this project: incidents, of which a budget of messages tells the strongest."""

from collections.abc import Iterator

from anomaly_app.core.alerts.delivering import Delivery, notice_of, outbox
from anomaly_app.core.alerts.incident import Incident
from anomaly_app.core.alerts.log import Entry, Outcome, Sampled, Tick
from anomaly_app.core.alerts.log import Sample as SampleEntry
from anomaly_app.core.alerts.notice import Digest, IncidentView
from anomaly_app.core.alerts.policy import Budget, Policy, Route
from anomaly_app.core.alerts.sighting import Origin, Sighting, fields_of, sighting_of
from anomaly_app.core.alerts.state import State
from anomaly_app.core.alerts.step import step
from anomaly_app.core.scoring.anomaly import read_anomaly
from benchmarks.alerts.policies.policy import Sent
from benchmarks.alerts.stream import DAY, Stream

RECEIVER = "team"

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
        self._policy = Policy(
            receivers={RECEIVER: Budget(messages, DAY)}, routes=(Route(receivers=(RECEIVER,)),)
        )

    def replay(self, stream: Stream) -> list[Sent]:
        """Return the messages and the lines of digests."""
        replay = _Replay(self._policy)
        for at, entry in _entries(stream):
            replay.wait_until(at)
            replay.apply(entry, at)
        replay.wait_until(stream.begin + stream.days * DAY + AFTERWARDS)
        return replay.sent()


class _Replay:
    def __init__(self, policy: Policy) -> None:
        self._policy = policy
        self._state = State()
        self._offset = 0
        self._homes: list[str] = []
        """The incident that each anomaly was put into when it came."""
        self._known: dict[str, Incident] = {}
        """All incidents, those that the state has forgotten as well."""
        self._told: list[tuple[float, str, str]] = []
        """When, how, and of which incident somebody was told."""

    def wait_until(self, at: float) -> None:
        while (due := self._state.next_deadline(self._policy)) is not None and due <= at:
            self.apply(Tick(), due)

    def apply(self, entry: Entry, at: float) -> None:
        self._step(entry, at)
        if isinstance(entry, Sighting):
            home = self._state.recent.seen[-1].incident
            self._homes.append(home)
            self._known[home] = self._state.incidents[home]
        for delivery in outbox(self._state, RECEIVER):
            self._take(delivery, at)

    def _step(self, entry: Entry, at: float) -> None:
        step(self._state, self._offset, entry, at, self._policy)
        self._offset += 1

    def _take(self, delivery: Delivery, at: float) -> None:
        notice = notice_of(self._state, delivery)
        match notice.subject:
            case IncidentView() if notice.event in {"opened", "repeated"}:
                self._told.append((at, "message", notice.id))
            case Digest() as digest:
                self._told += [(at, "digest", line.incident) for line in digest.lines]
        self._step(
            Outcome(
                receiver=RECEIVER,
                notice=notice.id,
                version=notice.version,
                result="delivered",
                reference="taken",
                changes=len(notice.changes),
            ),
            at,
        )

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


def _entries(stream: Stream) -> Iterator[tuple[float, Entry]]:
    samples = iter(stream.samples)
    sample = next(samples, None)
    for place, arrival in enumerate(stream.arrivals):
        while sample is not None and sample.at <= arrival.at:
            taken = (Sampled(name, fields_of(value, name)) for name, value in sample.transactions)
            yield sample.at, SampleEntry((*taken,))
            sample = next(samples, None)
        anomaly = read_anomaly(arrival.value)
        yield arrival.at, sighting_of(anomaly, Origin("anomalies", 0, place))
