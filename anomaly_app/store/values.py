"""Values from messages as any database takes them."""

import math
from datetime import UTC, datetime, timedelta

from anomaly_app.core.times import EARLIEST, LATEST, parse_time
from anomaly_app.errors import RecordRejected

LONGEST_NAME = 300
"""Characters of what is looked up by an index, which has a limit of bytes in PostgreSQL."""

LARGEST_INTEGER = 2**63 - 1

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def plain(text: str) -> str:
    """Return a text without the characters that a database may refuse.

    PostgreSQL takes no NUL, and half of a pair of surrogates is no text in UTF-8.
    """
    text = text.replace("\0", "\ufffd")
    return text if text.isascii() else text.encode(errors="replace").decode()


def name(text: str, most: int = LONGEST_NAME) -> str:
    """Return a text that can be looked up: what is longer is cut."""
    return plain(text[:most])


def optional_name(text: str | None) -> str | None:
    """Return a name; None if there is none."""
    return None if text is None else name(text)


def id_name(value: str | float | None) -> str | None:
    """Return the id of a transaction as it is written in labels: 7 for 7.0."""
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return None if value is None else name(str(value))


def moment(seconds: float) -> datetime:
    """Return a time in UTC, to the microsecond, and not before 1970 or after 2099.

    Parameters
    ----------
    seconds
        Since the epoch; anybody may have written it.
    """
    kept = min(max(seconds, EARLIEST), LATEST) if math.isfinite(seconds) else EARLIEST
    # Not `fromtimestamp`, whose rounding differs from that of the time's text.
    return EPOCH + timedelta(microseconds=round(kept * 1e6))


def moment_of(text: str | None) -> datetime | None:
    """Return the time that a text says; None if it says none."""
    if text is None:
        return None
    if text.endswith("Z") and text.startswith("20"):
        # As this app writes it: without the search for other formats.
        try:
            return datetime.fromisoformat(text)
        except ValueError:
            pass
    try:
        return moment(parse_time(text))
    except RecordRejected:
        return None


def integer(number: int) -> int:
    """Return a number of 64 bits."""
    return min(max(number, -LARGEST_INTEGER), LARGEST_INTEGER)
