"""Observability: what the app counts and serves."""
