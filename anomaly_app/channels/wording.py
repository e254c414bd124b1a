"""A notice in words, for channels that show text: e-mail, the log, PagerDuty, Apprise.

Texts come from the stream and from people: here they become short and printable, on one line each.
What a channel takes as markup is escaped by that channel.
"""

from datetime import UTC, datetime
from typing import NamedTuple

from anomaly_app.core.alerts.notice import Digest, Event, IncidentView, Note, Notice
from anomaly_app.core.times import iso_time
from anomaly_app.core.visible import printable
from anomaly_app.core.wording import percent

LONGEST_TITLE, LONGEST_WORD, LONGEST_LINE = 120, 80, 300
"""Characters of a title, of a value, and of a sentence."""

MOST_CHANGES, MOST_ANSWERS, MOST_ROWS = 10, 5, 10

LONGEST_NOTE = 2_000

ANSWERS = {
    "fraud": "said to be fraud",
    "expected": "said to be expected",
    "take": "taken",
    "silence": "silenced",
}
"""What people do, as it is told."""


class Words(NamedTuple):
    """What a person reads, the most important first."""

    headline: str
    changes: tuple[str, ...] = ()
    """Sentences about what is new."""
    facts: tuple[tuple[str, str], ...] = ()
    """Names and values."""
    columns: tuple[str, ...] = ()
    """Heads of the table's columns."""
    rows: tuple[tuple[str, ...], ...] = ()
    """Lines of the table; empty if there is none."""
    origin: tuple[tuple[str, str], ...] = ()
    """Where it comes from: the model, and records in Kafka."""


def words_of(notice: Notice) -> Words:
    """Put a notice into words."""
    match notice.subject:
        case IncidentView() as view:
            return _incident(notice, view)
        case Digest() as digest:
            return _digest(digest)
        case Note() as note:
            return Words(
                printable(note.title, LONGEST_TITLE), (printable(note.text, LONGEST_NOTE),)
            )


def one_line(notice: Notice) -> str:
    """Return a notice as one line of plain text, for logs."""
    words = words_of(notice)
    view = notice.subject
    if not isinstance(view, IncidentView):
        rows = (": ".join(row[:2]) for row in words.rows)
        return " | ".join((words.headline, *words.changes, *rows))
    reasons = (
        f"{feature} is {actual}, usually {expected} ({share})"
        for feature, actual, expected, share in words.rows[:3]
    )
    return " | ".join(
        (
            f"{words.headline} at {moment(view.last)}",
            f"{notice.event}, {_members(view)}",
            *words.changes,
            printable(view.rarity, LONGEST_LINE),
            *reasons,
            printable(view.last_source, LONGEST_LINE),
            f"incident {printable(notice.id, LONGEST_WORD)}",
        )
    )


def as_text(words: Words) -> str:
    """Return words as lines of plain text, with the table in columns."""
    parts = [words.headline, "\n".join(f"* {change}" for change in words.changes)]
    parts.append(_in_columns([(f"{name}:", value) for name, value in words.facts]))
    parts.append(_in_columns([words.columns, *words.rows] if words.rows else []))
    parts.append("\n".join(f"{name}: {value}" for name, value in words.origin))
    return "\n\n".join(part for part in parts if part) + "\n"


def moment(seconds: float) -> str:
    """Format seconds since the epoch in UTC; a time beyond the calendar is not shown."""
    try:
        return f"{datetime.fromtimestamp(seconds, tz=UTC):%Y-%m-%d %H:%M:%S} UTC"
    except (ValueError, OverflowError, OSError):
        return "an unknown time"


def iso(seconds: float) -> str:
    """Format seconds since the epoch as ISO 8601 in UTC; a time beyond the calendar as 1970."""
    try:
        return iso_time(seconds)
    except (ValueError, OverflowError, OSError):
        return iso_time(0.0)


def title_of(notice: Notice) -> str:
    """Return what a notice is about, whatever has changed: the subject of a thread."""
    match notice.subject:
        case IncidentView(title=title):
            return f"Anomaly: {printable(title, LONGEST_TITLE)}"
        case Digest() as digest:
            return f"Anomalies: digest of {moment(digest.ends)[:16]}"
        case Note(title=title):
            return f"Anomalies: {printable(title, LONGEST_TITLE)}"


