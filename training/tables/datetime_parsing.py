"""Parse dates and times."""

import polars as pl

from training.tables.datetime_patterns import WAYS, Order

PLAIN = ("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S")

MONTHS = (*("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"),)
IN_OTHER_WORDS = {
    "mär": 3,
    "mrz": 3,
    "mai": 5,
    "okt": 10,
    "dez": 12,
    "avr": 4,
    "fév": 2,
    "aoû": 8,
    "déc": 12,
}
MONTH_OF = {name: index + 1 for index, name in enumerate(MONTHS)} | IN_OTHER_WORDS

CENTURY, FIRST_OF_1900 = 100, 69

DAYS = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)


def parse_datetimes(texts: pl.Series, order: Order) -> pl.DataFrame:
    """Parse strings as datetimes.

    Parameters
    ----------
    texts
        Strings of one column.
    order
        Order of dates such as 01/05/2026.

    Returns
    -------
    DataFrame
        ``naive``: date and time as written; ``offset``: seconds ahead of UTC, null if there is
        none. Both are null for strings that are not times.
    """
    texts = texts.str.strip_chars()
    naive = pl.Series("naive", [None], dtype=pl.Datetime("us")).new_from_index(0, len(texts))
    offset = pl.Series("offset", [None], dtype=pl.Int64).new_from_index(0, len(texts))
    for time_format in PLAIN:
        # The most frequent formats by far, four times as fast to parse as with the patterns.
        if naive.has_nulls():
            read = texts.str.to_datetime(time_format, strict=False, time_unit="us")
            naive = (
                read
                if naive.null_count() == len(naive)
                else pl.select(pl.coalesce(naive, read)).to_series()
            )
    for pattern in WAYS.values():
        unread = naive.is_null() & texts.is_not_null()
        if not unread.any():
            break
        indices = unread.arg_true()
        some = texts if len(indices) == len(texts) else texts.gather(indices)
        matches = some.str.contains(pattern)
        if not matches.any():
            continue
        apart = _assembled(some.str.extract_groups(pattern).struct.unnest(), order)
        naive = naive.scatter(indices, apart["naive"])
        offset = offset.scatter(indices, apart["offset"])
    return pl.DataFrame([naive.alias("naive"), offset.alias("offset")])


def _assembled(parts: pl.DataFrame, order: Order) -> pl.DataFrame:
    named = parts.columns
    if "one" in named:
        names = ("day", "month") if order == "day" else ("month", "day")
        parts = parts.rename(dict(zip(("one", "two"), names, strict=True)))
    if "name" in named:
        month = pl.col("name").str.to_lowercase().str.slice(0, 3)
        parts = parts.with_columns(month.replace_strict(MONTH_OF, default=None).alias("month"))
    whole = {
        name: pl.col(name).cast(pl.Int64, strict=False)
        for name in ("year", "month", "day", "hour", "minute", "second")
    }
    short = pl.col("year").str.len_bytes() <= 2  # noqa: PLR2004
    year = whole["year"] + pl.when(~short).then(0).when(whole["year"] < FIRST_OF_1900).then(
        2000
    ).otherwise(1900)
    half = pl.col("half").str.to_lowercase().str.slice(0, 1)
    hour = whole["hour"].fill_null(0)
    hour = (
        pl.when(half.is_in(["a", "p"]))
        .then(hour % 12 + pl.when(half == "p").then(12).otherwise(0))
        .otherwise(hour)
    )
    micro = pl.col("part").str.pad_end(9, "0").str.slice(0, 6).cast(pl.Int64, strict=False)
    read = parts.select(
        year.alias("year"),
        whole["month"].alias("month"),
        whole["day"].alias("day"),
        hour.alias("hour"),
        *(whole[name].fill_null(0).alias(name) for name in ("minute", "second")),
        micro.fill_null(0).alias("micro"),
        _offset().alias("offset"),
    )
    last = pl.col("month").replace_strict(dict(enumerate(DAYS, 1)), default=None)
    leap = (pl.col("year") % 4 == 0) & ((pl.col("year") % 100 != 0) | (pl.col("year") % 400 == 0))
    leaps_over = (pl.col("month") == 2) & (pl.col("day") == 29) & ~leap  # noqa: PLR2004
    valid = (
        pl.col("month").is_between(1, 12)
        & pl.col("day").is_between(1, last)
        & ~leaps_over
        & (pl.col("hour") < 24)  # noqa: PLR2004
        & (pl.col("minute") < 60)  # noqa: PLR2004
        & (pl.col("second") <= 60)  # noqa: PLR2004
    )
    checked = read.select(pl.when(valid).then(pl.all()))
    date = pl.datetime("year", "month", "day", "hour", "minute")
    rest = pl.duration(seconds="second", microseconds="micro")
    return checked.select((date + rest).cast(pl.Datetime("us")).alias("naive"), "offset")


def _offset() -> pl.Expr:
    digits = pl.col("offset").str.replace(":", "", literal=True)
    hours = digits.str.slice(1, 2).cast(pl.Int64, strict=False)
    minutes = digits.str.slice(3, 2).cast(pl.Int64, strict=False).fill_null(0)
    sign = pl.when(digits.str.starts_with("-")).then(-1).otherwise(1)
    return (
        pl.when(digits.is_null() | (digits == ""))
        .then(None)
        .when(digits.str.to_lowercase().is_in(["z", "utc", "gmt"]))
        .then(0)
        .otherwise(sign * (hours * 3600 + minutes * 60))
    )
