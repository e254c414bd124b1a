"""Dead letters as a table: the counts by reason, and three lines per letter."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from anomaly_app.core.visible import visible
from anomaly_app.dead_letters.lines import when
from anomaly_app.dead_letters.messages import DeadLetter
from anomaly_app.dead_letters.survey import Count

LONGEST_WORD = 60
LONGEST_LINE = 160
LONGEST_DETAIL = 240
"""Characters shown of a key or a topic, of a value, and of an error."""

MOST_BYTES = 4 * LONGEST_LINE + 4
"""Bytes kept of a value, enough for `LONGEST_LINE` characters of at most 4 bytes each."""

INDENT = " " * 12


def counts_table(counts: Sequence[Count]) -> list[str]:
    """Format how many letters are waiting and how many were replayed, one line per reason."""
    rows = [("WAITING", "REPLAYED", "REASON")]
    rows += [(f"{c.waiting:,}", f"{c.replayed:,}", visible(c.reason, LONGEST_WORD)) for c in counts]
    if len(counts) > 1:
        waiting, replayed = sum(c.waiting for c in counts), sum(c.replayed for c in counts)
        rows.append((f"{waiting:,}", f"{replayed:,}", "(all)"))
    width = max(len(row[0]) for row in rows)
    return [f"{waiting:>{width}}  {replayed:>8}  {reason}" for waiting, replayed, reason in rows]


def heading() -> str:
    """Return the line with the names of the columns."""
    return _columns("PLACE", "WHEN", "REASON", "SOURCE", "KEY")


def rows(letter: DeadLetter, replayed_to: str | None) -> str:
    """Format a letter: its position and source, the error, and the start of its value.

    Parameters
    ----------
    letter
        The letter; unprintable characters are escaped.
    replayed_to
        Where it was replayed to, if it was.
    """
    first = _columns(
        str(letter.position),
        when(letter) or "unknown",
        visible(letter.reason, LONGEST_WORD),
        f"{visible(letter.topic, LONGEST_WORD)}-{letter.partition}-{letter.offset}",
        "(no key)" if letter.key is None else visible(letter.key, LONGEST_WORD),
    )
    value = "(no value)" if letter.value is None else visible(letter.value, LONGEST_LINE)
    lines = [first, INDENT + visible(letter.detail, LONGEST_DETAIL), INDENT + value]
    if replayed_to is not None:
        lines.append(f"{INDENT}replayed to {visible(replayed_to, LONGEST_WORD)}")
    return "\n".join(lines)


def cut(letter: DeadLetter) -> DeadLetter:
    """Reduce a letter to what `rows` shows: a value may have megabytes."""
    return replace(letter, value=letter.value and letter.value[:MOST_BYTES])


def count_by_reason(counts: Mapping[str, int]) -> str:
    """Format counts as ``2 not-json, 1 too-large``, the most frequent first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count:,} {visible(reason, LONGEST_WORD)}" for reason, count in ordered)


def _columns(position: str, time: str, reason: str, source: str, key: str) -> str:
    return f"{position:<10}  {time:<24}  {reason:<13}  {source:<20}  {key}".rstrip()
