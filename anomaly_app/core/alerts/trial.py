"""Notices that try a receiver: a test incident, and its end."""

from msgspec.structs import replace

from anomaly_app.core.alerts.notice import Event, IncidentView, Member, Notice, Row, Status

TITLE = "This is a test of the alerts"


def trial_notices(name: str, now: float) -> list[Notice]:
    """Return the notices of a test incident.

    Parameters
    ----------
    name
        Id of the incident.
    now
        Seconds since the epoch.
    """
    view = IncidentView(
        id=name,
        title=TITLE,
        severity="medium",
        status=Status.OPEN,
        grouped_by="the same entity",
        opened=now,
        last=now,
        members=1,
        entities=1,
        sample=(Member("test-0-0", "test", now, 0.001, "medium", 950.0),),
        rows=(Row("amount", "950", "20", 1.0),),
        rarity="about 1 in 1,000 transactions is this unusual",
        model="test 1",
        first_source="test partition 0 offset 0",
        last_source="test partition 0 offset 0",
        entity="test",
        charted="amount",
        expected=20.0,
        labels={"entity": "test", "severity": "medium", "feature": "amount"},
    )
    over = replace(view, status=Status.RESOLVED, resolved=now)
    return [
        Notice(id=name, version=1, event=Event.OPENED, at=now, subject=view),
        Notice(
            id=name,
            version=2,
            event=Event.RESOLVED,
            at=now,
            subject=over,
            changes=("Over: it was only a test.",),
        ),
    ]
