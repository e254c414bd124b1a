"""Searching for anomalies, and exporting what was found."""

import csv
import io
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import urlencode

from sqlalchemy import Connection

from anomaly_app.core.times import parse_time
from anomaly_app.errors import RecordRejected
from anomaly_app.store.queries import UNLABELLED, Page, Search, incident, search
from anomaly_app.web.people.roles import Person, Role
from anomaly_app.web.review.queue import KEYS
from anomaly_app.web.review.rendering import BAD_REQUEST, OK, Answer, page
from anomaly_app.web.review.shown import SEVERITIES, anomaly_row, moment

FIELDS = (
    ("entity", "Entity"), ("id", "Anomaly"), ("transaction_id", "Transaction"),
    ("incident", "Incident"), ("feature", "Feature"), ("model_version", "Model version"),
    ("since", "Since"), ("until", "Before"),
)  # fmt: skip

SELECTIONS = (
    ("severity", "Severity", SEVERITIES),
    ("verdict", "Label", (UNLABELLED, "fraud", "expected", "disputed")),
)

NAMES = [name for name, *_ in (*FIELDS, *SELECTIONS)]

LONGEST = 300

MOST_EXPORTED = 100_000
"""Rows of one export."""

AT_ONCE = 1_000

COLUMNS = (
    "id", "entity", "time", "severity", "p_value", "score", "feature", "model", "model_version",
    "transaction_id", "incident", "verdict", "basis", "labelled_at",
)  # fmt: skip


def storable(text: str) -> str:
    """Return a text that a database can look for: nothing stored has other signs."""
    return text.replace("\0", "\ufffd").encode(errors="replace").decode()


class Found(NamedTuple):
    """What a search has found."""

    rows: Page
    incident: Mapping[str, Any] | None
    """The incident that was asked for."""


class Asked(NamedTuple):
    """A search, as it was asked for."""

    texts: dict[str, str]
    search: Search
    after: tuple[datetime, str] | None
    fault: str


def asked_in(query: Mapping[str, str]) -> Asked:
    """Read a search; what cannot be one is a fault in one line."""
    texts = {name: storable(query.get(name, "")).strip()[:LONGEST] for name in NAMES}
    wanted: dict[str, Any] = {name: text or None for name, text in texts.items()}
    fault = ""
    for name in ("since", "until"):
        try:
            wanted[name] = _time(texts[name]) if texts[name] else None
        except RecordRejected as error:
            fault, wanted[name] = f"{name}: {error}", None
    at, _, last = query.get("after", "").partition(" ")
    try:
        after = (_time(at), last) if last else None
    except RecordRejected:
        after = None
    return Asked(texts, Search(**wanted), after, fault)


def ask_for(connection: Connection, asked: Asked) -> Found:
    """Ask for a page of what was found."""
    name = asked.search.incident
    return Found(
        search(connection, asked.search, after=asked.after),
        None if name is None else incident(connection, name),
    )


def search_page(found: Found | None, asked: Asked, person: Person) -> Answer:
    """Return the page of a search."""
    rows = [] if found is None else found.rows.rows
    given = {name: text for name, text in asked.texts.items() if text}
    more = None
    if found is not None and found.rows.after is not None:
        at, name = found.rows.after
        more = "/review/search?" + urlencode({**given, "after": f"{at.isoformat()} {name}"})
    return page(
        "search.html",
        status=BAD_REQUEST if asked.fault else OK,
        title="Search",
        here="search",
        person=person,
        keys=KEYS,
        fields=FIELDS,
        selections=SELECTIONS,
        asked=asked.texts,
        fault=asked.fault,
        incident=None if found is None else found.incident,
        rows=[anomaly_row(one) for one in rows],
        may_label=person.role.may(Role.REVIEWER),
        query="",
        here_path="/review/search?" + urlencode(given),
        more=more,
    )


def export(connection: Connection, wanted: Search) -> bytes:
    """Return what was found as CSV, at most `MOST_EXPORTED` rows."""
    text = io.StringIO()
    lines = csv.writer(text)
    lines.writerow(COLUMNS)
    for row in _all(connection, wanted):
        lines.writerow([_cell(row[name]) for name in COLUMNS])
    return text.getvalue().encode(errors="replace")


def _all(connection: Connection, wanted: Search) -> Iterator[Mapping[str, Any]]:
    after, many = None, 0
    while many < MOST_EXPORTED:
        found = search(connection, wanted, after=after, most=AT_ONCE)
        yield from found.rows
        many, after = many + len(found.rows), found.after
        if after is None:
            return


def _cell(value: Any) -> Any:
    if isinstance(value, datetime):
        return moment(value)
    # A spreadsheet would run a text that begins like a formula.
    return f"'{value}" if isinstance(value, str) and value.startswith(tuple("=+-@\t\r")) else value


def _time(text: str) -> datetime:
    return datetime.fromtimestamp(parse_time(text), UTC)
