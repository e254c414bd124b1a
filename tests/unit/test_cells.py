"""Cells as people and programs write them: numbers, codes, what is missing, and times."""

import datetime as dt
import re
from contextlib import suppress
from pathlib import Path
from zoneinfo import ZoneInfo

import numpy as np
import polars as pl
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from anomaly_app.errors import DataError
from training.history import read_history
from training.tables.cells import Read, read_cells
from training.tables.decimals import Decimals, decimals_of
from training.tables.table import Table, row_of
from training.tables.times import AmbiguousTimeError, Times, read_times

MANY = [f"{i * 1.37:.2f}" for i in range(200)]


def read(*cells: str | None, said: str | None = None, separator: str = ",") -> Read:
    column = pl.Series("a", cells, dtype=pl.String)
    decimals = decimals_of(Table("made", column.to_frame(), separator=separator), None)
    if said is not None:
        decimals = Decimals("comma" if said == "comma" else "point")
    return read_cells(column, decimals, row_of, none_is_text=False)


@pytest.mark.parametrize(
    ("cells", "numbers"),
    [
        (["1", "2"], [1, 2]),
        (["1.5", "2"], [1.5, 2]),
        ([" 1 ", "+2", "-3"], [1, 2, -3]),
        (["1,5", "2,25"], [1.5, 2.25]),
        (["1.234,5", "2"], [1234.5, 2]),
        (["1,234.5", "2"], [1234.5, 2]),
        (["1.234.567", "2"], [1234567, 2]),
        (["1 234,5", "12 000"], [1234.5, 12000]),
        (["1\u202f234,5", "12\u00a0000"], [1234.5, 12000]),
        (["1'234.5", "2"], [1234.5, 2]),
        (["$1,234.50", "-$3", "$-4"], [1234.5, -3, -4]),
        (["12,50 €", "1.000,00 €"], [12.5, 1000]),
        (["EUR 5.5", "7 EUR"], [5.5, 7]),
        (["R$5", "R$ 7"], [5, 7]),
        (["12%", "13.5 %"], [12, 13.5]),
        (["(5.00)", "\N{MINUS SIGN}3"], [-5, -3]),
        (["1e5", "2.5E-3"], [1e5, 0.0025]),
        ([".5", "5."], [0.5, 5]),
        (["'1'", "'2'"], [1, 2]),
        (["true", "False"], [True, False]),
        (["9007199254740993", "2"], [9007199254740993, 2]),
    ],
)
def test_numbers_as_people_write_them(cells: list[str], numbers: list[float]) -> None:
    assert read(*cells).column.to_list() == numbers
    assert read(*cells).warnings == ()


@pytest.mark.parametrize(
    "cells",
    [
        ["0042", "0043", "1200"],
        ["+491701234567", "+4930123456"],
        ["10.0.0.1", "192.168.100.101"],
        ["192.168.100.101", "192.168.100.102"],
        ["12345678901234567890", "2"],
        ["A12", "A13"],
        ["85123A", "71053", "84406"] * 9,
        ["0", "a", "b", "c"] * 9,
        ["10:30", "11:30"],
        ["2026-01-05", "2026-01-06"],
        ["1-2", "3-4"],
        ["4111 1111 1111 1111", "4222 2222 2222 2222"],
        ["1,2,3", "4"],
        ["ABC 12", "DEF 13"],
    ],
)
def test_codes_and_names_are_no_numbers(cells: list[str]) -> None:
    assert read(*cells).column.dtype == pl.String


def test_a_code_says_so() -> None:
    assert (
        "not as a number, because it has codes such as '0042'" in read("0042", "0043").warnings[0]
    )


def test_one_number_with_a_zero_first_is_no_code() -> None:
    assert read(*map(str, range(5_000)), "007").column.dtype == pl.Int64


@pytest.mark.parametrize(
    "word", ["", "n/a", "N/A", "NA", "?", "-", "--", "NULL", "null", "#N/A", "None", "nan", "."]
)
def test_a_missing_value_is_no_bad_one(word: str) -> None:
    assert read(*MANY, word).column.to_list() == [*map(float, MANY), None]
    assert read(*MANY, word).warnings == ()


