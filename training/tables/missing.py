"""Ways of writing that there is no value."""

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
"""Ways of writing, in lower case, that there is no value, in a column of numbers."""

MISSING_TEXTS = MISSING - {"--", "---", "\N{EN DASH}", "\N{EM DASH}", ".", "missing", "nil"}
"""The same in a column of texts, where more of them can be values."""

CODE = r"[A-Z]{2,5}"
"""As regions and countries are written."""

LONGEST_MISSING = 10
"""Bytes of a text that may mean that there is none."""


def are_missing(texts: pl.Series) -> pl.Series:
    """Tell which texts in a column of numbers say that there is none."""
    return texts.str.strip_chars().str.to_lowercase().is_in(list(MISSING))


def missing_texts(column: pl.Series, *, none_is_text: bool) -> list[str]:
    """List the texts in a column of texts that say that there is none.

    Parameters
    ----------
    column
        Without spaces around its texts.
    none_is_text
        Whether the word "none" is a value, as in a label.
    """
    words = MISSING_TEXTS - {"none"} if none_is_text else MISSING_TEXTS
    short = column.filter(column.str.len_bytes() <= LONGEST_MISSING).unique().to_list()
    found = [text for text in short if text.lower() in words]
    others = [text for text in short if text not in found]
    if "NA" in found and others and all(re.fullmatch(CODE, text) for text in others):
        # Beside EU and APAC it is North America.
        found.remove("NA")
    return found
