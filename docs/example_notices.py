"""The incidents and digests that are drawn for the docs: in the words that the app uses."""

import random
from typing import Any

import msgspec

from anomaly_app.channels.picture import Series
from anomaly_app.core.alerts.notice import (
    Answer,
    Digest,
    DigestLine,
    Event,
    IncidentView,
    Member,
    Notice,
    Row,
    Status,
)

NOON = 1_767_614_400.0
"""2026-01-05 12:00 UTC."""


def incident(**changes: Any) -> IncidentView:
    """Give an incident of one card."""
    amounts = (1_210.0, 2_480.0, 4_210.0)
    members = tuple(
        Member(f"transactions-3-{1042 + i}", "card-0042", NOON + 150 * i, p, "high", amount)
        for i, (amount, p) in enumerate(zip(amounts, (0.0008, 0.0004, 0.0001), strict=True))
    )
    view = IncidentView(
        id="8f14e45fceea167a",
        title="card-0042",
        severity="high",
        status=Status.OPEN,
        grouped_by="the same entity",
        opened=NOON,
        last=NOON + 300,
        members=3,
        entities=1,
        sample=members,
        rows=(
            Row("amount", "1,210 to 4,210", "28.8", 0.71),
            Row("category", "travel", "food", 0.18),
            Row("hour of the day", "12:00 to 12:05", "18:20", 0.08),
        ),
        rarity="about 1 in 10,000 transactions is this unusual",
        model="transactions 3",
        first_source="transactions partition 3 offset 1042",
        last_source="transactions partition 3 offset 1044",
        entity="card-0042",
        charted="amount",
        expected=28.8,
        labels={"entity": "card-0042", "feature": "amount"},
    )
    return msgspec.structs.replace(view, **changes)


def campaign() -> IncidentView:
    """Give an incident of many cards that share a terminal."""
    draw = random.Random(17)  # noqa: S311  # values to look at
    members = tuple(
        Member(
            f"transactions-{i % 8}-{5000 + i}",
            f"card-{draw.randrange(10_000):04}",
            NOON + 9.0 * i,
            10 ** draw.uniform(-6, -3),
            "critical",
            round(draw.uniform(380, 520), 2),
        )
        for i in range(40)
    )
    return incident(
        id="c9f0f895fb98ab91",
        title="200 entities with terminal T-17: amount far above",
        severity="critical",
        grouped_by="the same reason and terminal",
        last=NOON + 360,
        members=214,
        entities=200,
        sample=members,
        rows=(
            Row("amount", "381 to 519", "31", 0.64),
            Row("terminal", "T-17", "T-204", 0.22),
            Row("events in the last hour", "2 to 9", "1", 0.09),
        ),
        rarity="about 1 in 1 million transactions is this unusual",
        last_source="transactions partition 6 offset 9918",
        entity=None,
        expected=31.0,
        labels={"feature": "amount", "terminal": "T-17"},
    )


def answered() -> IncidentView:
    """Give an incident that somebody has taken and answered, and that is over."""
    answers = (Answer("take", "Ada", NOON + 190), Answer("fraud", "Ada", NOON + 700))
    return incident(status=Status.RESOLVED, resolved=NOON + 2_100, taken_by="Ada", answers=answers)


def taken() -> IncidentView:
    """Give an incident that has become critical, and that somebody has taken."""
    return incident(
        severity="critical", taken_by="Ada", answers=(Answer("take", "Ada", NOON + 190),)
    )


def digest() -> Digest:
    """Give the digest of a busy hour: the strongest by themselves, the others by what they are."""
    spent = "the budget of 20 messages in 1 h is spent"
    weaker = "weaker than those above"
    lines = (
        DigestLine("a", "9 entities with app 4.2: distance_km far above", "high", 11, spent),
        DigestLine("b", "card-0815", "high", 4, spent),
        DigestLine("c", "31 entities with terminal T-3: amount far above", "high", 52, SILENCED),
        DigestLine("d", "card-1177", "medium", 1, "medium is below the route's high"),
        DigestLine("", "amount: 38 incidents", "medium", 61, weaker, 38),
        DigestLine("", "events in the last hour: 12 incidents", "medium", 19, weaker, 12),
    )
    return Digest(
        begins=NOON,
        ends=NOON + 3_600,
        lines=lines,
        incidents=sum(line.incidents for line in lines),
        anomalies=sum(line.members for line in lines),
    )


SILENCED = "silenced by Ada: stress test of terminal T-3"


def notice(subject: IncidentView | Digest, *changes: str, version: int = 1) -> Notice:
    """Give a notice about it: the first one, or what has changed."""
    name = subject.id if isinstance(subject, IncidentView) else "digest-1"
    event = Event.CHANGED if changes else Event.OPENED
    return Notice(
        id=name, version=version, event=event, at=NOON + 310, subject=subject, changes=changes
    )


def history() -> Series:
    """Give the card's values of two days before its odd ones, as a memory with values has them."""
    draw = random.Random(42)  # noqa: S311  # values to look at
    usual = [(NOON - 3_600.0 * i, max(draw.gauss(29, 9), 2.0)) for i in range(48, 0, -1)]
    odd = [(member.time, member.value or 0.0) for member in incident().sample]
    times, values = zip(*usual, *odd, strict=True)
    marks = (False,) * len(usual) + (True,) * len(odd)
    return Series("card-0042: amount", times, values, marks, 28.8)
