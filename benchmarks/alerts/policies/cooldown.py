"""A fixed cooldown: after a message about an entity, an hour of silence about it."""

from anomaly_app.core.scoring.anomaly import read_anomaly
from benchmarks.alerts.policies.policy import Sent
from benchmarks.alerts.stream import HOUR, Stream


class Cooldown:
    """Sends the first anomaly of an entity, and the first after each pause.

    What comes within the pause is dropped, so that nobody hears of it. An hour is what people
    usually choose; a longer pause has fewer messages and drops more.

    Parameters
    ----------
    pause
        Seconds, from the message on.
    """

    def __init__(self, pause: float = HOUR) -> None:
        self._pause = pause
        self.name = f"cooldown {pause / HOUR:g} h"

    def replay(self, stream: Stream) -> list[Sent]:
        """Return the messages."""
        quiet_until: dict[str | None, float] = {}
        sent = []
        for place, arrival in enumerate(stream.arrivals):
            entity = read_anomaly(arrival.value).entity
            if arrival.at >= quiet_until.get(entity, 0.0):
                quiet_until[entity] = arrival.at + self._pause
                sent.append(Sent(arrival.at, "message", (place,), f"{entity} {place}"))
        return sent