@pytest.mark.parametrize("word", ["abc", "A12", "inf", "1.2.3", "12 apples", "1e999", "x" * 999])
def test_one_bad_cell_is_a_missing_value_and_is_named(word: str) -> None:
    made = read(*MANY, word)
    assert made.column.to_list() == [*map(float, MANY), None]
    (line,) = made.warnings
    assert "a: 1 of 201 cells is not numeric" in line
    assert "row 201" in line
    assert len(line) < 200


def test_a_few_words_for_missing_numbers_are_no_values() -> None:
    made = read(*MANY, *["offline"] * 100)
    assert made.column.null_count() == 100
    assert "100 of 300 cells are not numeric" in made.warnings[0]


def test_a_column_that_is_half_text_stays_text_and_says_so() -> None:
    made = read(*MANY, *[f"word{i}" for i in range(50)])
    assert made.column.dtype == pl.String
    assert "200 of 250 values are numbers" in made.warnings[0]


def test_texts_keep_their_words_and_lose_what_means_nothing() -> None:
    assert read("food", " fuel ", "n/a", "", "?", "missing").column.to_list() == [
        *("food", "fuel", None, None, None, "missing")
    ]


def test_decimal_points_and_commas_in_one_column_are_refused() -> None:
    with pytest.raises(DataError, match=r"'1.5' \(row 1\) and '2,5' \(row 2\)"):
        read("1.5", "2,5")
    assert read("1.5", "2,5", said="comma").column.to_list() == ["1.5", "2,5"]


def test_a_few_cells_with_the_other_mark_count_as_missing() -> None:
    made = read(*MANY, "2,5")
    assert made.column.to_list()[-1] is None
    assert "'2,5'" in made.warnings[0]


@pytest.mark.parametrize(
    ("cells", "separator", "number", "warned"),
    [
        (["1.234", "5.678"], ",", 1.234, False),
        (["1.234", "0.678"], ";", 1.234, False),
        (["1.234", "5.678"], ";", 1.234, True),
        (["1,234", "5,678"], ";", 1.234, True),
        (["1,234", "5,678"], ",", 1234.0, True),
        (["1,234", "0,678"], ",", 1.234, False),
        (["1,234", "1,234,567"], ";", 1234.0, False),
    ],
)
def test_three_digits_after_a_mark_are_never_guessed_in_silence(
    cells: list[str], separator: str, number: float, *, warned: bool
) -> None:
    made = read(*cells, separator=separator)
    assert made.column[0] == number
    assert bool(made.warnings) == warned
    if warned:
        assert "decimal=" in made.warnings[0]


def test_other_columns_tell_what_a_column_does_not() -> None:
    frame = pl.DataFrame({"a": ["1.234", "5.678"], "b": ["1,5", "2,5"]})
    decimals = decimals_of(Table("made", frame, separator=";"), None)
    made = read_cells(frame["a"], decimals, row_of, none_is_text=False)
    assert made.column.to_list() == [1234.0, 5678.0]


def test_several_currencies_are_warned_of() -> None:
    assert "EUR, USD" in read("EUR 5", "USD 7").warnings[0]


def written(number: float, thousands: str, decimal: str, digits: int) -> str:
    return f"{number:,.{digits}f}".translate({ord(","): thousands, ord("."): decimal})


NUMBERS = st.lists(st.floats(-1e9, 1e9), min_size=1, max_size=20)


@given(NUMBERS, st.sampled_from([(",", "."), (".", ","), (" ", ","), (" ", "."), ("'", ".")]))
def test_a_number_in_any_style_reads_back_equal(
    numbers: list[float], style: tuple[str, str]
) -> None:
    made = read(*(written(number, *style, 2) for number in numbers), separator=";").column
    assert made.cast(pl.Float64).to_list() == [float(f"{number:.2f}") for number in numbers]


