"""Dead letters for people: three lines each, and a count at the end."""

from collections.abc import Mapping

from anomaly_app.core.visible import visible
from anomaly_app.dead_letters.letter import Letter
from anomaly_app.dead_letters.lines import when

LONGEST_WORD = 60
LONGEST_LINE = 160
"""Characters that are shown of a key or a topic, and of an error or a value."""

INDENT = " " * 12


def heading() -> str:
    """Name the columns."""
    return _columns("PLACE", "WHEN", "REASON", "SOURCE", "KEY")


def rows(letter: Letter, replayed_to: str | None) -> str:
    """Write a letter: where it stands and came from, what is wrong, and how its value begins.

    Parameters
    ----------
    letter
        Whatever it holds, only printable characters are shown.
    replayed_to
        Where it was replayed to, if it was.
    """
    first = _columns(
        str(letter.place),
        when(letter) or "unknown",
        visible(letter.reason, LONGEST_WORD),
        f"{visible(letter.topic, LONGEST_WORD)}-{letter.partition}-{letter.offset}",
        "(no key)" if letter.key is None else visible(letter.key, LONGEST_WORD),
    )
    value = "(no value)" if letter.value is None else visible(letter.value, LONGEST_LINE)
    lines = [first, INDENT + visible(letter.detail, LONGEST_LINE), INDENT + value]
    if replayed_to is not None:
        lines.append(f"{INDENT}replayed to {visible(replayed_to, LONGEST_WORD)}")
    return "\n".join(lines)


def count_by_reason(counts: Mapping[str, int]) -> str:
    """Write counts as ``2 not-json, 1 too-large``, the most frequent first."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    return ", ".join(f"{count:,} {visible(reason, LONGEST_WORD)}" for reason, count in ordered)


def _columns(place: str, time: str, reason: str, source: str, key: str) -> str:
    return f"{place:<10}  {time:<24}  {reason:<13}  {source:<20}  {key}".rstrip()
