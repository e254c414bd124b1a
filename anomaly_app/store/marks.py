"""Which names are erased, and whether a text has one of them."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from datetime import datetime
from typing import Self

from sqlalchemy import Connection, select

from anomaly_app.store import values
from anomaly_app.store.digests import Digests, Mark
from anomaly_app.store.tables import erased


class Marks:
    """The names that are erased.

    Parameters
    ----------
    until
        Until when what is said of them is erased, by their marks.
    digests
        Makes the digests.
    """

    def __init__(self, until: dict[Mark, datetime], digests: Digests) -> None:
        self._digests = digests
        self._until = {mark.text: moment for mark, moment in until.items()}
        self._names: dict[int, dict[str, datetime]] = defaultdict(dict)
        self._texts: dict[int, dict[str, datetime]] = defaultdict(dict)
        for mark, moment in until.items():
            if not mark.is_shown:
                self._names[mark.length][mark.digest] = moment
            known = self._texts[mark.length].get(mark.digest, moment)
            self._texts[mark.length][mark.digest] = max(known, moment)

    @classmethod
    def of(cls, connection: Connection, digests: Digests) -> Self:
        """Read the marks of a store."""
        found = connection.execute(select(erased.c.mark, erased.c.until))
        read = {Mark.parse(row.mark): row.until for row in found}
        return cls({mark: until for mark, until in read.items() if mark is not None}, digests)

    def __bool__(self) -> bool:
        """Whether anything is erased."""
        return bool(self._until)

    def mark_of(self, name: str) -> str:
        """Return the mark of a name."""
        return self._digests.mark(name).text

    def latest(self, marks: Iterable[str]) -> datetime | None:
        """Return until when what goes with any of some entities is erased."""
        return max((self._until[mark] for mark in marks if mark in self._until), default=None)

    def until(self, name: str) -> datetime | None:
        """Return until when an entity is erased; None if it is not."""
        return self._found(self._names, name)

    def is_erased(self, name: str | None, at: datetime) -> bool:
        """Whether what is of this entity and time is erased."""
        until = None if name is None else self.until(name)
        return until is not None and at <= until

    def is_shown(self, text: str, at: datetime) -> bool:
        """Whether a text of this time is an erased entity's name, perhaps as people see it."""
        until = self._found(self._texts, text)
        return until is not None and at <= until

    def is_named(self, text: str, at: datetime) -> bool:
        """Whether a text of this time has the name of an erased entity.

        The name is not a part of a longer word: ``card-1`` is not in ``card-12``.
        """
        text = values.plain(text)
        return any(
            self.is_shown(text[begin : begin + length], at)
            for length in self._texts
            for begin in _begins(text, length)
        )

    def _found(self, marks: dict[int, dict[str, datetime]], text: str) -> datetime | None:
        found = marks.get(len(text))
        return None if found is None else found.get(self._digests.mark(text).digest)


def _begins(text: str, length: int) -> Iterator[int]:
    # The end of a name that was cut is not known.
    is_cut = length == values.LONGEST_NAME
    for begin in range(len(text) - length + 1):
        if _is_edge(text, begin) and (is_cut or _is_edge(text, begin + length)):
            yield begin


def _is_edge(text: str, place: int) -> bool:
    """Whether no word goes on here."""
    if place in {0, len(text)}:
        return True
    return not (text[place - 1].isalnum() and text[place].isalnum())
