"""Images of the state of the alerts: compressed, with a checksum."""

import struct
import zlib
from typing import NamedTuple

import cramjam

from anomaly_app.errors import ImageCorrupt

MAGIC = b"ALRT"

HEAD = struct.Struct("<4sqI")
"""Magic, offset, and the checksum of what follows."""

LEVEL = 3
"""Of zstd."""


class StateImage(NamedTuple):
    """The state of the alerts at an offset of their log."""

    offset: int
    """Every entry below it is applied."""
    state: bytes
    """As `State.to_bytes` writes it."""
    block: int = 0
    """There is only one."""

    def to_bytes(self) -> bytes:
        """Return the image as it is published."""
        packed = bytes(cramjam.zstd.compress(self.state, level=LEVEL))
        return HEAD.pack(MAGIC, self.offset, zlib.crc32(packed)) + packed

    @classmethod
    def from_bytes(cls, written: bytes) -> "StateImage":
        """Read a published image.

        Raises
        ------
        ImageCorrupt
            It is not one, or not as it was written.
        """
        if len(written) < HEAD.size or not written.startswith(MAGIC):
            raise ImageCorrupt("it is not an image of the state of the alerts")
        _, offset, checksum = HEAD.unpack_from(written)
        packed = written[HEAD.size :]
        if zlib.crc32(packed) != checksum:
            raise ImageCorrupt("its checksum is wrong: it is not as it was written")
        try:
            state = bytes(cramjam.zstd.decompress(packed))
        except (cramjam.DecompressionError, ValueError) as fault:
            raise ImageCorrupt(f"its state cannot be read: {fault}") from None
        return cls(offset, state)
