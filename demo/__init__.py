"""``make demo``: a broker, a simulator of card customers, and the app between them.

Only the command ``python -m demo`` is public.
"""

__all__: list[str] = []
