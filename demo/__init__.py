"""``make demo``: a broker, a simulated or recorded stream, and the app between them.

Public are the command, ``python -m demo``, and the `simulators`.
"""

__all__ = ["simulators"]
