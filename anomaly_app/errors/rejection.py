"""Why a record is no transaction, and how an unexpected exception is told in one line."""

from enum import StrEnum

from anomaly_app.errors.tree import AnomalyAppError

LONGEST_FAULT = 300
"""Maximum length of an exception's text that is passed on: it may be the record's own."""


def describe(fault: BaseException) -> str:
    """Return an exception's type and, if possible, its text, in one printable line."""
    name = type(fault).__name__
    try:
        text = " ".join(str(fault)[:LONGEST_FAULT].split())
    except Exception:  # noqa: BLE001  # `str` of a library's exception may raise, too
        return name
    printable = "".join(sign if sign.isprintable() else "\ufffd" for sign in text)
    return f"{name}: {printable}" if printable else name


class Rejection(StrEnum):
    """Why a record became a dead letter; the first word of the dead letter's error."""

    NULL_VALUE = "null-value"
    TOO_LARGE = "too-large"
    NOT_UTF8 = "not-utf8"
    NOT_JSON = "not-json"
    NOT_AN_OBJECT = "not-an-object"
    NO_SCHEMA = "no-schema"
    SCHEMA_MISMATCH = "schema-mismatch"
    NO_FEATURES = "no-features"
    WRONG_LENGTH = "wrong-length"
    WRONG_TYPE = "wrong-type"
    NOT_FINITE = "not-finite"
    BAD_TIME = "bad-time"
    UNSCORABLE = "unscorable"
    UNALERTABLE = "unalertable"


class RecordRejected(AnomalyAppError):
    """One Kafka record is not a transaction.

    Parameters
    ----------
    rejection
        The class of the error, for counting.
    detail
        What was found and what was expected, in one short line.
    """

    def __init__(self, rejection: Rejection, detail: str) -> None:
        super().__init__(f"{rejection}: {detail}")
        self.rejection = rejection


def unscorable(fault: Exception) -> RecordRejected:
    """Return the rejection of a record on which an unexpected exception was raised."""
    error = RecordRejected(Rejection.UNSCORABLE, describe(fault))
    error.__cause__ = fault
    return error
