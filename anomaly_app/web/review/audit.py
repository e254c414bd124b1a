"""The audit trail: who said or did what, and when."""

from collections.abc import Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

from sqlalchemy import Connection

from anomaly_app.store.trail import audited
from anomaly_app.web.people.roles import Person
from anomaly_app.web.review.rendering import Answer, page
from anomaly_app.web.review.shown import moment

ON_A_PAGE = 100


def ask_for(connection: Connection, skipped: int) -> Sequence[Mapping[str, Any]]:
    """Ask for a page of the audit trail, the latest first."""
    return audited(connection, skipped=skipped, most=ON_A_PAGE + 1)


def audit_page(found: Sequence[Mapping[str, Any]], skipped: int, person: Person) -> Answer:
    """Return a page of the audit trail."""
    rows = [
        {
            "at": moment(one["at"]),
            "user": one["user_name"],
            "action": one["action"],
            "subject": one["subject"],
            "via": one["via"],
        }
        for one in found[:ON_A_PAGE]
    ]
    more = "/review/audit?" + urlencode({"skip": skipped + ON_A_PAGE})
    return page(
        "audit.html",
        title="Audit trail",
        here="audit",
        person=person,
        rows=rows,
        more=more if len(found) > ON_A_PAGE else None,
    )
