"""Everything that is remembered of anomalies, incidents and what was told: one state."""

import heapq
import math
from collections import OrderedDict
from collections.abc import Iterator

import msgspec

from anomaly_app.core.alerts.background import Background
from anomaly_app.core.alerts.incident import Incident, Kind
from anomaly_app.core.alerts.keys import Key, Seen
from anomaly_app.core.alerts.ledger import Ledger
from anomaly_app.core.alerts.notice import Digest, Note
from anomaly_app.core.alerts.policy import Policy
from anomaly_app.core.alerts.read_so_far import ReadSoFar
from anomaly_app.core.alerts.recent import Recent
from anomaly_app.core.alerts.regime import RegimeState
from anomaly_app.core.alerts.silencing import ActiveSilence
from anomaly_app.core.alerts.told import Told
from anomaly_app.errors import ImageCorrupt

FORMAT = 2
"""Number of the meaning of the state: images of another one are refused."""

MOST_MEASURED = 1_000

MOST_IDS = 16_384
"""Ids that are remembered to tell repeats: scoring sends anomalies again after a crash."""


class Post(msgspec.Struct, array_like=True):
    """A digest or a note that a receiver does not have yet."""

    receiver: str
    made_at: float
    offset: int
    """On the log, at which it was made."""
    subject: Digest | Note


class Stored(msgspec.Struct, array_like=True):
    """The state in an image."""

    format: int
    now: float
    next: int
    read: dict[str, ReadSoFar]
    ids: list[str]
    incidents: list[Incident]
    seen: list[Seen]
    background: Background
    ledgers: dict[str, Ledger]
    regime: RegimeState
    silences: dict[str, ActiveSilence]
    posts: dict[str, Post]
    numbered: int
    measured: list[str]
    told_reasons: dict[tuple[str, ...], tuple[float, str]]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Stored).decode


