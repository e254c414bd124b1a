"""Features against an oracle: SQL over all earlier events."""

from tests.support.memory_oracle import compare_streams

CHECKS = 40_000
"""In tests/hard there are a million."""


def test_features_are_those_of_the_oracle() -> None:
    assert compare_streams(CHECKS, seed=1) >= CHECKS
