"""What becomes of a row when names are erased: it stays, or goes, or loses some of its texts.

The answer depends on the row, on what is erased, and on the anomalies that went with it. It stays
the same when the row is asked about again, and more that is erased only adds to it.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec

from anomaly_app.core.learning.label import About
from anomaly_app.store import values
from anomaly_app.store.digests import Kind
from anomaly_app.store.marks import Marks
from anomaly_app.store.redacting import ERASED, redacted
from anomaly_app.store.rows import Row
from anomaly_app.store.tombstones import Thing

SAID_OF = frozenset({"name", "note", "subject"})
"""Fields of what people say that may name an entity: the others say who, when, where and what."""

LABEL, ACTION = "label", "action"
"""Types of messages whose subject may be an entity: that of the others is an id."""


class _Detail(msgspec.Struct):
    type: str
    about: str = ""
    name: str = ""


_read_detail = msgspec.json.Decoder(_Detail).decode


class Judge:
    """Says what becomes of rows.

    Parameters
    ----------
    marks
        The names that are erased.
    gone
        Anomalies and transactions that went with them, and until when what was said of them goes.
    """

    def __init__(self, marks: Marks, gone: Mapping[Thing, datetime]) -> None:
        self._marks = marks
        self._gone = gone
        self._judges: dict[str, Callable[[Row], Row | None]] = {
            "anomalies": self._anomaly,
            "members": self._member,
            "incidents": self._incident,
            "labels": self._label,
            "silences": self._silence,
            "audit": self._entry,
        }

    def left(self, table: str, row: Row) -> Row | None:
        """Return what is left of a row; None if it goes. A row that stays is the same object."""
        judge = self._judges.get(table)
        return row if judge is None else judge(row)

    def _anomaly(self, row: Row) -> Row | None:
        return None if self._marks.is_erased(row["entity"], row["time"]) else row

    def _member(self, row: Row) -> Row | None:
        gone = self._is_gone((Kind.ANOMALY, row["anomaly"]), row["kafka_at"])
        return None if gone else row

    def _incident(self, row: Row) -> Row | None:
        # What began before is erased whole, though it may go on.
        at = row["opened"] or row["kafka_at"]
        own = row["entity"]
        if own is not None and self._marks.is_shown(own, at):
            return None

        def is_named(text: str) -> bool:
            # The name of another entity may have the erased one in it.
            return text != own and self._marks.is_named(text, at)

        return _changed(
            row,
            title=ERASED if is_named(row["title"]) else row["title"],
            document_json=redacted(row["document_json"], is_named),
        )

    def _label(self, row: Row) -> Row | None:
        if self._is_about_gone(row["about"], row["name"], row["at"]):
            return None
        return _changed(row, note=self._text(row["note"], row["at"]))

    def _silence(self, row: Row) -> Row:
        at = row["at"]
        matchers = redacted(row["matchers_json"], lambda text: self._marks.is_named(text, at))
        return _changed(row, matchers_json=matchers, note=self._text(row["note"], at))

    def _entry(self, row: Row) -> Row:
        at, detail = row["at"], _read_detail(row["detail_json"])
        name = values.name(detail.name)
        if detail.type == LABEL and (
            self._is_about_gone(detail.about, name, at) or self._marks.is_named(name, at)
        ):
            whole = redacted(row["detail_json"], bool, SAID_OF)
            return _changed(row, subject=ERASED, detail_json=whole)
        subject = row["subject"]
        if detail.type in {LABEL, ACTION}:
            subject = self._text(subject, at)
        some = redacted(row["detail_json"], lambda text: self._marks.is_named(text, at), SAID_OF)
        return _changed(row, subject=subject, detail_json=some)

    def _text(self, text: str, at: datetime) -> str:
        return ERASED if self._marks.is_named(text, at) else text

    def _is_about_gone(self, about: str, name: str, at: datetime) -> bool:
        if about == About.ENTITY:
            return self._marks.is_erased(name, at)
        return self._is_gone((about, name), at)

    def _is_gone(self, thing: Thing, at: datetime) -> bool:
        until = self._gone.get(thing)
        return until is not None and at <= until


def asked_of(table: str, row: Row) -> Thing | None:
    """Return the anomaly or the transaction that a row is about, if it is about one."""
    match table:
        case "members":
            return Kind.ANOMALY, row["anomaly"]
        case "labels":
            about, name = row["about"], row["name"]
        case "audit":
            detail = _read_detail(row["detail_json"])
            about, name = detail.about, values.name(detail.name)
        case _:
            return None
    return (about, name) if about in {Kind.ANOMALY, Kind.TRANSACTION} else None


def _changed(row: Row, **columns: object) -> Row:
    is_same = all(row[name] == value for name, value in columns.items())
    return row if is_same else row | columns
