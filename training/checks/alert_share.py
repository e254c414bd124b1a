"""Whether rows alert about as often as was asked: said loudly where they do not."""

from anomaly_app.core.wording import percent

TOO_MANY = 5.0
"""Times the asked share from which on alerts are too many."""

SURE_OF_NONE = 8.0
"""Alerts that were to be expected before it means something that there is none."""

SURE_OF_MANY = 10
"""Alerts at least before they are called too many."""

TOO_FEW = 5.0
"""Times the found share from which on the asked one is too much above it."""

SURE_OF_FEW = 40.0
"""Alerts that were to be expected before it means something that there are few."""


def alert_share_warning(asked: float, found: int, rows: int) -> str | None:
    """Say that alerts are far more or fewer than was asked, or none; None where all is well.

    Parameters
    ----------
    asked
        Share of the rows that shall alert, above 0 and at most 0.5.
    found
        How many rows alert.
    rows
        How many rows were judged.
    """
    expected = asked * rows
    if found == 0 and expected >= SURE_OF_NONE:
        return f"none of {rows:,} rows alerts; about {expected:,.0f} were asked for"
    # Five times a high share is more than there are rows.
    too_many = rows * min(TOO_MANY * asked, (1.0 + asked) / 2.0)
    many = found >= SURE_OF_MANY and found > too_many
    few = 0 < found < expected / TOO_FEW and expected >= SURE_OF_FEW
    if many or few:
        verb = "alerts" if found == 1 else "alert"
        return (
            f"{found:,} of {rows:,} rows {verb} ({percent(found / rows)}); about "
            f"{expected:,.0f} ({percent(asked)}) were asked for"
        )
    return None