class State:
    """The state of the alerts; it is changed by `step` alone."""

    def __init__(self) -> None:
        self.now = 0.0
        """Seconds since the epoch: the time of the last entry of the log."""
        self.next = 0
        """Offset of the next entry."""
        self.read: dict[str, ReadSoFar] = {}
        """What was read of each partition of the anomalies topic."""
        self.ids: OrderedDict[str, None] = OrderedDict()
        """Ids of the latest anomalies, the oldest first."""
        self.incidents: dict[str, Incident] = {}
        """Open ones, and those that may be opened or answered again, by id."""
        self.recent = Recent()
        self.told_reasons: dict[tuple[str, ...], tuple[float, str]] = {}
        """When a receiver was last told of an incident, and of which, by its reason."""
        self.measured: set[str] = set()
        """Names of fields whose values are measured, as far as anomalies have shown."""
        self.background = Background()
        self.ledgers: dict[str, Ledger] = {}
        """By receiver."""
        self.regime = RegimeState()
        self.silences: dict[str, ActiveSilence] = {}
        self.posts: dict[str, Post] = {}
        """Digests and notes that are not delivered, by id."""
        self.numbered = 0
        """How many there were."""
        self.groups: dict[tuple[str, ...], str] = {}
        """The latest incident of each group."""
        self.shared: dict[Key, str] = {}
        """The latest incident of each reason and value of a field."""
        self._deadlines: list[tuple[float, str]] = []

    def schedule(self, at: float, incident: str) -> None:
        """Look at an incident again at a time, or earlier if that was said before."""
        found = self.incidents.get(incident)
        if found is not None and at < found.due:
            found.due = at
            heapq.heappush(self._deadlines, (at, incident))

    def next_deadline(self, policy: Policy) -> float | None:
        """Return when something has to be looked at again; None if nothing has."""
        times = [ledger.digest_at for ledger in self.ledgers.values() if ledger.digest_at]
        times += [active.next_look(policy.warn_before) for active in self.silences.values()]
        if self._deadlines:
            times.append(self._deadlines[0][0])
        return min(times, default=None)

    def due(self, now: float) -> Iterator[Incident]:
        """Take the incidents that have to be looked at by now."""
        while self._deadlines and self._deadlines[0][0] <= now:
            at, name = heapq.heappop(self._deadlines)
            found = self.incidents.get(name)
            if found is not None and found.due == at:
                found.due = math.inf
                yield found

    def is_new(self, anomaly_id: str) -> bool:
        """Remember an id; return whether it was not remembered before."""
        if anomaly_id in self.ids:
            return False
        self.ids[anomaly_id] = None
        if len(self.ids) > MOST_IDS:
            self.ids.popitem(last=False)
        return True

    def told(self, incident: Incident, receiver: str) -> Told:
        """Return what a receiver was told of an incident."""
        return incident.told.setdefault(receiver, Told())

    def is_to_be_told(self, incident: Incident) -> bool:
        """Whether a receiver does not have yet what it has to be told of an incident."""
        is_pending = any(told.is_pending for told in incident.told.values())
        return is_pending or any(incident.id in one.waiting for one in self.ledgers.values())

    def make_room(self) -> bool:
        """Forget the tenth of the incidents that ended first; return whether there were any."""
        over = [one for one in self.incidents.values() if not one.is_open]
        over = [one for one in over if not self.is_to_be_told(one)]
        over.sort(key=lambda one: (one.resolved or 0.0, one.opened_at))
        for one in over[: max(len(self.incidents) // 10, 1)]:
            self.forget(one)
        return bool(over)

    def index(self, incident: Incident) -> None:
        """Note what an incident's members share."""
        for key in incident.keys:
            before = self.incidents.get(self.shared.get(Key(*key), ""))
            if before is not None and before is not incident:
                before.keys = [other for other in before.keys if tuple(other) != tuple(key)]
            self.shared[Key(*key)] = incident.id
        if incident.kind == Kind.ENTITY:
            self.groups[incident.key] = incident.id

    def forget(self, incident: Incident) -> None:
        """Drop an incident."""
        self.incidents.pop(incident.id, None)
        self.unindex(incident)

    def unindex(self, incident: Incident) -> None:
        """No anomaly joins the incident any more."""
        for key in incident.keys:
            if self.shared.get(Key(*key)) == incident.id:
                del self.shared[Key(*key)]
        if self.groups.get(incident.key) == incident.id:
            del self.groups[incident.key]

    def to_bytes(self) -> bytes:
        """Return the state as an image."""
        return _encode(
            Stored(
                FORMAT,
                self.now,
                self.next,
                self.read,
                [*self.ids],
                [*self.incidents.values()],
                [*self.recent.seen],
                self.background,
                self.ledgers,
                self.regime,
                self.silences,
                self.posts,
                self.numbered,
                sorted(self.measured),
                self.told_reasons,
            )
        )

    @classmethod
    def from_bytes(cls, image: bytes) -> "State":
        """Read an image.

        Raises
        ------
        ImageCorrupt
            It is none, or one of another format.
        """
        try:
            stored = _decode(image)
        except (msgspec.DecodeError, RecursionError) as fault:
            raise ImageCorrupt(f"the state of the alerts cannot be read: {fault}") from None
        if stored.format != FORMAT:
            raise ImageCorrupt(f"the state of the alerts has format {stored.format}, not {FORMAT}")
        state = cls()
        state.now, state.next, state.read = stored.now, stored.next, stored.read
        state.ids = OrderedDict.fromkeys(stored.ids)
        state.incidents = {incident.id: incident for incident in stored.incidents}
        state.recent = Recent(stored.seen)
        state.background, state.ledgers = stored.background, stored.ledgers
        state.regime, state.silences, state.posts = stored.regime, stored.silences, stored.posts
        state.numbered, state.measured = stored.numbered, {*stored.measured}
        state.told_reasons = stored.told_reasons
        for incident in stored.incidents:
            if not incident.merged_into:
                state.index(incident)
            if math.isfinite(incident.due):
                heapq.heappush(state._deadlines, (incident.due, incident.id))
        return state
