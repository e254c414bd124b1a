"""A timeline of the alerts: entries of the log at fixed times, and what receivers get."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from anomaly_app.core.alerts.delivering import Delivery, notice_of, outbox
from anomaly_app.core.alerts.effects import Effect, Joined
from anomaly_app.core.alerts.log import Entry, Outcome, Tick
from anomaly_app.core.alerts.notice import Digest, IncidentView, Notice
from anomaly_app.core.alerts.policy import Budget, Policy, Route
from anomaly_app.core.alerts.sighting import Cause, Origin, Sighting
from anomaly_app.core.alerts.state import State
from anomaly_app.core.alerts.step import step

NOON = 1_767_700_800.0
"""2026-01-06T12:00Z."""

ONE = "team"


def policy(**changes: Any) -> Policy:
    """A policy with one receiver."""
    usual: dict[str, Any] = {"receivers": {ONE: Budget()}, "routes": (Route(receivers=(ONE,)),)}
    return Policy(**(usual | changes))


def sighting(
    entity: str = "card-1",
    *,
    number: int = 0,
    rarity: float = 0.5,
    feature: str = "amount",
    value: float = 950.0,
    expected: float = 20.0,
    partition: int = 0,
    **fields: str,
) -> Sighting:
    """An anomaly; its number is its offset on the anomalies topic."""
    return Sighting(
        origin=Origin("anomalies", partition, number),
        id=f"transactions-{partition}-{number}",
        entity=entity,
        time=NOON + number,
        p_value=rarity / 1000.0,
        rarity=rarity,
        severity="medium",
        causes=(Cause(feature, "above" if value >= expected else "below", value, expected, 0.8),),
        model="transactions 1",
        fields=fields,
    )


class Got(NamedTuple):
    """A notice that a receiver has got."""

    receiver: str
    notice: Notice


@dataclass
class Timeline:
    """Applies entries, and delivers what is due after each, unless receivers are down."""

    policy: Policy = field(default_factory=policy)
    state: State = field(default_factory=State)
    now: float = NOON
    offset: int = 0
    numbered: int = 0
    down: set[str] = field(default_factory=set)
    refusing: set[str] = field(default_factory=set)
    got: list[Got] = field(default_factory=list)
    at: list[float] = field(default_factory=list)
    effects: list[Effect] = field(default_factory=list)

    def apply(self, entry: Entry) -> None:
        """Apply an entry now."""
        self.effects += step(self.state, self.offset, entry, self.now, self.policy)
        self.offset += 1
        self.deliver()

    def see(self, entity: str = "card-1", **about: Any) -> None:
        """An anomaly comes."""
        self.apply(sighting(entity, number=self.numbered, **about))
        self.numbered += 1

    def wait(self, seconds: float) -> None:
        """Let time pass, as the owner of the log does: with a tick for whatever is due."""
        end = self.now + seconds
        while (due := self.state.next_deadline(self.policy)) is not None and due <= end:
            self.now = max(self.now, due)
            self.apply(Tick())
        self.now = end

    def deliver(self) -> None:
        """Deliver what can be delivered."""
        for receiver in self.policy.receivers:
            if receiver not in self.down:
                for delivery in outbox(self.state, receiver):
                    self.settle(delivery, "refused" if receiver in self.refusing else "delivered")

    def settle(self, delivery: Delivery, result: Any) -> None:
        """Note what became of a delivery."""
        notice = notice_of(self.state, delivery)
        outcome = Outcome(
            receiver=delivery.receiver,
            notice=notice.id,
            version=notice.version,
            result=result,
            reference="message" if result == "delivered" else None,
            changes=len(notice.changes),
        )
        if result == "delivered":
            self.got.append(Got(delivery.receiver, notice))
            self.at.append(self.now)
        self.effects += step(self.state, self.offset, outcome, self.now, self.policy)
        self.offset += 1

    @property
    def joined(self) -> list[Joined]:
        """Which incident each anomaly was added to."""
        return [one for one in self.effects if isinstance(one, Joined)]

    @property
    def messages(self) -> list[Notice]:
        """Notices that people were told by: the first of each incident, and repetitions."""
        return [
            one.notice
            for one in self.got
            if isinstance(one.notice.subject, IncidentView)
            and one.notice.event in {"opened", "repeated"}
        ]

    @property
    def replies(self) -> list[tuple[str, ...]]:
        """The changes that people were told."""
        return [one.notice.changes for one in self.got if one.notice.changes]

    @property
    def digests(self) -> list[Digest]:
        """The digests that were delivered."""
        subjects = [one.notice.subject for one in self.got]
        return [subject for subject in subjects if isinstance(subject, Digest)]


def titles(notices: Sequence[Notice]) -> list[str]:
    """What incidents are about."""
    return [one.subject.title for one in notices if isinstance(one.subject, IncidentView)]
