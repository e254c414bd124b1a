"""The core of the alerts with a clock that its entries set, and receivers that take all at once."""

from collections.abc import Callable, Iterator

from anomaly_app.core.alerts.delivering import notice_of, outbox
from anomaly_app.core.alerts.log import Entry, Outcome, Sampled, Tick
from anomaly_app.core.alerts.log import Sample as SampleEntry
from anomaly_app.core.alerts.notice import Notice
from anomaly_app.core.alerts.policy import Budget, Policy, Route
from anomaly_app.core.alerts.sighting import Origin, fields_of, sighting_of
from anomaly_app.core.alerts.state import State
from anomaly_app.core.alerts.step import step
from anomaly_app.core.scoring.anomaly import read_anomaly
from benchmarks.alerts.stream import DAY, Stream

RECEIVER = "team"


class Replaying:
    """A replay, as far as it has got.

    Parameters
    ----------
    policy
        The policy; it has one receiver, `RECEIVER`.
    take
        Called with the time and each notice.
    state
        Where the replay begins; None: with nothing.
    """

    def __init__(
        self, policy: Policy, take: Callable[[float, Notice], None], state: State | None = None
    ) -> None:
        self.state = State() if state is None else state
        self._policy = policy
        self._take = take

    def wait_until(self, at: float) -> None:
        """Let time pass, in seconds since the epoch."""
        while (due := self.state.next_deadline(self._policy)) is not None and due <= at:
            self.apply(Tick(), due)

    def apply(self, entry: Entry, at: float) -> None:
        """Apply an entry, and deliver what is due by it."""
        self._step(entry, at)
        for delivery in outbox(self.state, RECEIVER):
            notice = notice_of(self.state, delivery)
            self._take(at, notice)
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

    def _step(self, entry: Entry, at: float) -> None:
        step(self.state, self.state.next, entry, at, self._policy)


def policy_with(messages: int) -> Policy:
    """Return the policy with all its defaults but the budget, of so many messages a day."""
    return Policy(
        receivers={RECEIVER: Budget(messages, DAY)}, routes=(Route(receivers=(RECEIVER,)),)
    )


def entries(stream: Stream) -> Iterator[tuple[float, Entry]]:
    """Yield the entries of the log with their times: anomalies, and samples of the traffic.

    An anomaly's offset is its place in the stream.
    """
    samples = iter(stream.samples)
    sample = next(samples, None)
    for place, arrival in enumerate(stream.arrivals):
        while sample is not None and sample.at <= arrival.at:
            taken = (Sampled(name, fields_of(value, name)) for name, value in sample.transactions)
            yield sample.at, SampleEntry((*taken,))
            sample = next(samples, None)
        anomaly = read_anomaly(arrival.value)
        yield arrival.at, sighting_of(anomaly, Origin("anomalies", 0, place))