@given(NUMBERS, st.sampled_from(["${}", "{} €", "EUR {}", "{} USD", "{}%", " {} ", "'{}'"]))
def test_what_stands_around_a_number_changes_nothing(numbers: list[float], around: str) -> None:
    made = read(*(around.format(f"{number:.4f}") for number in numbers)).column
    assert made.cast(pl.Float64).to_list() == [float(f"{number:.4f}") for number in numbers]


@given(st.lists(st.text(max_size=12) | st.none(), min_size=1, max_size=9))
def test_any_texts_are_read_without_a_fault(cells: list[str | None]) -> None:
    try:
        made = read(*cells)
    except DataError as refused:
        assume("decimal points and decimal commas" not in str(refused))
        raise
    assert len(made.column) == len(cells)


def times(*cells: object, zone: str = "UTC", time_format: str | None = None) -> Times:
    return read_times(pl.Series("t", cells, strict=False), zone=zone, time_format=time_format)


def moments(read_back: Times) -> list[str | None]:
    return [
        None if np.isnan(one) else dt.datetime.fromtimestamp(one, tz=dt.UTC).isoformat()[:19]
        for one in read_back.seconds.tolist()
    ]


@pytest.mark.parametrize(
    ("cell", "moment"),
    [
        ("2026-01-05 10:15:00", "2026-01-05T10:15:00"),
        ("2026-01-05T10:15:00.123Z", "2026-01-05T10:15:00"),
        ("2026-01-05T10:15+01:00", "2026-01-05T09:15:00"),
        ("2026-01-05 10:15:00,999", "2026-01-05T10:15:00"),
        ("2026-01-05 10:15:00 UTC", "2026-01-05T10:15:00"),
        ("20260105T101500Z", "2026-01-05T10:15:00"),
        ("2026-01-05", "2026-01-05T00:00:00"),
        ("2026/01/05 10:15", "2026-01-05T10:15:00"),
        ("05.01.2026 10:15", "2026-01-05T10:15:00"),
        ("25/01/2026 10:15", "2026-01-25T10:15:00"),
        ("01/25/2026 3:15 PM", "2026-01-25T15:15:00"),
        ("01/25/2026 12:15 am", "2026-01-25T00:15:00"),
        ("1/25/26", "2026-01-25T00:00:00"),
        ("25 01 2026 10:15", "2026-01-25T10:15:00"),
        ("05-Jan-2026", "2026-01-05T00:00:00"),
        ("05/Jan/2026:10:15:00 +0100", "2026-01-05T09:15:00"),
        ("Jan 5, 2026", "2026-01-05T00:00:00"),
        ("5 January 2026 10:15", "2026-01-05T10:15:00"),
        ("Mon, 05 Jan 2026 10:15:00 +0100", "2026-01-05T09:15:00"),
        ("Mon Jan  5 10:15:00 2026", "2026-01-05T10:15:00"),
        ("20260105101500", "2026-01-05T10:15:00"),
        (20260105101500, "2026-01-05T10:15:00"),
        (202601051015, "2026-01-05T10:15:00"),
        (20260105, "2026-01-05T00:00:00"),
        (1767608100, "2026-01-05T10:15:00"),
        (1767608100.5, "2026-01-05T10:15:00"),
        (1767608100_000, "2026-01-05T10:15:00"),
        (1767608100_000_000, "2026-01-05T10:15:00"),
        (1767608100_000_000_000, "2026-01-05T10:15:00"),
        ("1767608100", "2026-01-05T10:15:00"),
        ("1767608100000", "2026-01-05T10:15:00"),
        (dt.date(2026, 1, 5), "2026-01-05T00:00:00"),
        (dt.datetime(2026, 1, 5, 10, 15, tzinfo=dt.UTC), "2026-01-05T10:15:00"),
        ("2026-02-30", None),
        ("2026-13-01", None),
        ("2025-02-29", None),
        ("2026-01-05 25:00", None),
        ("10:15:00", None),
        ("noon", None),
        ("1969-12-31", None),
        ("2101-01-01", None),
        (-5, None),
    ],
)
def test_times_in_the_usual_ways(cell: object, moment: str | None) -> None:
    assert moments(times(cell)) == [moment]
    assert moments(times(cell, None, cell)) == [moment, None, moment]


