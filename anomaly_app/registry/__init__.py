"""The model registry: artifacts on disk."""
