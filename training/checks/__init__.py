"""Checks of a history: what would mislead a model, said before it is fitted."""
