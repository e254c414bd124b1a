"""Format numbers, shares and odds, in the same way for terminal, reports and alerts."""

NOTHING = "\N{EN DASH}"
"""Shown if there is no value: a precision without alerts, a recall without anomalies."""

PLAIN = 1e-4, 1e15
"""Magnitudes of numbers that are written without an exponent."""

RARE = 1e-9
"""Smaller p-values are no more informative: they are far beyond all data."""

MILLION = 1e6


def number(value: float, digits: int = 4) -> str:
    """Format a number with some significant digits, but always the whole integer part.

    Parameters
    ----------
    value
        Finite or not.
    digits
        At least 1.
    """
    if value != value:  # noqa: PLR0124  # only NaN is not itself
        return NOTHING
    size = abs(value)
    if value == 0.0 or PLAIN[0] <= size < PLAIN[1]:
        whole = len(f"{size:.0f}") if size >= 1.0 else 0
        if whole >= digits or value == int(value):
            return f"{value:,.0f}"
        return _without_idle_zeros(
            f"{value:,.{digits}g}" if whole == 0 else f"{value:,.{digits - whole}f}"
        )
    return f"{value:.{digits - 1}g}"


def percent(share: float | None) -> str:
    """Format a share, 0 to 1, in per cent with three significant digits; `NOTHING` for None."""
    return NOTHING if share is None or share != share else f"{number(share * 100, 3)}%"  # noqa: PLR0124


def odds(p_value: float) -> str:
    """Format a p-value, 0 to 1, as odds: ``1 in 1,250``."""
    if p_value < RARE:
        return "fewer than 1 in a billion"
    rows = 1.0 / p_value
    if rows >= MILLION:
        return f"1 in {number(rows / MILLION, 3)} million"
    return f"1 in {number(float(f'{rows:.3g}'))}"


def how_unusual(p_value: float) -> str:
    """Describe how many transactions are as unusual as one with this p-value."""
    if p_value < RARE:
        return f"{odds(p_value)} transactions are this unusual"
    return f"about {odds(p_value)} transactions is this unusual"


def _without_idle_zeros(written: str) -> str:
    return written.rstrip("0").rstrip(".") if "." in written else written
