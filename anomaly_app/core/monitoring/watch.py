"""Decide what a worker logs about its stream, so that nothing fails silently.

One state and one pure step: a batch and the time in, the next state and the lines to log out.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

import msgspec
from msgspec.structs import replace

from anomaly_app.core.monitoring.absences import Absences, AbsenceWatch
from anomaly_app.core.monitoring.rates import MINUTE, AlertRateWatch, RejectedWatch
from anomaly_app.core.monitoring.remedies import list_command
from anomaly_app.core.monitoring.window import NOTHING, Counts
from anomaly_app.core.visible import visible

LONGEST_DETAIL = 240
"""Maximum length of a detail: it comes from the stream and may be anything."""


class Letter(NamedTuple):
    """A record that went to the dead letters."""

    reason: str
    """The value of a `Rejection`."""
    topic: str
    partition: int
    offset: int
    detail: str
    """What was found; may hold any characters."""


class Batch(NamedTuple):
    """The results for some records; an empty one only lets time pass."""

    scored: int = 0
    anomalies: int = 0
    rejected: Sequence[Letter] = ()
    """Dead letters of records that were to be scored."""
    others: Sequence[Letter] = ()
    """Dead letters of other topics, which do not count in the share of rejected records."""
    absences: Absences = Absences()
    """Fields missing from the scored records."""


class Unreported(NamedTuple):
    """Dead letters of one reason that have not been logged yet."""

    number: int
    example: Letter
    """The first of them."""


class Watch(msgspec.Struct, frozen=True):
    """What has been seen and logged; see `step`.

    Parameters
    ----------
    unreported
        Dead letters that have not been logged yet, by reason.
    reported_at
        Time of the last line of each reason, in seconds.
    rejected
        The share of rejected records.
    alerts
        The share of anomalies.
    absences
        The share of each feature's absence.
    """

    unreported: Mapping[str, Unreported] = {}
    reported_at: Mapping[str, float] = {}
    rejected: RejectedWatch = RejectedWatch()
    alerts: AlertRateWatch = AlertRateWatch()
    absences: AbsenceWatch = AbsenceWatch()

    @property
    def advice(self) -> list[str]:
        """What is wrong with the stream now, and what to do; never includes values of records."""
        found = [
            self.rejected.advice,
            self.alerts.none,
            self.alerts.many,
            self.absences.advice,
        ]
        return [line for line in found if line is not None]


def step(watch: Watch, batch: Batch, now: float) -> tuple[Watch, list[str]]:
    """Take in a batch, or the passing of time.

    Dead letters of a reason are logged at once, and then once a minute as long as there are more;
    each of them is counted in exactly one line.

    Parameters
    ----------
    watch
        The previous state.
    batch
        The results for some records.
    now
        Seconds of any monotonic clock.
    """
    kinds: Mapping[str, int] = NOTHING
    if batch.rejected or batch.others:
        watch = replace(watch, unreported=_add(watch.unreported, [*batch.rejected, *batch.others]))
        kinds = Counter(letter.reason for letter in batch.rejected)
    watch, lines = _report(watch, now, pause=MINUTE)
    judged = batch.scored + len(batch.rejected)
    rejected, too_many = watch.rejected.step(Counts(judged, len(batch.rejected), kinds), now)
    alerts, odd = watch.alerts.step(Counts(batch.scored, batch.anomalies), now)
    absences, absent = watch.absences.step(batch.absences, now)
    lines += [line for line in (too_many, odd, absent) if line is not None]
    return replace(watch, rejected=rejected, alerts=alerts, absences=absences), lines


def finish(watch: Watch, now: float) -> tuple[Watch, list[str]]:
    """Return the lines that are still held back, when the worker stops."""
    return _report(watch, now, pause=0.0)


def _add(
    unreported: Mapping[str, Unreported], letters: Sequence[Letter]
) -> Mapping[str, Unreported]:
    if not letters:
        return unreported
    added = dict(unreported)
    for letter in letters:
        before = added.get(letter.reason)
        added[letter.reason] = (
            Unreported(before.number + 1, before.example) if before else Unreported(1, letter)
        )
    return added


def _report(watch: Watch, now: float, *, pause: float) -> tuple[Watch, list[str]]:
    if not watch.unreported:
        return watch, []
    due = {
        reason: unreported
        for reason, unreported in watch.unreported.items()
        if reason not in watch.reported_at or now - watch.reported_at[reason] >= pause
    }
    if not due:
        return watch, []
    lines = [
        _line(unreported, first=reason not in watch.reported_at)
        for reason, unreported in due.items()
    ]
    left = {
        reason: unreported for reason, unreported in watch.unreported.items() if reason not in due
    }
    reported_at = {**watch.reported_at, **dict.fromkeys(due, now)}
    return replace(watch, unreported=left, reported_at=reported_at), lines


def _line(unreported: Unreported, *, first: bool) -> str:
    number = unreported.number
    reason, topic, partition, offset, detail = unreported.example
    return (
        f"{number:,} {'' if first else 'more '}dead letter{'s'[: number - 1]}, "
        f"{reason}: for example {topic} partition {partition} offset {offset}, "
        f"{visible(detail, LONGEST_DETAIL)}; "
        f"see them with {list_command(reason)}"
    )
