"""Columns: which one is the key, the time, the label, and what the others hold."""
