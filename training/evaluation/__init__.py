"""Evaluation: how good detectors are, with intervals."""
