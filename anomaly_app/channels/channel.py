"""The protocol of a channel: one attempt to deliver a notice."""

from collections.abc import Awaitable, Callable
from typing import NamedTuple, Protocol

from anomaly_app.core.alerts.notice import Notice


async def always() -> bool:
    """Return that nobody else delivers."""
    return True


class Place(NamedTuple):
    """What is known of earlier deliveries about the same thing to the same receiver."""

    reference: str | None = None
    """What the channel returned then, such as the timestamp of a Slack message."""
    is_uncertain: bool = False
    """Whether this very notice may have been delivered before, by a worker that died since. A
    channel that can look it up does so before it delivers again."""
    settles_in: float = 0.0
    """Seconds until what that worker may have begun is surely to be seen."""
    is_ours: Callable[[], Awaitable[bool]] = always
    """Whether it is still for this worker to deliver. A channel that looks up first asks before it
    writes: another worker may have begun meanwhile."""
    group: str = ""
    """The consumer group: incidents of another one may have the same ids."""

    def name_of(self, notice: Notice) -> str:
        """Return what all notices about the same thing, and no others, have as a name."""
        return f"{self.group}.{notice.id}" if self.group else notice.id


class Delivered(NamedTuple):
    """The receiver has it."""

    reference: str | None = None
    """For later notices about the same thing; at most 500 characters."""


class Refused(NamedTuple):
    """The receiver will never take this notice: trying again is of no use."""

    why: str


class Later(NamedTuple):
    """The receiver cannot take it now."""

    why: str
    pause: float | None = None
    """Seconds that it asked to wait; None if it did not say."""


class Channel(Protocol):
    """Delivers notices to one receiver, one after the other."""

    async def deliver(self, notice: Notice, place: Place) -> Delivered | Refused | Later:
        """Try once to deliver a notice; failures of the other side are returned, not raised.

        It takes at most some seconds, since a worker that stops waits for it.
        """

    async def close(self) -> None:
        """Release connections."""
