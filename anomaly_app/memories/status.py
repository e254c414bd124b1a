"""The lines of `memory status`: one for each partition, and one for each that would be refused."""

from collections.abc import Sequence
from typing import Any

from anomaly_app.kafka.changelog.plan import Plan
from anomaly_app.memories.survey import Surveyed

HEADINGS = (
    *("PARTITION", "COMMITTED", "SAFE", "TO REPLAY", "LAG", "BLOCKS", "ENTITIES", "BYTES"),
    *("WRITTEN", "EPOCH", "OWNER"),
)

MINUTE, HOUR, DAY = 60, 3_600, 86_400


def status_of(found: Surveyed, now: float) -> dict[str, Any]:
    """Return what is known of a partition, as JSON-compatible values.

    Parameters
    ----------
    found
        The partition.
    now
        Seconds since the epoch.
    """
    manifest, written_at = found.published.manifest, found.published.written_at
    committed, outlook = found.log.committed, found.outlook
    return {
        "topic": found.source.topic,
        "partition": found.partition,
        "key": found.source.name,
        "committed": committed,
        "safe_offset": manifest and manifest.safe,
        "to_replay": max(outlook.end - outlook.start, 0) if isinstance(outlook, Plan) else None,
        "lag": found.log.ends - found.log.target,
        "blocks": manifest and len(manifest.images),
        "entities": manifest and manifest.entities,
        "image_bytes": manifest and sum(image.size for image in manifest.images),
        "written_seconds_ago": None if written_at is None else max(now - written_at / 1000, 0.0),
        "epoch": manifest and manifest.epoch,
        "owner": manifest and manifest.owner,
        "refused": found.refusal,
    }


def status_lines(statuses: Sequence[dict[str, Any]]) -> list[str]:
    """Format statuses as a table, and the refusals below it."""
    rows = [HEADINGS, *(_row(status) for status in statuses)]
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = [
        "  ".join(
            cell.ljust(width) if place in {0, len(row) - 1} else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]
    return lines + [status["refused"] for status in statuses if status["refused"]]


def _row(status: dict[str, Any]) -> tuple[str, ...]:
    numbers = [
        status[name]
        for name in (
            *("committed", "safe_offset", "to_replay", "lag"),
            *("blocks", "entities", "image_bytes"),
        )
    ]
    return (
        f"{status['topic']}-{status['partition']}",
        *("-" if number is None else f"{number:,}" for number in numbers),
        _age(status["written_seconds_ago"]),
        "-" if status["epoch"] is None else str(status["epoch"]),
        status["owner"] or "-",
    )


def _age(seconds: float | None) -> str:
    if seconds is None:
        return "never"
    for unit, name in ((DAY, "d"), (HOUR, "h"), (MINUTE, "min")):
        if seconds >= unit:
            return f"{seconds / unit:.0f} {name} ago"
    return f"{seconds:.0f} s ago"