@pytest.mark.parametrize(
    ("cell", "formats"),
    [
        ("01/05/2026", "'%d/%m/%Y' or '%m/%d/%Y'"),
        ("01-05-2026 10:15", "'%d-%m-%Y %H:%M' or '%m-%d-%Y %H:%M'"),
        ("1/5/26 3:15 PM", "'%d/%m/%y %I:%M %p' or '%m/%d/%y %I:%M %p'"),
    ],
)
def test_a_day_that_may_be_a_month_is_refused_with_the_option(cell: str, formats: str) -> None:
    with pytest.raises(AmbiguousTimeError, match="--time-format") as refused:
        times(cell, cell.replace("5", "7"))
    assert formats in str(refused.value)
    day_first, month_first = (one.strip("'") for one in formats.split(" or "))
    assert moments(times(cell, time_format=day_first)) != [None]
    assert moments(times(cell, time_format=day_first)) != moments(
        times(cell, time_format=month_first)
    )


def test_one_row_tells_day_and_month_of_all() -> None:
    assert moments(times("01/05/2026", "13/05/2026")) == [
        *("2026-05-01T00:00:00", "2026-05-13T00:00:00")
    ]
    assert moments(times("01/05/2026", "05/13/2026"))[0] == "2026-01-05T00:00:00"
    with pytest.raises(AmbiguousTimeError):
        times("13/05/2026", "05/13/2026")


def test_times_of_a_zone_know_its_summer_time() -> None:
    assert moments(
        times("2026-01-05 12:00", "2026-07-05 12:00", "2026-07-05T12:00Z", zone="Europe/Berlin")
    ) == ["2026-01-05T11:00:00", "2026-07-05T10:00:00", "2026-07-05T12:00:00"]
    # Twice there, and not at all.
    assert moments(times("2026-10-25 02:30", "2026-03-29 02:30", zone="Europe/Berlin")) == [
        *("2026-10-25T00:30:00", "2026-03-29T01:30:00")
    ]
    naive = dt.datetime(2026, 7, 5, 12)  # noqa: DTZ001
    assert moments(times(naive, zone="Europe/Berlin")) == ["2026-07-05T10:00:00"]
    with pytest.raises(DataError, match="unknown time zone 'Mars'"):
        times("2026-01-05", zone="Mars")


def test_a_clock_of_its_own_is_known() -> None:
    assert times(0, 1, 172_792).own_clock
    assert not times(1767608100).own_clock


def test_a_format_is_used_where_it_is_said() -> None:
    assert moments(times("5|1|26", time_format="%d|%m|%y")) == ["2026-01-05T00:00:00"]
    assert moments(times(20260105, time_format="%Y%m%d")) == ["2026-01-05T00:00:00"]
    assert moments(times("5.1.26 10.15.00.5", time_format="%d.%m.%y %H.%M.%S.%f")) == [
        "2026-01-05T10:15:00"
    ]


@pytest.mark.parametrize(
    ("cell", "time_format", "moment"),
    [
        ("04/07/16 05", "%d/%m/%y %H", "2016-07-04T05:00:00"),
        ("04/07/16 05 +0200", "%d/%m/%y %H %z", "2016-07-04T03:00:00"),
        ("2026-W10-1", "%G-W%V-%u", "2026-03-02T00:00:00"),
        ("2026 061 10:15:00,5", "%Y %j %H:%M:%S,%f", "2026-03-02T10:15:00"),
        ("2026-03", "%Y-%m", "2026-03-01T00:00:00"),
    ],
)
def test_formats_are_those_of_python(cell: str, time_format: str, moment: str) -> None:
    found = times(*[cell] * 30, None, "no time", time_format=time_format)
    assert moments(found) == [*[moment] * 30, None, None]
    assert found.time_format == time_format


