"""The messages of a demo: who is told, and what was told, as the workers wrote it to a file."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

WAIT = 5.0
"""Seconds for which an incident waits for others before it is told: shorter than usual, because a
demo plays days in a minute."""

MOST_REASONS = 3

NAME = "messages.jsonl"


@dataclass(frozen=True, slots=True)
class Message:
    """A message as people read it.

    Parameters
    ----------
    headline
        What it is about: ``High: card-0042``.
    size
        How large it is, or what has changed.
    details
        Why, one line each.
    severity
        Of its incident; empty if it is about none.
    incident
        Its id; None if the message is about none.
    anomalies
        Ids of some of the incident's anomalies.
    """

    headline: str
    size: str = ""
    details: tuple[str, ...] = ()
    severity: str = ""
    incident: str | None = None
    anomalies: tuple[str, ...] = ()

    @classmethod
    def read(cls, line: bytes) -> Self:
        """Read a line of the file: a notice as JSON, as webhooks get it."""
        notice = json.loads(line)
        data = notice["data"]
        match data["kind"]:
            case "incident":
                state = data["severity"] if data["status"] == "open" else data["status"]
                return cls(
                    f"{state.capitalize()}: {data['title']}",
                    " ".join(notice["changes"]) or _size(data),
                    tuple(_reasons(data)),
                    data["severity"],
                    data["id"],
                    tuple(one["id"] for one in data["sample"]),
                )
            case "digest":
                return cls(
                    f"Digest: {data['incidents']:,} incidents without a message of their own",
                    f"{data['anomalies']:,} anomalies",
                    tuple(f"{one['title']}: {one['why']}" for one in data["lines"][:MOST_REASONS]),
                )
        return cls(data["title"], data["text"])


def _size(data: dict[str, Any]) -> str:
    count = "1 anomaly" if data["anomalies"] == 1 else f"{data['anomalies']:,} anomalies"
    of = f" of {data['entities']:,} entities" if data["entities"] > 1 else ""
    return f"{count}{of}; {data['rarity']}"


def _reasons(data: dict[str, Any]) -> Iterator[str]:
    for one in data["reasons"][:MOST_REASONS]:
        yield f"{one['feature']} is {one['actual']}, usually {one['expected']}"


class MessageFile:
    """The file that the workers of a demo append their messages to.

    Parameters
    ----------
    folder
        Where it is, with the file that names it as the only receiver. What earlier runs have left
        there is removed.
    """

    def __init__(self, folder: Path) -> None:
        self._file = folder.resolve() / NAME
        self._file.unlink(missing_ok=True)
        self._read = 0
        self.alerting = folder.resolve() / "alerting.yml"
        """Says who is told: this file, and none of the user's own receivers."""
        self.alerting.write_text(
            f"receivers:\n  - {{name: demo, type: log, file: {json.dumps(str(self._file))}}}\n"
            f"group: {{wait: {WAIT:.0f}s}}\n"
        )

    def new(self) -> list[Message]:
        """Return what was written since the last time."""
        try:
            with self._file.open("rb") as file:
                file.seek(self._read)
                # A line that is being written is left for the next time.
                lines = file.read().rpartition(b"\n")[0]
        except FileNotFoundError:
            return []
        self._read += len(lines) + bool(lines)
        return [Message.read(line) for line in lines.splitlines()]
