"""Images of blocks: what is published of a partition's memory, and read again."""

import struct
import zlib
from typing import NamedTuple

import cramjam
import numpy as np

from anomaly_app.errors import ImageCorrupt

FORMAT = 1

HEADER = struct.Struct("<4sHHIIqI32s")
"""Magic, format, upstream partitions, block, bytes of an entity, offset, entities, spec."""

MAGIC = b"AMEM"
LEVEL = 1
"""Of zstd: the next ones take longer and save one or two per cent."""

UPSTREAM = struct.Struct("<qq")
CHECKSUM = struct.Struct("<I")


class Image(NamedTuple):
    """A block as it was at an offset."""

    block: int
    offset: int
    """The block has applied every event below it."""
    upstream: dict[int, int]
    """The highest offset of each upstream partition at that time, if there are any."""
    payload: bytes
    """The entities, one after the other."""
    size: int
    """Bytes of an entity."""
    sha256: str
    """Hash of the key's spec."""

    def to_bytes(self) -> bytes:
        """Return the image as it is published: compressed, with a checksum.

        The first bytes of all entities come first, then the second ones, and so on: bytes that are
        alike are compressed to two thirds of what they would take otherwise.
        """
        entities = np.frombuffer(self.payload, "u1").reshape(-1, self.size)
        packed = bytes(cramjam.zstd.compress(entities.T.tobytes(), level=LEVEL))
        header = HEADER.pack(
            MAGIC,
            FORMAT,
            len(self.upstream),
            self.block,
            self.size,
            self.offset,
            len(entities),
            bytes.fromhex(self.sha256),
        )
        upstream = b"".join(UPSTREAM.pack(*pair) for pair in sorted(self.upstream.items()))
        written = header + upstream + packed
        return written + CHECKSUM.pack(zlib.crc32(written))

    @classmethod
    def from_bytes(cls, written: bytes) -> "Image":
        """Read a published image.

        Raises
        ------
        ImageCorrupt
            It is not one, or not as it was written.
        """
        if len(written) < HEADER.size + CHECKSUM.size or not written.startswith(MAGIC):
            raise ImageCorrupt("it is not an image of this app's memory")
        body = written[: -CHECKSUM.size]
        if zlib.crc32(body) != CHECKSUM.unpack(written[-CHECKSUM.size :])[0]:
            raise ImageCorrupt("its checksum is wrong: it is not as it was written")
        _, found, partitions, block, size, offset, entities, spec = HEADER.unpack_from(body)
        if found != FORMAT:
            raise ImageCorrupt(f"it has format {found}, but this version reads {FORMAT}")
        begin = HEADER.size + partitions * UPSTREAM.size
        upstream = dict(UPSTREAM.iter_unpack(body[HEADER.size : begin]))
        try:
            unpacked = np.frombuffer(bytes(cramjam.zstd.decompress(body[begin:])), "u1")
            payload = unpacked.reshape(size, entities).T.tobytes()
        except (cramjam.DecompressionError, ValueError) as fault:
            raise ImageCorrupt(f"its entities cannot be read: {fault}") from None
        return cls(block, offset, upstream, payload, size, spec.hex())
