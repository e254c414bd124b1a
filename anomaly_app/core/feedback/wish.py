"""What somebody asks for as a label, over HTTP or on the command line."""

from typing import Literal, TypeAlias

import msgspec

from anomaly_app.core.alerts.feedback import Press
from anomaly_app.core.alerts.text import shortened
from anomaly_app.core.feedback.messages import check_feedback
from anomaly_app.core.learning.label import LONGEST_NOTE, LONGEST_USER, About, Basis, Label, Verdict
from anomaly_app.core.times import parse_time
from anomaly_app.errors import LabelRefused, RecordRejected

Subject: TypeAlias = Literal["anomaly", "transaction", "entity", "incident"]
"""What a label can be asked for."""

INCIDENT: Subject = "incident"


class LabelWish(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A label, as it is asked for."""

    about: Subject
    name: str
    """Id of the anomaly, of the transaction or of the incident, or name of the entity."""
    verdict: Verdict
    basis: Basis = Basis.OPINION
    user: str = ""
    note: str = ""
    since: str | float | None = None
    until: str | float | None = None
    """Of an entity: ISO 8601, or seconds since the epoch."""
    id: str = ""
    """The same in a request that is repeated; by default a new one."""


def said_of(wish: LabelWish, new_id: str, now: float, via: str) -> Label | Press:
    """Return what is asked for; an incident is labelled by an answer.

    Parameters
    ----------
    wish
        Untrusted.
    new_id
        Its id, unless the wish has one.
    now
        Seconds since the epoch.
    via
        Where it was said; see `Label`.

    Raises
    ------
    AlertsRefused, LabelRefused
        It cannot be said; the text is one line.
    """
    name, user = wish.id or new_id, shortened(wish.user, LONGEST_USER)
    note = shortened(wish.note, LONGEST_NOTE)
    if not user:
        raise LabelRefused("say who: a label needs a user")
    said: Label | Press
    if wish.about == INCIDENT:
        if wish.basis != Basis.OPINION or (wish.since, wish.until) != (None, None):
            raise LabelRefused(
                "the label of an incident is an answer, an opinion about all of it: give outcomes "
                "and times to its anomalies, transactions or entities"
            )
        said = Press(
            id=name, incident=wish.name, action=str(wish.verdict), user=user, note=note, at=now
        )
    else:
        said = Label(
            id=name,
            about=About(wish.about),
            name=wish.name,
            verdict=wish.verdict,
            basis=wish.basis,
            user=user,
            via=via,
            note=note,
            since=_time(wish.since),
            until=_time(wish.until),
            at=now,
        )
    check_feedback(said)
    return said


def _time(given: str | float | None) -> float | None:
    try:
        return None if given is None else parse_time(given)
    except RecordRejected as fault:
        raise LabelRefused(str(fault)) from None
