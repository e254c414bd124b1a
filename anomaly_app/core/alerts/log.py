"""The log of alerts: every anomaly, every answer and every delivery, one after the other.

It is a topic with one partition, so that all workers agree on the order. The state of the alerts is
a function of it.
"""

from typing import Literal, TypeAlias

import msgspec

from anomaly_app.core.alerts.feedback import AddSilence, ExpireSilence, Press
from anomaly_app.core.alerts.sighting import Sighting
from anomaly_app.core.learning.label import Undo
from anomaly_app.errors import ForeignEvents

Result: TypeAlias = Literal["delivered", "refused", "given_up"]
"""What became of a notice."""


class Sampled(msgspec.Struct, frozen=True, array_like=True):
    """A transaction of a sample."""

    entity: str
    fields: dict[str, str]
    """As those of a `Sighting`."""


class Sample(msgspec.Struct, frozen=True, tag="sample"):
    """Some transactions, as they come: they tell what is common, and what part of it is odd."""

    transactions: tuple[Sampled, ...]


class Tick(msgspec.Struct, frozen=True, tag="tick"):
    """Time passes: something was due."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True, tag="outcome"):
    """What became of a notice."""

    receiver: str
    notice: str
    version: int
    result: Result
    reference: str | None = None
    """Of the channel, for later notices about the same."""
    changes: int = 0
    """How many changes were told with it."""
    why: str = ""


Entry: TypeAlias = Sighting | Sample | Tick | Outcome | Press | Undo | AddSilence | ExpireSilence

write_entry = msgspec.msgpack.Encoder().encode
"""Encodes an entry."""

_decode = msgspec.msgpack.Decoder(Entry).decode


def read_entry(value: bytes | None, where: str) -> Entry:
    """Read an entry.

    Parameters
    ----------
    value
        Of the message.
    where
        Topic, partition and offset, for the error.

    Raises
    ------
    ForeignEvents
        It is none: somebody else writes to the topic.
    """
    try:
        entry: Entry = _decode(value or b"")
    except (msgspec.DecodeError, RecursionError) as fault:
        raise ForeignEvents(
            f"{where} is no entry of the log of alerts ({fault}): only workers may write to it"
        ) from None
    return entry
