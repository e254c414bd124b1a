"""What the store costs: rows written per second, and what a page for reviewing waits for."""

from benchmarks.store.command import store

__all__ = ["store"]
