"""``make demo``: a broker, a simulated or recorded stream, and the app between them.

Only the command ``python -m demo`` is public.
"""

__all__: list[str] = []
