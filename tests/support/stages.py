"""Stages of a record's way, each of which a test can break down for one record or for all."""

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from tests.support.factories import NOON, transaction

MARK = 66_666.0
"""The amount, and in other stages the seconds or the word, by which a fault knows its record."""

MARKED_TIME = int(NOON) + 66
MARKED = transaction(MARK, "casino")


class Fault(Exception):
    """Neither a rejection nor anything that the code expects."""


@dataclass
class Stage:
    """A place on a record's way, and how the marked record is known there."""

    name: str
    owner: Any
    attribute: str
    knows: Callable[..., bool]
    value: bytes = MARKED
    fields: dict[str, Any] = field(default_factory=dict)
    """Of the record in Kafka."""

    def break_down(self, monkeypatch: pytest.MonkeyPatch, *, for_all: bool = False) -> None:
        sound = getattr(self.owner, self.attribute)
        is_property = isinstance(sound, property)

        def broken(*args: Any, **kwargs: Any) -> Any:
            if for_all or self.knows(*args):
                raise Fault("of the test")
            return sound.__get__(*args) if is_property else sound(*args, **kwargs)

        monkeypatch.setattr(self.owner, self.attribute, property(broken) if is_property else broken)
