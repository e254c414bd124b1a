"""Benchmark: this app compared with published alternatives, on the same broker.

Public is the command ``python -m benchmarks`` alone.
"""

__all__: list[str] = []
