"""One message for each anomaly: what the app did before."""

from benchmarks.alerts.policies.policy import Sent
from benchmarks.alerts.stream import Stream


class OneEach:
    """Sends everything at once."""

    name = "one each"

    def replay(self, stream: Stream) -> list[Sent]:
        """Return a message for each anomaly."""
        return [
            Sent(arrival.at, "message", (place,), str(place))
            for place, arrival in enumerate(stream.arrivals)
        ]
