"""What the memory of entities costs: its kernel, workers with and without it, and its log.

`run` measures the parts that a plan names; each part is a module of its own.
"""

__all__ = ["goals", "plan", "run"]
