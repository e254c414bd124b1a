"""Check whether about as many rows alert as requested."""

from anomaly_app.core.wording import percent

TOO_MANY = 5.0
"""Multiple of the requested share above which there are too many alerts."""

SURE_OF_NONE = 8.0
"""Minimum number of expected alerts for a warning that there are none."""

SURE_OF_MANY = 10
"""Minimum number of alerts for a warning that there are too many."""

TOO_FEW = 5.0
"""Multiple of the share found below which there are too few alerts."""

SURE_OF_FEW = 40.0
"""Minimum number of expected alerts for a warning that there are too few."""


def alert_share_warning(asked: float, found: int, rows: int) -> str | None:
    """Warn if far more or fewer rows alert than requested; None if about as many do.

    Parameters
    ----------
    asked
        Requested share of the rows, above 0 and at most 0.5.
    found
        Number of rows that alert.
    rows
        Number of rows judged.
    """
    expected = asked * rows
    if found == 0 and expected >= SURE_OF_NONE:
        return f"none of {rows:,} rows alerts; about {expected:,.0f} were expected"
    # Five times a high share would be more than all rows.
    too_many = rows * min(TOO_MANY * asked, (1.0 + asked) / 2.0)
    many = found >= SURE_OF_MANY and found > too_many
    few = 0 < found < expected / TOO_FEW and expected >= SURE_OF_FEW
    if many or few:
        verb = "alerts" if found == 1 else "alert"
        return (
            f"{found:,} of {rows:,} rows {verb} ({percent(found / rows)}); about "
            f"{expected:,.0f} ({percent(asked)}) were expected"
        )
    return None
