"""Images of blocks: what is published of a partition's memory, and read again."""

import struct
import zlib
from typing import NamedTuple

import cramjam

from anomaly_app.errors import ImageCorrupt

FORMAT = 1

HEADER = struct.Struct("<4sHHIqII32s")
"""Magic, format, upstream partitions, block, offset, bytes of the payload, unused, spec."""

MAGIC = b"AMEM"
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
    """The records that are used; see `PartitionMemory`."""
    sha256: str
    """Hash of the key's spec."""

    def to_bytes(self) -> bytes:
        """Return the image as it is published: compressed, with a checksum."""
        packed = bytes(cramjam.zstd.compress(self.payload, level=1))
        header = HEADER.pack(
            MAGIC,
            FORMAT,
            len(self.upstream),
            self.block,
            self.offset,
            len(self.payload),
            0,
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
        _, found, partitions, block, offset, size, _, spec = HEADER.unpack_from(body)
        if found != FORMAT:
            raise ImageCorrupt(f"it has format {found}, but this version reads {FORMAT}")
        begin = HEADER.size + partitions * UPSTREAM.size
        upstream = dict(UPSTREAM.iter_unpack(body[HEADER.size : begin]))
        payload = bytes(cramjam.zstd.decompress(body[begin:]))
        if len(payload) != size:
            raise ImageCorrupt(f"it has {len(payload)} bytes of records instead of {size}")
        return cls(block, offset, upstream, payload, spec.hex())
