"""Features against an oracle: SQL over all earlier events."""

import numpy as np
import pytest

from tests.support.entity_memory import memory_of, random_stream
from tests.support.memory_oracle import expected


@pytest.mark.parametrize("seed", range(6))
def test_features_are_those_of_the_oracle(seed: int) -> None:
    memory = memory_of()
    random = np.random.default_rng(seed)
    events = random_stream(memory.plan, random, 300, entities=int(random.integers(1, 40)))
    found = memory.observe(events)
    for name, one, other in zip(
        memory.plan.names, found.T, expected(memory.plan, events).T, strict=True
    ):
        np.testing.assert_allclose(one, other, rtol=1e-12, atol=1e-9, err_msg=name)
