"""What is remembered of a partition, as far as keeping and restoring it needs to know."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, NamedTuple, Protocol

from anomaly_app.kafka.consumer import Record


class Image(Protocol):
    """A copy of one block, with every event below an offset applied."""

    @property
    def block(self) -> int:
        """Number of the block."""

    @property
    def offset(self) -> int:
        """The next offset to apply to the block."""

    def to_bytes(self) -> bytes:
        """Return the image with its checksum."""


class Counts(Protocol):
    """Counts of what a memory holds, and of what it had to leave out since it was restored."""

    @property
    def entities(self) -> int:
        """Number of entities."""

    @property
    def late(self) -> int:
        """Number of events that came too late to be applied."""

    @property
    def evicted(self) -> int:
        """Number of entities that others have taken the place of."""

    @property
    def saturated(self) -> int:
        """Number of cells that could not hold a larger number."""


class Memory(Protocol):
    """The memory of one partition, in blocks; see `anomaly_app.core.memory`."""

    @property
    def applied(self) -> int:
        """The next offset: every event below it is applied."""

    @property
    def counts(self) -> Counts:
        """Counts of what it holds."""

    def settle(self) -> None:
        """Note that a replay has reached its end."""

    def dirty_blocks(self) -> Sequence[int]:
        """Return the blocks that have changed since their last image, the oldest change first."""

    def first_dirty(self, block: int) -> int | None:
        """Return the offset of the first event since the last image of a block; None if none."""

    def take_image(self, block: int) -> Image:
        """Copy a block as it is now."""

    def load(self, image: Any) -> None:
        """Fill an empty block."""


class Remembered(NamedTuple):
    """What is remembered of the records of one topic, and how.

    The functions are called in a thread of their own.
    """

    name: str
    """Name of the key, such as ``card``; it begins the keys of the messages on the topic."""
    spec: str
    """Hash of the feature spec."""
    new: Callable[[], Memory]
    """Makes an empty memory."""
    read_image: Callable[[bytes], Image]
    """Reads what `Image.to_bytes` wrote; raises `ImageCorrupt`."""
    replay: Callable[[Any, Sequence[Record]], None]
    """Applies records of one partition, in offset order, to a memory, except where it has them."""
    prepare: Callable[[Sequence[Record]], Awaitable[object]] | None = None
    """Awaited before `replay`, in the event loop: for schemas that are not known yet."""
