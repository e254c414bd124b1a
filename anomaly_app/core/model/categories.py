"""Codes for categories in the model's matrix."""

from collections.abc import Mapping, Sequence

import numpy as np

UNKNOWN_CATEGORY = -1.0
"""Code for a string that was not in the training data."""

MOST_DIGITS = 4_300
"""Maximum number of digits of an integer that Python and the parser read from a string."""


def category_codes(categories: Sequence[str]) -> Mapping[str | float | None, float]:
    """Map each category, and each integer that is written like one, to its code."""
    codes: dict[str | float | None, float] = {None: np.nan}
    for code, text in enumerate(categories):
        codes[text] = float(code)
        # A producer that sends the number 311 for a shop means the category "311".
        digits = text.removeprefix("-")
        whole = digits.isascii() and digits.isdigit() and len(digits) <= MOST_DIGITS
        if whole and str(int(text)) == text:
            codes[int(text)] = float(code)
    return codes
