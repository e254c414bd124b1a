"""The messages on the memory topic: images of blocks, and a manifest for each partition.

A message's key is ``<name>/<partition>/<block>`` for an image and ``<name>/<partition>`` for a
manifest, where the name is that of the entities' key. The topic is compacted, so the last message
of each key stays.
"""

import struct
from typing import NamedTuple

import msgspec

from anomaly_app.errors import ImageCorrupt

FORMAT = 1
"""Format number of manifests and of what is around an image."""

MOST_DIGITS = 9
"""Of a block's number."""

HEAD = struct.Struct(">BIq")
"""Of an image: format, epoch, and the next offset to apply."""


class BlockImage(NamedTuple):
    """Where the newest image of a block is."""

    block: int
    offset: int
    """The next offset to apply to the block."""
    place: int
    """The image's own offset, on the memory topic."""
    size: int = 0
    """Bytes of the message."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """What is published of the memory of one partition.

    The images of a manifest, and a replay of the source from its safe offset, give the memory at
    any offset that has been committed since.
    """

    topic: str
    """Name of the source topic."""
    spec: str
    """Hash of the feature spec."""
    partitions: int
    """Number of partitions of the source topic."""
    epoch: int
    """Grows with each rebuild: images with a lower one do not count."""
    begins: int
    """The offset at which the memory was empty."""
    safe: int
    """No image lacks an event below this offset."""
    committed: int | None
    """The group's committed offset; None before the first commit."""
    images: tuple[BlockImage, ...] = ()
    """The newest acknowledged image of each block."""
    entities: int = 0
    owner: str = ""
    """Address of the web pages of the worker that wrote it."""
    format: int = FORMAT

    @property
    def last_commit(self) -> int:
        """The committed offset; -1 if there was none."""
        return -1 if self.committed is None else self.committed

    @property
    def rank(self) -> tuple[int, int, int]:
        """Which of two manifests counts: that of a worker that was frozen may come last."""
        return self.epoch, self.last_commit, self.safe


class StoredImage(NamedTuple):
    """An image as it is on the topic."""

    epoch: int
    offset: int
    image: bytes
    """What `Image.to_bytes` wrote."""


def manifest_key(name: str, partition: int) -> bytes:
    """Return the key of a partition's manifest."""
    return f"{name}/{partition}".encode()


def image_key(name: str, partition: int, block: int) -> bytes:
    """Return the key of a block's image."""
    return f"{name}/{partition}/{block}".encode()


def block_of(key: bytes | None, name: str, partition: int) -> int | None:
    """Return the block that a key is of; None if it is of something else."""
    prefix = manifest_key(name, partition) + b"/"
    if key is None or not key.startswith(prefix):
        return None
    number = key[len(prefix) :]
    # Anybody may write a key of so many digits that Python refuses to read them.
    return int(number) if number.isdigit() and len(number) <= MOST_DIGITS else None


def write_manifest(manifest: Manifest) -> bytes:
    """Return a manifest as JSON."""
    return msgspec.json.encode(manifest)


def read_manifest(value: bytes | None) -> Manifest:
    """Read a manifest.

    Raises
    ------
    ImageCorrupt
        It is none, or has another format.
    """
    try:
        found = msgspec.json.decode(value or b"", type=Manifest)
    except msgspec.DecodeError as fault:
        raise ImageCorrupt(f"the manifest cannot be read: {fault}") from None
    if found.format != FORMAT:
        raise ImageCorrupt(f"the manifest has format {found.format}, not {FORMAT}")
    return found


def write_image(epoch: int, offset: int, image: bytes) -> bytes:
    """Put what a reader has to know in front of an image."""
    return HEAD.pack(FORMAT, epoch, offset) + image


def read_stored(value: bytes | None) -> StoredImage:
    """Read what is around an image.

    Raises
    ------
    ImageCorrupt
        It is no image of this format.
    """
    if value is None or len(value) < HEAD.size:
        raise ImageCorrupt("it is too short")
    number, epoch, offset = HEAD.unpack_from(value)
    if number != FORMAT:
        raise ImageCorrupt(f"it has format {number}, but this version reads {FORMAT}")
    return StoredImage(epoch, offset, value[HEAD.size :])
