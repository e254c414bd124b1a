"""Monitoring of the stream: what a worker should warn about, as pure state machines.

`watch.step` takes in a batch and gives the lines to log; `rates` and `absences` are its parts, and
`throttle` bounds any other line.
"""

__all__ = ["absences", "rates", "remedies", "throttle", "watch", "window"]
