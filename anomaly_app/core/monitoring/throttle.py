"""One line for many events of a kind, so that a flood of them does not fill the log."""


class Throttle:
    """Tell when to say how often something has happened.

    The first time it is said at once; then at most once in an interval, with the count of all
    that was not said.

    Parameters
    ----------
    interval
        Seconds between two lines, at least.
    """

    def __init__(self, interval: float) -> None:
        self._interval = interval
        self._next_at = float("-inf")
        self._unsaid = 0

    def count(self, now: float) -> int | None:
        """Count one more event.

        Parameters
        ----------
        now
            Seconds of a clock that never goes back.

        Returns
        -------
        int or None
            How many there were since the last line, this one included; None: say nothing yet.
        """
        self._unsaid += 1
        if now < self._next_at:
            return None
        self._next_at = now + self._interval
        unsaid, self._unsaid = self._unsaid, 0
        return unsaid
