"""Scoring: from a batch of records to a verdict."""
