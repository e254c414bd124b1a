"""From the rows of a file to labels: which column is what, and what its values mean."""

import hashlib
from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from anomaly_app.core.alerts.text import shortened
from anomaly_app.core.learning.label import (
    ANOMALY,
    LONGEST_NOTE,
    About,
    Basis,
    Label,
    Verdict,
    check_label,
)
from anomaly_app.core.roles.column_names import plain_name
from anomaly_app.core.times import parse_time
from anomaly_app.core.visible import listed, quoted
from anomaly_app.errors import DataError

NAMES = {
    "anomaly": ("anomaly", "anomalyid"),
    "transaction": (
        *("transactionid", "transaction", "transid", "transnum", "txnid", "txid", "txn", "tx"),
        *("paymentid", "orderid", "id"),
    ),
    "label": ("verdict", "label", "fraud", "isfraud"),
    # Not the time of the transaction: labels must not be known before they were given.
    "date": (
        *("at", "date", "chargebackdate", "disputedate", "reporteddate", "receiveddate"),
        *("reportedat", "reported", "receivedat", "received", "createdat", "postingdate"),
    ),
    "note": ("note", "notes", "comment", "reason", "reasoncode", "description"),
}
"""Names that say what is in a column, in order of preference, in the form of `plain_name`."""

WORDS = {
    **dict.fromkeys(("fraud", "fraudulent", "true", "yes", "y", "1"), Verdict.FRAUD),
    **dict.fromkeys(
        ("expected", "legitimate", "genuine", "false", "no", "n", "0"), Verdict.EXPECTED
    ),
}
"""What verdicts are called in files."""

A_DAY = 86_400.0
"""Seconds by which a date may be ahead: it may be of another time zone."""

MOST_NAMED = 20


class Columns(NamedTuple):
    """Which column is what, by their places; None is not there."""

    id: int
    is_anomaly: bool
    """Whether the ids are those of anomalies."""
    label: int | None
    date: int | None
    note: int | None

    def in_words(self, header: Sequence[str]) -> str:
        """Say which column is what."""
        found = {"id": self.id, "label": self.label, "date": self.date, "note": self.note}
        named = [f"{part} is {quoted(header[n])}" for part, n in found.items() if n is not None]
        missing = "" if self.label is not None else "; all are fraud"
        missing += "" if self.date is not None else "; all are known from now on"
        return f"columns: {', '.join(named)}{missing}"


def columns_of(header: Sequence[str], given: dict[str, str]) -> Columns:
    """Find the columns by what was given, or by their names.

    Parameters
    ----------
    header
        Names of the columns.
    given
        By ``id``, ``label``, ``date`` and ``note``: the name of a column, if it was given.

    Raises
    ------
    DataError
        There is no such column, or none that can have the ids.
    """
    found = {part: _given(header, given.get(part, "")) for part in ("id", *NAMES)}
    suggested = {part: _suggested(header, names) for part, names in NAMES.items()}
    anomaly = suggested["anomaly"]
    name = next(n for n in (found["id"], anomaly, suggested["transaction"], -1) if n is not None)
    if name < 0:
        raise DataError(
            "which column has the ids of the transactions? Name it with --id; the columns are "
            f"{listed(header, most=MOST_NAMED)}"
        )
    label, date, note = (
        suggested[part] if found[part] is None else found[part]
        for part in ("label", "date", "note")
    )
    return Columns(name, name == anomaly, label, date, note)


def _given(header: Sequence[str], name: str) -> int | None:
    if not name:
        return None
    for form in (str, plain_name):
        for place, column in enumerate(header):
            if form(column) == form(name):
                return place
    raise DataError(
        f"there is no column {quoted(name)}; the columns are {listed(header, most=MOST_NAMED)}"
    )


def _suggested(header: Sequence[str], names: Sequence[str]) -> int | None:
    plain = [plain_name(column) for column in header]
    return next((plain.index(name) for name in names if name in plain), None)


class Reading(NamedTuple):
    """How rows become labels."""

    columns: Columns
    topic: str
    """Of the transactions: ids that begin with it may be those of anomalies."""
    basis: Basis
    user: str
    time_format: str | None
    now: float
    """Seconds since the epoch."""

    def label_of(self, cells: Sequence[str]) -> Label:
        """Return the label of a row; its id is a hash, so that the same row is the same label.

        Raises
        ------
        DataError, LabelRefused, RecordRejected
            The row is none.
        """
        columns = self.columns
        name = _cell(cells, columns.id)
        if not name:
            raise DataError("it has no id")
        if "\ufffd" in name:
            raise DataError("its id is no text in UTF-8")
        about = About.ANOMALY if self._is_anomaly(name) else About.TRANSACTION
        word = "fraud" if columns.label is None else _cell(cells, columns.label)
        verdict = WORDS.get(word.casefold())
        if verdict is None:
            raise DataError(f"its label {quoted(word)} is neither fraud nor expected")
        at = None if columns.date is None else self._time(_cell(cells, columns.date))
        identity = (about, name, verdict, self.basis, self.user, at)
        label = Label(
            id=f"f-{hashlib.sha256(msgspec.json.encode(identity)).hexdigest()[:32]}",
            about=about,
            name=name,
            verdict=verdict,
            basis=self.basis,
            user=self.user,
            via="file",
            note=""
            if columns.note is None
            else shortened(_cell(cells, columns.note), LONGEST_NOTE),
            at=self.now if at is None else at,
        )
        check_label(label)
        return label

    def _is_anomaly(self, name: str) -> bool:
        if self.columns.is_anomaly:
            return True
        return bool(ANOMALY.fullmatch(name)) and name.rsplit("-", 2)[0] == self.topic

    def _time(self, text: str) -> float:
        if not text:
            raise DataError("it has no date")
        at = parse_time(text, time_format=self.time_format)
        if at > self.now + A_DAY:
            raise DataError(f"its date {quoted(text)} is in the future: see --time-format")
        return at


def _cell(cells: Sequence[str], place: int) -> str:
    return cells[place] if place < len(cells) else ""