def _incident(notice: Notice, view: IncidentView) -> Words:
    title = printable(view.title, LONGEST_TITLE)
    severity = printable(view.severity, LONGEST_WORD)
    headline = f"{severity.capitalize()} anomaly: {title}"
    if not view.is_open:
        headline = f"Resolved: {title} (it was {severity})"
    elif notice.event == Event.REPEATED:
        headline = f"Still open: {title} ({severity})"
    return Words(
        headline=headline,
        changes=tuple(printable(one, LONGEST_LINE) for one in notice.changes[:MOST_CHANGES]),
        facts=(
            ("Status", _status(view)),
            ("Anomalies", _members(view)),
            *_more_than_one(view),
            ("How rare", printable(view.rarity, LONGEST_LINE)),
            *(("Answer", _answer(*answer)) for answer in _answers(view)),
        ),
        columns=("What", "Actual", "Expected", "Share"),
        rows=tuple(
            (
                printable(row.feature, LONGEST_WORD),
                printable(row.actual, LONGEST_WORD),
                printable(row.expected, LONGEST_WORD),
                percent(row.share),
            )
            for row in view.rows[:MOST_ROWS]
        ),
        origin=(
            ("Model", printable(view.model, LONGEST_LINE)),
            ("First record", printable(view.first_source, LONGEST_LINE)),
            ("Last record", printable(view.last_source, LONGEST_LINE)),
            ("Incident", printable(notice.id, LONGEST_WORD)),
        ),
    )


def _status(view: IncidentView) -> str:
    if not view.is_open:
        ended = view.resolved if view.resolved is not None else view.last
        return f"resolved at {moment(ended)}"
    if view.taken_by is not None:
        return f"open, taken by {printable(view.taken_by, LONGEST_WORD)}"
    return "open"


def _members(view: IncidentView) -> str:
    anomalies = "1 anomaly" if view.members == 1 else f"{view.members:,} anomalies"
    return f"{anomalies} of {view.entities:,} entities" if view.entities > 1 else anomalies


def _more_than_one(view: IncidentView) -> tuple[tuple[str, str], ...]:
    """Return what is of interest if there are several anomalies, and when they came."""
    if view.members == 1:
        return (("When", moment(view.opened)),)
    together = printable(view.grouped_by, LONGEST_LINE)
    return (("Together by", together), ("When", _span(view.opened, view.last)))


def _span(begins: float, ends: float) -> str:
    """Format two times, with the day once if it is the same."""
    first, last = moment(begins).removesuffix(" UTC"), moment(ends)
    day = len("2026-01-05 ")
    return f"{first} to {last[day:] if last[:day] == first[:day] else last}"


def _answers(view: IncidentView) -> list[tuple[str, str, float]]:
    return [(one.action, one.user, one.at) for one in view.answers[-MOST_ANSWERS:]]


def _answer(action: str, user: str, at: float) -> str:
    done = ANSWERS.get(action, printable(action, LONGEST_WORD))
    return f"{done} by {printable(user, LONGEST_WORD)}, {moment(at)}"


def _digest(digest: Digest) -> Words:
    incidents = "1 incident" if digest.incidents == 1 else f"{digest.incidents:,} incidents"
    return Words(
        headline=f"{incidents} without a message",
        facts=(
            ("When", _span(digest.begins, digest.ends)),
            ("Anomalies", f"{digest.anomalies:,}"),
        ),
        columns=("Incident", "Severity", "Anomalies", "Why no message"),
        rows=tuple(
            (
                printable(line.title, LONGEST_TITLE),
                printable(line.severity, LONGEST_WORD),
                f"{line.members:,}",
                printable(line.why, LONGEST_LINE),
            )
            for line in digest.lines
        ),
    )


def _in_columns(rows: list[tuple[str, ...]]) -> str:
    if not rows:
        return ""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
    return "\n".join(lines)
