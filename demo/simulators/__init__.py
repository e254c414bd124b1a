"""Simulated streams of four industries, with labelled anomalies; reproducible by seed."""
