"""What to do after a demo: commands for the user's own file and topic."""

import re
import shlex
from pathlib import Path

TOPIC = "TOPIC"
"""Placeholder for a name that only the user knows."""

MODEL = "models/transactions"
"""Where `fit` writes its versions, and a worker looks for them."""


def next_steps(data: Path | None, roles: str, broker: str) -> list[str]:
    """List the commands to run next.

    Parameters
    ----------
    data
        The file that was replayed; None if the traffic was simulated.
    roles
        The roles as the user gave them.
    broker
        The broker that was used, or where one is expected.
    """
    if data is None:
        return [
            "make demo SCENARIO=machines  # or cards, patients, network",
            "make demo DATA=data/airport-weather.csv  # real data, and then your own file",
            "python -m training fit history.csv  # a model from your own file",
            _worker(broker),
        ]
    words = f" --roles {shlex.quote(roles)}" if roles else ""
    return [
        f"python -m training fit {shlex.quote(str(data))}{words}",
        f"python -m training threshold {MODEL} --alerts-per-day 20  # fewer or more alerts",
        _worker(broker),
        f"python -m training fit {_topic(broker)} --last 7d{words}  # from the topic itself",
    ]


def _worker(broker: str) -> str:
    address = shlex.quote(broker)
    return (
        f"ANOMALY_BROKER={address} ANOMALY_TRANSACTIONS_TOPIC={TOPIC} "
        "faust -A anomaly_app.app worker -l info"
    )


def _topic(broker: str) -> str:
    hosts = ",".join(part.strip().removeprefix("kafka://") for part in re.split("[;,]", broker))
    return f"kafka://{hosts}/{TOPIC}"
