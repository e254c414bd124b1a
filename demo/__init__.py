"""``make demo``: a broker, a simulator of card customers, and the app between them.

Public is the command ``python -m demo`` alone.
"""

__all__: list[str] = []
