"""One line for many events of a kind, so that a flood of them does not fill the log."""


class Throttle:
    """Decides when to log how often something has happened.

    The first event is logged at once; after that, at most one line per interval is, with the number
    of events since the last one.

    Parameters
    ----------
    interval
        Minimum number of seconds between two lines.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._next_at = float("-inf")
        self._unreported = 0

    def count(self, now: float) -> int | None:
        """Count one more event.

        Parameters
        ----------
        now
            Seconds of a monotonic clock.

        Returns
        -------
        int or None
            Number of events since the last line, including this one; None: do not log yet.
        """
        self._unreported += 1
        if now < self._next_at:
            return None
        self._next_at = now + self._interval
        unreported, self._unreported = self._unreported, 0
        return unreported
