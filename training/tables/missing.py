"""Strings that mean a missing value."""

import re

import polars as pl

MISSING = frozenset(
    {"", "na", "n/a", "n.a.", "#n/a", "#n/a n/a", "#na", "<na>", "nan", "-nan", "null", "#null!"}
    | {
        "nil",
        "none",
        "?",
        "-",
        "--",
        "---",
        "\N{EN DASH}",
        "\N{EM DASH}",
        ".",
        "nat",
        "\\n",
        "missing",
        "n.v.",
    }
    | {"#value!", "#div/0!", "#ref!", "#num!", "#name?", "1.#ind", "-1.#ind", "1.#qnan"}
)
"""Strings, in lower case, that mean a missing value in a column of numbers."""

MISSING_TEXTS = MISSING - {"--", "---", "\N{EN DASH}", "\N{EM DASH}", ".", "missing", "nil"}
"""The same in a column of strings, where others may be values."""

CODE = r"[A-Z]{2,5}"
"""Codes of regions and countries."""

LONGEST_MISSING = 10
"""Maximum length of such a string in bytes."""


def are_missing(texts: pl.Series) -> pl.Series:
    """Return which strings in a column of numbers mean a missing value."""
    return texts.str.strip_chars().str.to_lowercase().is_in(list(MISSING))


def missing_texts(column: pl.Series, *, none_is_text: bool) -> list[str]:
    """Return the strings in a column of strings that mean a missing value.

    Parameters
    ----------
    column
        Strings without surrounding spaces.
    none_is_text
        Whether "none" is a value, as in labels.
    """
    words = MISSING_TEXTS - {"none"} if none_is_text else MISSING_TEXTS
    short = column.filter(column.str.len_bytes() <= LONGEST_MISSING).unique().to_list()
    found = [text for text in short if text.lower() in words]
    others = [text for text in short if text not in found]
    if "NA" in found and others and all(re.fullmatch(CODE, text) for text in others):
        # Beside EU and APAC it is North America.
        found.remove("NA")
    return found
