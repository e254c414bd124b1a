"""A million features against an oracle: SQL over all earlier events."""

from collections.abc import Callable

from tests.support.memory_oracle import compare_streams

CHECKS = 1_000_000


def test_a_million_features_are_those_of_the_oracle(measured: Callable[[str], None]) -> None:
    checks = compare_streams(CHECKS, seed=2)
    measured(f"{checks:,} features compared, all equal")
    assert checks >= CHECKS
