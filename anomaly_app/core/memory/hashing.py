"""Hashes of texts and keys: SipHash-2-4 of their UTF-8 bytes, by Aumasson and Bernstein (2012)."""

from collections.abc import Sequence
from typing import Any

import numba
import numpy as np

from anomaly_app.core.compiled import compiled
from anomaly_app.core.memory.events import Hashes

BYTES = numba.types.Array(numba.uint8, 1, "C", readonly=True)
ENDS = numba.types.Array(numba.int64, 1, "C", readonly=True)
LONG = numba.uint64
STATE = numba.types.UniTuple(LONG, 4)  # type: ignore[no-untyped-call]


@compiled(LONG(LONG, numba.int64), inlined=True, exact=True)
def _turn(word: Any, bits: Any) -> Any:
    return (word << np.uint64(bits)) | (word >> np.uint64(64 - bits))


@compiled(STATE(LONG, LONG, LONG, LONG), inlined=True, exact=True)
def _round(a: Any, b: Any, c: Any, d: Any) -> Any:
    a += b
    b = _turn(b, 13) ^ a
    a = _turn(a, 32)
    c += d
    d = _turn(d, 16) ^ c
    a += d
    d = _turn(d, 21) ^ a
    c += b
    b = _turn(b, 17) ^ c
    c = _turn(c, 32)
    return a, b, c, d


@compiled(numba.void(BYTES, ENDS, LONG, LONG, numba.uint64[::1]), exact=True)
def _siphash(data: Any, ends: Any, low: Any, high: Any, hashes: Any) -> None:
    """Hash parts of joined bytes; a part ends where `ends` says, and -1 is no part."""
    begin = 0
    for text in range(len(ends)):
        end = ends[text]
        if end < 0:
            continue
        a, b = low ^ np.uint64(0x736F6D6570736575), high ^ np.uint64(0x646F72616E646F6D)
        c, d = low ^ np.uint64(0x6C7967656E657261), high ^ np.uint64(0x7465646279746573)
        size = end - begin
        for word in range(size // 8 + 1):
            value = np.uint64(0)
            first = begin + 8 * word
            for byte in range(min(8, end - first)):
                value |= np.uint64(data[first + byte]) << np.uint64(8 * byte)
            if word == size // 8:
                value |= np.uint64(size & 255) << np.uint64(56)
            d ^= value
            a, b, c, d = _round(a, b, c, d)
            a, b, c, d = _round(a, b, c, d)
            a ^= value
        c ^= np.uint64(255)
        for _ in range(4):
            a, b, c, d = _round(a, b, c, d)
        found = a ^ b ^ c ^ d
        hashes[text] = found if found != 0 else np.uint64(1)
        begin = end


def hash_texts(texts: Sequence[str | None], key: bytes) -> Hashes:
    """Hash texts.

    Parameters
    ----------
    texts
        Any; None is a missing one.
    key
        16 bytes; see `spec_key`.

    Returns
    -------
    Hashes
        One for each text: 0 if it is missing, and never 0 otherwise.
    """
    known = [text for text in texts if text is not None]
    joined = "".join(known)
    if joined.isascii():
        data, sizes = joined.encode(), [-1 if text is None else len(text) for text in texts]
    else:
        encoded = [None if t is None else t.encode("utf-8", "surrogatepass") for t in texts]
        data = b"".join(part for part in encoded if part is not None)
        sizes = [-1 if part is None else len(part) for part in encoded]
    lengths = np.array(sizes, dtype=np.int64)
    ends = np.where(lengths < 0, -1, np.cumsum(np.maximum(lengths, 0)))
    low, high = np.frombuffer(key, "<u8", count=2)
    hashes = np.zeros(len(ends), np.uint64)
    _siphash(np.frombuffer(data, "u1"), ends, low, high, hashes)
    return hashes


def spec_key(sha256: str) -> bytes:
    """Return the key that a spec's texts are hashed with, from the spec's hash."""
    return bytes.fromhex(sha256)[:16]
