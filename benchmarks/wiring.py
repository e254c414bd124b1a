"""What one start of a system reads and writes."""

from dataclasses import dataclass
from pathlib import Path

QUIET = dict.fromkeys(("SLACK_API_TOKEN", "SLACK_API_TOKEN_FILE", "SLACK_CHANNEL"), "")
"""No benchmark posts to Slack, whatever the environment holds."""


@dataclass(frozen=True)
class Wiring:
    """What one start of a system reads and writes.

    Parameters
    ----------
    servers
        Of the broker, ``host:port``.
    topic, anomalies
        Where records come from, and where anomalies go.
    group
        Consumer group, new for every start.
    partitions
        Of both topics.
    model, forest
        The app's artifact, and the bare forest for the peers.
    faust
        Faust's command line, in the app's environment.
    folder
        For logs.
    embedded
        Whether the broker is the embedded one.
    """

    servers: str
    topic: str
    anomalies: str
    group: str
    partitions: int
    model: Path
    forest: Path
    faust: Path
    folder: Path
    embedded: bool

    @property
    def dead_letters(self) -> str:
        """Topic of what the app cannot score: nothing, here."""
        return f"{self.anomalies}-dlq"

    @property
    def peer_environment(self) -> dict[str, str]:
        """Settings of a peer."""
        return {
            "BENCH_BROKER": self.servers,
            "BENCH_TOPIC": self.topic,
            "BENCH_ANOMALIES": self.anomalies,
            "BENCH_GROUP": self.group,
            "BENCH_PARTITIONS": str(self.partitions),
            "BENCH_FOREST": str(self.forest),
        }

    @property
    def app_environment(self) -> dict[str, str]:
        """Settings of the app's worker: the defaults, but for what names the surroundings."""
        # The embedded broker lets a group's first member wait for half of a session's timeout.
        embedded = {"ANOMALY_SESSION_TIMEOUT": "6", "ANOMALY_FETCH_WAIT": "0.02"}
        return {
            "ANOMALY_BROKER": f"kafka://{self.servers}",
            "ANOMALY_GROUP": self.group,
            "ANOMALY_TRANSACTIONS_TOPIC": self.topic,
            "ANOMALY_ANOMALIES_TOPIC": self.anomalies,
            "ANOMALY_DEAD_LETTERS_TOPIC": self.dead_letters,
            "ANOMALY_PARTITIONS": str(self.partitions),
            "ANOMALY_MODEL": str(self.model),
            **(embedded if self.embedded else {}),
            **QUIET,
        }
