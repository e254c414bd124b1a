"""Hashes of texts and keys."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.core.memory.hashing import hash_texts, spec_key

KEY = bytes(range(16))


@pytest.mark.parametrize(
    ("size", "digest"),
    [
        (0, "310e0edd47db6f72"),
        (1, "fd67dc93c539f874"),
        (7, "37d1018bf50002ab"),
        (8, "6224939a79f5f593"),
        (15, "e545be4961ca29a1"),
        (63, "724506eb4c328a95"),
    ],
)
def test_hashes_are_those_of_the_published_vectors(size: int, digest: str) -> None:
    text = bytes(range(size)).decode()
    assert int(hash_texts([text], KEY)[0]).to_bytes(8, "little").hex() == digest


def test_a_missing_text_is_0_and_an_empty_one_is_not() -> None:
    missing, empty = hash_texts([None, ""], KEY).tolist()
    assert missing == 0
    assert empty != 0


@given(st.lists(st.none() | st.text(), max_size=20))
def test_a_text_has_the_same_hash_in_any_company(texts: list[str | None]) -> None:
    together = hash_texts(texts, KEY).tolist()
    assert together == [int(hash_texts([text], KEY)[0]) for text in texts]


def test_a_text_that_is_no_unicode_has_a_hash() -> None:
    assert hash_texts(["\ud800"], KEY)[0] != 0


def test_specs_hash_texts_in_their_own_ways() -> None:
    one, other = (hash_texts(["card-1"], spec_key(sha256 * 32)) for sha256 in ("ab", "cd"))
    assert one[0] != other[0]


def test_keys_are_spread_evenly() -> None:
    upper_bits = hash_texts([f"card-{n}" for n in range(64_000)], KEY) >> np.uint64(58)
    counts = np.bincount(upper_bits.astype(np.int64), minlength=64)
    assert counts.min() > 850
    assert counts.max() < 1150
