"""The bits of states and features are the same on every machine, with and without a compiler."""

import hashlib
import math
import os
import subprocess
import sys
from itertools import accumulate, repeat

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.core.memory.durations import MINUTE
from anomaly_app.core.memory.events import Events
from anomaly_app.core.memory.layout import Plan
from anomaly_app.core.memory.powers import logarithm, power_of_two
from anomaly_app.core.memory.spec import FORMAT
from anomaly_app.core.memory.trigonometry import inverse_sine, sine
from tests.support.entity_memory import NOON, batches, events_of, memory_of

FINGERPRINTS = {
    "small": "ca3f83aa8438fa8c45334b9c7a651e06b9ce0b0a4e7c23f3c26d6755f52f37c2",
    "large": "5b1397f71b4388fab1723b0be7a165130adcdc75e9a986634e46770427fc5830",
}
"""Of features and state after `events`, of format 1."""


def events(plan: Plan) -> Events:
    """Give events of integers and of their quotients alone, which all machines agree about."""
    many = 200
    state = accumulate(
        repeat(0, many), lambda s, _: (s * 6364136223846793005 + 1) % 2**64, initial=9
    )
    random = np.array([*state][1:], dtype=np.uint64)
    small = (random >> np.uint64(40)).astype(np.int64)
    gaps = np.where(small % 7 == 0, small * 60, small // 60)
    return events_of(
        plan,
        NOON + np.cumsum(gaps) - np.where(small % 5 == 0, 3 * MINUTE, 0),
        keys=small % 4,
        amount=np.where(small % 11 == 0, np.nan, (small % 100_003 - 20_000) / 64),
        lat=(small % 18_001 - 9_000) / 100,
        long=(small % 35_999 - 18_000) / 100,
        merchant=np.where(small % 13 == 0, 0, random[small % 40]),
    )


def fingerprint(cells: str) -> str:
    """Hash features and state, after batches that are too small to look ahead in."""
    memory = memory_of(cells=cells, capacity=512)
    features = [memory.observe(batch).tobytes() for batch in batches(events(memory.plan), 5)]
    return hashlib.sha256(b"".join([*features, memory.digest()])).hexdigest()


@pytest.mark.parametrize("cells", FINGERPRINTS)
def test_what_records_and_features_mean_has_not_changed(cells: str) -> None:
    changed = "records or features have changed: raise spec.FORMAT, and put the fingerprint here"
    assert FORMAT == 1
    assert fingerprint(cells) == FINGERPRINTS[cells], changed


def test_plain_python_gives_the_same_bits_as_the_compiled_loop() -> None:
    """Python never fuses or reorders; the compiler may not, either."""
    run = f"from {__name__} import fingerprint; print(fingerprint('small'), fingerprint('large'))"
    plain = subprocess.run(
        [sys.executable, "-c", run],
        env={**os.environ, "NUMBA_DISABLE_JIT": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert plain.stdout.split() == [fingerprint("small"), fingerprint("large")]


@given(st.floats(1e-300, 1e300))
def test_logarithms_are_right(size: float) -> None:
    assert logarithm(size) == pytest.approx(math.log(size), rel=1e-14, abs=1e-15)


@given(st.floats(-1000, 1000))
def test_powers_are_right(exponent: float) -> None:
    assert power_of_two(exponent) == pytest.approx(2.0**exponent, rel=1e-14)


@given(st.floats(-360, 360))
def test_sines_are_right(degrees: float) -> None:
    assert sine(degrees) == pytest.approx(math.sin(math.radians(degrees)), abs=1e-15)


@given(st.floats(0, 1))
def test_inverse_sines_are_right(value: float) -> None:
    assert inverse_sine(value) == pytest.approx(math.asin(value), rel=1e-14)
