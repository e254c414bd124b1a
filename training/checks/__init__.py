"""Checks of a history: warnings about data that would mislead a model."""
