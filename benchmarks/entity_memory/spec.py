"""The memory that is measured where a preset would not do: it stays as it is."""

from anomaly_app.core.memory.spec import MemorySpec, read_spec

WINDOWS = ("1h", "1d", "7d", "30d")

FEATURES = (
    *(f"count:{window}" for window in WINDOWS),
    *(f"sum:amount:{window}" for window in WINDOWS),
    "mean:amount:1d",
    "mean:amount:30d",
    *(f"ratio:count:{window}:30d" for window in WINDOWS[:3]),
    *(f"ratio:sum:amount:{window}:30d" for window in WINDOWS[:3]),
    "ratio:count:1h:7d",
    "ratio:mean:amount:1d:30d",
    "zscore:amount:30d",
    "zscore:log(amount):30d",
    "relative:amount:30d",
    "difference:amount",
    "difference:amount:30d",
    "since_last",
    "hours:30d",
    "first:merchant",
    *(f"distinct:merchant:{window}" for window in WINDOWS[1:]),
    "distinct_rate:merchant:7d",
)
"""Thirty features of a card: what the literature on card fraud finds useful."""


def thirty_features(capacity: int) -> MemorySpec:
    """Return a memory of thirty features, for so many entities of a partition."""
    return read_spec({"keys": [{"features": FEATURES, "capacity": capacity}]})
