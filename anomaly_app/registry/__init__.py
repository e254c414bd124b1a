"""The model registry: `artifacts` loads and saves models on disk."""

__all__ = ["artifacts"]
