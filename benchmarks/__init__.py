"""The benchmark: this app beside the published ways of doing the same, on the same broker.

Public is the command ``python -m benchmarks`` alone.
"""

__all__: list[str] = []
