"""Monitoring of the stream: what a worker should warn about, as pure state machines."""
