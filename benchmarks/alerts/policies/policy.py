"""What a policy is: it reads a stream, and decides what people get to read, and when."""

from typing import Literal, NamedTuple, Protocol

from benchmarks.alerts.stream import Stream


class Sent(NamedTuple):
    """Something that people get to read."""

    at: float
    """Seconds since the epoch."""
    kind: Literal["message", "digest"]
    """A message about one incident, or a line in a digest of several."""
    members: tuple[int, ...]
    """Places of the anomalies in the stream's arrivals that its reader learns of by it."""
    incident: str
    """The policy's own name of the group."""


class Policy(Protocol):
    """A way to turn anomalies into messages."""

    @property
    def name(self) -> str:
        """Its name in tables."""
        ...

    def replay(self, stream: Stream) -> list[Sent]:
        """Return what is sent for a stream, in the order of time.

        Parameters
        ----------
        stream
            Causes may not be looked at.
        """
        ...
