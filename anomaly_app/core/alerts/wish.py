"""What somebody asks for as a silence, and whether it can be one."""

import math
import re

import msgspec

from anomaly_app.core.alerts.matchers import Matcher
from anomaly_app.core.alerts.silence import Silence
from anomaly_app.core.alerts.text import shortened
from anomaly_app.core.memory.durations import SECOND, duration_of
from anomaly_app.core.times import parse_time
from anomaly_app.core.visible import quoted
from anomaly_app.errors import AlertsRefused, DataError, RecordRejected

LONGEST_SILENCE = 366 * 86_400.0
"""Seconds."""

MOST_MATCHERS = 20
LONGEST_NOTE, LONGEST_USER = 500, 80
NAME = re.compile(r"[A-Za-z0-9-]{1,64}")


class Wish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A silence, as it is asked for over HTTP or on the command line."""

    matchers: tuple[str, ...] = ()
    """Conditions on the incidents that nobody is told of; all must hold."""
    incident: str = ""
    """The only incident that nobody is told of, instead of matchers."""
    duration: str = ""
    """From now on, such as ``2h``."""
    ends: str | float | None = None
    """Instead of a duration: ISO 8601, or seconds since the epoch."""
    note: str = ""
    user: str = ""


def silence_of(wish: Wish, name: str, now: float) -> Silence:
    """Return the silence that is asked for.

    Parameters
    ----------
    wish
        Untrusted.
    name
        Id of the silence.
    now
        Seconds since the epoch.

    Raises
    ------
    AlertsRefused
        It cannot be one; the text is one line.
    """
    try:
        ends = _end_of(wish, now)
    except (DataError, RecordRejected) as fault:
        raise AlertsRefused(str(fault)) from None
    silence = Silence(
        id=name,
        matchers=wish.matchers,
        incident=wish.incident,
        begins=now,
        ends=ends,
        note=shortened(wish.note, LONGEST_NOTE),
        user=shortened(wish.user, LONGEST_USER),
    )
    check_silence(silence)
    if ends <= now:
        raise AlertsRefused("the silence ends before it begins")
    if not silence.note or not silence.user:
        raise AlertsRefused("say why and who: a silence needs a note and a user")
    return silence


def _end_of(wish: Wish, now: float) -> float:
    if bool(wish.duration) == (wish.ends is not None):
        raise AlertsRefused("a silence needs a duration or an end, one of both")
    if wish.ends is None:
        return now + duration_of(wish.duration, "duration") / SECOND
    return parse_time(wish.ends)


def check_silence(silence: Silence) -> None:
    """Check a silence that anybody may have written.

    Raises
    ------
    AlertsRefused
        It would cover everything, or is none.
    """
    if not NAME.fullmatch(silence.id):
        raise AlertsRefused("the id of a silence has 1 to 64 letters, digits and -")
    if bool(silence.matchers) == bool(silence.incident):
        raise AlertsRefused("a silence needs matchers or an incident, one of both")
    if silence.incident and not NAME.fullmatch(silence.incident):
        raise AlertsRefused(f"there is no incident {quoted(silence.incident)}")
    if len(silence.matchers) > MOST_MATCHERS:
        raise AlertsRefused(f"a silence has at most {MOST_MATCHERS} matchers")
    if not all(map(math.isfinite, (silence.begins, silence.ends))):
        raise AlertsRefused("the times of a silence are seconds since the epoch")
    if silence.ends - silence.begins > LONGEST_SILENCE:
        raise AlertsRefused("a silence is at most a year long")
    for text in silence.matchers:
        try:
            Matcher.parse(text)
        except DataError as fault:
            raise AlertsRefused(str(fault)) from None
