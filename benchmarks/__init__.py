"""Benchmark: this app compared with published alternatives, on the same broker."""
