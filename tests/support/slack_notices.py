"""Notices for the tests of Slack, made of a few words."""

from typing import Any

from hypothesis import strategies as st

from anomaly_app.core.alerts.notice import (
    Answer,
    Digest,
    DigestLine,
    Event,
    IncidentView,
    Member,
    Note,
    Notice,
    Row,
    Status,
)

NOON = 1_767_614_400.0
"""2026-01-05 12:00 UTC."""


def member(number: int = 0, **changes: Any) -> Member:
    """Give an anomaly of card-0042, some seconds after noon."""
    fields: dict[str, Any] = {
        "anomaly_id": f"transactions-3-{1042 + number}",
        "entity": "card-0042",
        "time": NOON + 60.0 * number,
        "p_value": 0.0008 / (1 + number),
        "severity": "high",
        "value": 4_210.0 - 300 * number,
    }
    return Member(**(fields | changes))


def incident(count: int = 1, **changes: Any) -> IncidentView:
    """Give an open incident of card-0042 with so many members."""
    fields: dict[str, Any] = {
        "id": "incident-1",
        "title": "card-0042",
        "severity": "high",
        "status": Status.OPEN,
        "grouped_by": "the same entity",
        "opened": NOON,
        "last": NOON + 60.0 * (count - 1),
        "members": count,
        "entities": 1,
        "sample": tuple(member(i) for i in range(min(count, 40))),
        "rows": (
            Row("amount", "4,210", "28.8", 0.7),
            Row("category", "travel", "food", 0.2),
        ),
        "rarity": "about 1 in 1,250 transactions is this unusual",
        "model": "transactions 3",
        "first_source": "transactions partition 3 offset 1042",
        "last_source": f"transactions partition 3 offset {1042 + count - 1}",
        "entity": "card-0042",
        "charted": "amount",
        "expected": 28.8,
        "labels": {"entity": "card-0042", "severity": "high", "feature": "amount"},
    }
    return IncidentView(**(fields | changes))


def notice(subject: IncidentView | Digest | Note | None = None, **changes: Any) -> Notice:
    """Give the first notice of an incident."""
    shown = incident() if subject is None else subject
    fields: dict[str, Any] = {
        "id": shown.id if isinstance(shown, IncidentView) else "digest-1",
        "version": 1,
        "event": Event.OPENED,
        "at": NOON,
        "subject": shown,
    }
    return Notice(**(fields | changes))


def digest(count: int = 2) -> Digest:
    """Give a digest of so many incidents."""
    why = "the budget of 20 messages an hour was spent"
    lines = tuple(
        DigestLine(f"incident-{i}", f"card-{i:04}", "medium", i + 1, why) for i in range(count)
    )
    return Digest(
        begins=NOON, ends=NOON + 3_600, lines=lines[:30], incidents=count, anomalies=5 * count
    )


hostile_texts = st.text(max_size=400) | st.sampled_from(
    [
        "",
        " \n\t ",
        "<!channel> <@U012AB3CD> <https://evil.example|click> @here #general",
        "*bold* _italic_ ~gone~ `code` ```block``` :fire: &amp; > quote",
        "https://evil.example/a?b=c",
        "\u202ereversed\u0000\x1b[2J\x85",
        "\ud800 lonely",
        "\U0001f600" * 5_000,
        "\u0301" * 5_000,
        '"\\' * 5_000,
    ]
)
floats = st.floats(allow_nan=True, allow_infinity=True)
counts = st.integers(-1, 10**18)

members = st.builds(
    Member, hostile_texts, hostile_texts, floats, floats, hostile_texts, st.none() | floats
)
views = st.builds(
    IncidentView,
    id=st.from_regex(r"[A-Za-z0-9-]{1,64}", fullmatch=True),
    title=hostile_texts,
    severity=hostile_texts | st.sampled_from(["critical", "high", "medium"]),
    status=st.sampled_from(Status),
    grouped_by=hostile_texts,
    opened=floats,
    last=floats,
    resolved=st.none() | floats,
    members=counts,
    entities=counts,
    sample=st.lists(members, max_size=40).map(tuple),
    rows=st.lists(
        st.builds(Row, hostile_texts, hostile_texts, hostile_texts, floats), max_size=8
    ).map(tuple),
    rarity=hostile_texts,
    model=hostile_texts,
    first_source=hostile_texts,
    last_source=hostile_texts,
    entity=st.none() | hostile_texts,
    charted=st.none() | hostile_texts,
    expected=st.none() | floats,
    taken_by=st.none() | hostile_texts,
    answers=st.lists(
        st.builds(Answer, hostile_texts | st.just("fraud"), hostile_texts, floats), max_size=8
    ).map(tuple),
    labels=st.dictionaries(hostile_texts, hostile_texts, max_size=10),
)
digests = st.builds(
    Digest,
    begins=floats,
    ends=floats,
    lines=st.lists(
        st.builds(DigestLine, hostile_texts, hostile_texts, hostile_texts, counts, hostile_texts),
        max_size=30,
    ).map(tuple),
    incidents=counts,
    anomalies=counts,
)
notes = st.builds(Note, title=hostile_texts, text=hostile_texts)
notices = st.builds(
    Notice,
    id=st.from_regex(r"[A-Za-z0-9-]{1,64}", fullmatch=True),
    version=st.integers(1, 1_000),
    event=st.sampled_from(Event),
    at=st.floats(0, 4e9),
    subject=views | digests | notes,
    changes=st.lists(hostile_texts, max_size=12).map(tuple),
)
