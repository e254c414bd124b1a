"""Which blocks of a partition to copy, which copies to publish, and what is safe: without I/O.

A copy is taken of a changed block at most once in an interval, and a steady share of all blocks is
copied in each moment. It waits until a commit covers it, is sent, and is acknowledged: only then
does the safe offset move on.
"""

from collections.abc import Sequence
from typing import NamedTuple

from anomaly_app.kafka.changelog.contract import Image
from anomaly_app.kafka.changelog.manifest import BlockImage

BURST = 0.1
"""Largest share of the blocks in use that is copied at once, after a pause."""

MOST_WAITING = 0.25
"""Share of the blocks in use that may wait for a commit: copies take memory."""

FEW = 8
"""Blocks that may be copied at once, however few are in use."""


class Taken(NamedTuple):
    """A copy that is not acknowledged yet."""

    image: Image
    first: int
    """Offset of the first event that the images before it lack."""


class Publication:
    """What is published of one partition's memory, and what is about to be.

    Parameters
    ----------
    interval
        Seconds between two images of a block.
    images
        The images that were loaded.
    """

    def __init__(self, interval: float, images: Sequence[BlockImage] = ()) -> None:
        self.images = {image.block: image for image in images}
        """The newest acknowledged image of each block."""
        self._interval = interval
        self._taken_at: dict[int, float] = {}
        self._taken: dict[int, Taken] = {}
        self._sending: set[int] = set()
        self._owed: dict[int, int] = {}
        """For blocks whose copy was dropped, what it had as `Taken.first`."""
        self._floor = 0
        """The safe offset never goes back: records before it may be deleted by now."""
        self._place = -1
        """The last place of a message on the topic."""
        self._sent_after = -1
        """What that was before the sending that is under way."""
        self._credit = 0.0
        self._credited_at: float | None = None

    def anew(self) -> "Publication":
        """Return one of which nothing is published."""
        return Publication(self._interval)

    def due(self, dirty: Sequence[int], now: float) -> list[int]:
        """Choose the blocks to copy now.

        Parameters
        ----------
        dirty
            The blocks that have changed since their last copy, the oldest change first.
        now
            Seconds, on any clock that never goes back.
        """
        in_use = len(self.images.keys() | self._taken.keys() | self._owed.keys() | {*dirty})
        elapsed = 0.0 if self._credited_at is None else now - self._credited_at
        self._credited_at = now
        most = max(FEW, BURST * in_use)
        self._credit = min(self._credit + in_use * elapsed / self._interval, most)
        room = max(FEW, int(MOST_WAITING * in_use)) - len(self._taken)
        waiting = [block for block in (*self._owed, *dirty) if self._is_due(block, now)]
        chosen = [*dict.fromkeys(waiting)][: max(min(int(self._credit), room), 0)]
        self._credit -= len(chosen)
        return chosen

    def _is_due(self, block: int, now: float) -> bool:
        taken_at = self._taken_at.get(block)
        is_early = taken_at is not None and now < taken_at + self._interval
        return block not in self._taken and not is_early

    def take(self, image: Image, first: int | None, now: float) -> None:
        """Keep a copy until a commit covers it.

        Parameters
        ----------
        image
            The copy.
        first
            Offset of the first event since the copy before; None if there was none.
        now
            As in `due`.
        """
        owed = self._owed.pop(image.block, None)
        firsts = [offset for offset in (owed, first) if offset is not None]
        self._taken[image.block] = Taken(image, min(firsts, default=image.offset))
        self._taken_at[image.block] = now

    def send(self, committed: int | None) -> list[Image]:
        """Return the copies that may be sent now, since the acknowledged commit covers them."""
        if committed is None:
            return []
        images = [
            taken.image
            for block, taken in self._taken.items()
            if taken.image.offset <= committed and block not in self._sending
        ]
        self._sending.update(image.block for image in images)
        self._sent_after = self._place
        return images

    def acknowledge(self, image: Image, place: int, size: int) -> None:
        """Note that a copy is on the topic.

        Parameters
        ----------
        image
            One that was sent.
        place
            Its own offset on the memory topic.
        size
            Bytes of the message.
        """
        self._sending.discard(image.block)
        if self._is_current(image):
            del self._taken[image.block]
        if place < self._sent_after:
            self._begin_anew()
        self.adopt([BlockImage(image.block, image.offset, place, size)], safe=0)

    def notice(self, place: int) -> bool:
        """Note where a manifest is on the topic.

        Returns
        -------
        bool
            Whether the topic was made anew, so that the images that the manifest names are gone.
        """
        if place < self._place:
            self._begin_anew()
            return True
        self._place = place
        return False

    def _begin_anew(self) -> None:
        """Note that the topic was made anew: the images that were on it are owed again."""
        self._owed = dict.fromkeys(self.images.keys() | self._owed.keys(), 0)
        self.images, self._floor = {}, 0
        self._place = self._sent_after = -1

    def fail(self, image: Image) -> None:
        """Note that a copy could not be sent: it may be sent again."""
        self._sending.discard(image.block)

    def adopt(self, images: Sequence[BlockImage], safe: int) -> None:
        """Take over images that are newer than those known here, such as another worker's.

        Parameters
        ----------
        images
            All images of a manifest.
        safe
            Its safe offset: with these images or newer ones, no event below it is lacking.
        """
        self._floor = max(self._floor, safe)
        for image in images:
            known = self.images.get(image.block)
            if known is None or known.offset <= image.offset:
                self.images[image.block] = image
            self._place = max(self._place, image.place)

    def drop(self) -> None:
        """Give up all copies: nobody may know any more whether a commit covers them."""
        for block, taken in self._taken.items():
            self._owed[block] = min(taken.first, self._owed.get(block, taken.first))
        self._taken.clear()
        self._sending.clear()

    def safe_offset(self, first_dirty: int | None, applied: int) -> int:
        """Return the offset below which the acknowledged images lack no event.

        Parameters
        ----------
        first_dirty
            Offset of the oldest event since the last copy of its block; None if there is none.
        applied
            The next offset to apply.
        """
        firsts = [taken.first for taken in self._taken.values()]
        dirty = [] if first_dirty is None else [first_dirty]
        lacking = min([*firsts, *self._owed.values(), *dirty], default=applied)
        self._floor = max(self._floor, lacking)
        return self._floor

    def _is_current(self, image: Image) -> bool:
        taken = self._taken.get(image.block)
        return taken is not None and taken.image is image
