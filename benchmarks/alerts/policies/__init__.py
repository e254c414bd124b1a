"""Policies that turn anomalies into messages, one a file."""
