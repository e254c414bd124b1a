"""The state of the alerts as a memory: published, restored and replayed like that of entities."""

import logging
from collections.abc import Callable, Sequence
from functools import partial
from typing import NamedTuple

from anomaly_app.core.alerts.effects import Effect
from anomaly_app.core.alerts.image import StateImage
from anomaly_app.core.alerts.log import read_entry
from anomaly_app.core.alerts.policy import Policy
from anomaly_app.core.alerts.state import FORMAT, State
from anomaly_app.core.alerts.step import step
from anomaly_app.core.decoding.decoded import KafkaRecord
from anomaly_app.core.times import seconds_of
from anomaly_app.errors import ForeignEvents
from anomaly_app.kafka.changelog import Remembered

logger = logging.getLogger(__name__)

NAME = "alerts"
"""It begins the keys of the images."""

SPEC = f"alerts-{FORMAT}"

MOST_FAULTS = 10
"""Entries in a row that cannot be applied: then the fault is in no entry."""


class StateCounts(NamedTuple):
    """What a memory counts, as far as there is such a thing here."""

    entities: int
    """Incidents."""
    late: int = 0
    evicted: int = 0
    saturated: int = 0


class StateMemory:
    """The state of the alerts, in one block.

    Parameters
    ----------
    policy
        How much people are told.
    """

    def __init__(self, policy: Policy) -> None:
        self.state = State()
        self.policy = policy
        self.foreign = 0
        """Messages on the log that no worker has written."""
        self.faults = 0
        """Entries that could not be applied."""
        self._faults_in_a_row = 0
        self._first_dirty: int | None = None

    @property
    def applied(self) -> int:
        """The next offset."""
        return self.state.next

    @property
    def counts(self) -> StateCounts:
        """Counts of what it holds."""
        return StateCounts(len(self.state.incidents))

    def settle(self) -> None:
        """Do nothing: no replay leaves anything open."""

    def dirty_blocks(self) -> Sequence[int]:
        """Return the only block, if it has changed since its last image."""
        return [] if self._first_dirty is None else [0]

    def first_dirty(self, block: int) -> int | None:  # noqa: ARG002
        """Return the offset of the first entry since the last image; None if there was none."""
        return self._first_dirty

    def take_image(self, block: int) -> StateImage:  # noqa: ARG002
        """Copy the state as it is now."""
        self._first_dirty = None
        return StateImage(self.state.next, self.state.to_bytes())

    def load(self, image: StateImage) -> None:
        """Take over a state."""
        self.state = State.from_bytes(image.state)

    def apply(self, record: KafkaRecord) -> list[Effect]:
        """Apply an entry, unless it was applied before.

        One that cannot be read or applied is left out, and said; it is left out in each replay.

        Raises
        ------
        Exception
            Many entries in a row could not be applied: the fault is in none of them.
        """
        if record.offset < self.state.next:
            return []
        if self._first_dirty is None:
            self._first_dirty = record.offset
        where = f"{record.topic} partition {record.partition} offset {record.offset}"
        now = seconds_of(record.timestamp or 0) or self.state.now
        try:
            entry = read_entry(record.value, where)
            effects = step(self.state, record.offset, entry, now, self.policy)
        except ForeignEvents as fault:
            self.foreign += 1
            logger.error("%s; it is left out", fault)  # noqa: TRY400  # one line
            effects = []
        except Exception:
            self.faults += 1
            self._faults_in_a_row += 1
            if self._faults_in_a_row >= MOST_FAULTS:
                raise
            logger.exception("%s is left out: it cannot be applied to the incidents", where)
            effects = []
        else:
            self._faults_in_a_row = 0
        self.state.next = max(self.state.next, record.offset + 1)
        return effects


def remembered_alerts(policy: Policy) -> Remembered:
    """Return what is remembered of the log of alerts, and how."""
    new: Callable[[], StateMemory] = partial(StateMemory, policy)
    return Remembered(NAME, SPEC, new, StateImage.from_bytes, replay)


def replay(memory: StateMemory, records: Sequence[KafkaRecord]) -> None:
    """Apply entries that were applied before, here or by another worker."""
    for record in records:
        memory.apply(record)
