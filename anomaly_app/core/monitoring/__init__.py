"""Monitoring of the stream: pure state machines that decide what a worker warns about.

`watch.step` takes a batch and returns the lines to log; `rates` and `absences` are its parts, and
`throttle` limits any other line.
"""

__all__ = ["absences", "rates", "remedies", "throttle", "watch", "window"]