def test_a_format_that_fits_nothing_is_said_and_one_that_is_none_refused() -> None:
    found = times("2026-01-05", time_format="%d/%m/%y")
    assert (found.unfit, found.time_format) == ("%d/%m/%y", None)
    assert moments(found) == ["2026-01-05T00:00:00"]
    with pytest.raises(AmbiguousTimeError, match="'%Y' fits no value: .*may have the day"):
        times("01/05/2026", time_format="%Y")
    for wrong in ("%F", "%.f", "%"):
        with pytest.raises(DataError, match="the time format"):
            times("2026-01-05", time_format=wrong)


@pytest.mark.parametrize("unit", ["kg", " kg", "ms", "°C", " m³/h", "km/h", " µg/m³"])
def test_a_unit_behind_all_numbers_is_taken_off_and_said(unit: str) -> None:
    found = read(*[f"{number}{unit}" for number in MANY], "n/a")
    assert found.column[:-1].to_list() == [float(number) for number in MANY]
    assert found.warnings[0].startswith(f"a was read as numbers in {unit.strip()}: send")


@pytest.mark.parametrize(
    "cells",
    [
        ["36 months", "60 months"] * 90,
        [f"00{i}A" for i in range(200)],
        [f"{i}{'ABCDEFGH'[i % 8]}" for i in range(200)],
    ],
)
def test_codes_and_names_of_kinds_are_no_numbers_with_units(cells: list[str]) -> None:
    assert read(*cells).column.dtype == pl.String


@pytest.mark.parametrize(
    ("cells", "words"),
    [
        ([f"{i} {'ms' if i % 3 else 's'}" for i in range(200)], r"different units \(ms, s\)"),
        ([f"{i % 24:02d}:{i % 60:02d}:00" for i in range(200)], "durations or times of day"),
    ],
)
def test_numbers_that_are_left_as_texts_say_so(cells: list[str], words: str) -> None:
    found = read(*cells)
    assert found.column.dtype == pl.String
    assert re.search(words, found.warnings[0])


FORMATS = (
    *("%Y-%m-%d %H:%M:%S", "%Y-%m-%dT%H:%M:%S.%f", "%Y/%m/%d %H:%M", "%d.%m.%Y %H:%M:%S"),
    *("%d/%m/%Y %H:%M", "%m/%d/%Y %I:%M:%S %p", "%d-%b-%Y %H:%M", "%b %d, %Y %H:%M:%S"),
    *("%d %B %Y", "%a, %d %b %Y %H:%M:%S", "%a %b %d %H:%M:%S %Y", "%Y%m%d%H%M%S"),
)


@given(
    st.lists(
        st.datetimes(dt.datetime(1971, 1, 1), dt.datetime(2099, 1, 1)),  # noqa: DTZ001
        min_size=1,
        max_size=9,
    ),
    st.sampled_from(FORMATS),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata"]),
)
def test_a_time_in_any_format_reads_back_equal(
    made: list[dt.datetime], time_format: str, zone: str
) -> None:
    # The day is above 12 in one row: it tells the order.
    texts = [one.strftime(time_format) for one in [*made, made[0].replace(day=13)]]
    expected = [
        dt.datetime.strptime(text, time_format).replace(tzinfo=ZoneInfo(zone)).timestamp()
        for text in texts
    ]
    np.testing.assert_allclose(times(*texts, zone=zone).seconds, expected, atol=1e-3)


@given(st.lists(st.text(max_size=20), min_size=1, max_size=5))
def test_any_texts_are_times_or_none(cells: list[str]) -> None:
    with suppress(AmbiguousTimeError):
        assert len(times(*cells).seconds) == len(cells)


def test_na_is_a_value_among_codes_of_regions_and_missing_among_words(tmp_path: Path) -> None:
    def region(*values: str) -> list[str | None]:
        rows = "\n".join(f"{value},{i}.5" for i, value in enumerate(values * 20))
        (tmp_path / "a.csv").write_text(f"region,amount\n{rows}\n")
        column: list[str | None] = read_history(tmp_path / "a.csv").frame["region"].to_list()
        return column[: len(values)]

    assert region("NA", "EU", "APAC") == ["NA", "EU", "APAC"]
    assert region("NA", "Europe", "Asia") == [None, "Europe", "Asia"]
