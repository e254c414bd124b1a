"""Inputs and outputs of one run of a system."""

from dataclasses import dataclass
from pathlib import Path

QUIET = dict.fromkeys(("SLACK_API_TOKEN", "SLACK_API_TOKEN_FILE", "SLACK_CHANNEL"), "")
"""Environment that keeps benchmarks from posting to Slack."""


@dataclass(frozen=True)
class Wiring:
    """Inputs and outputs of one run of a system.

    Parameters
    ----------
    servers
        Bootstrap servers, ``host:port``.
    topic, anomalies
        Topics of records and of anomalies.
    group
        Consumer group, new for every run.
    partitions
        Number of partitions of both topics.
    model, forest
        Artifact of the app, and the forest alone for the others.
    faust
        Faust executable in the environment of the app.
    folder
        Folder for logs.
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
        """Topic of dead letters of the app; empty here."""
        return f"{self.anomalies}-dlq"

    @property
    def peer_environment(self) -> dict[str, str]:
        """Environment of the other systems."""
        return {
            "BENCH_BROKER": self.servers,
            "BENCH_TOPIC": self.topic,
            "BENCH_ANOMALIES": self.anomalies,
            "BENCH_GROUP": self.group,
            "BENCH_PARTITIONS": str(self.partitions),
            "BENCH_FOREST": str(self.forest),
            "BENCH_FOLDER": str(self.folder),
        }

    @property
    def app_environment(self) -> dict[str, str]:
        """Environment of the app: the default settings, except for names and addresses."""
        # The embedded broker makes the first member of a group wait half the session timeout.
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
