"""What stands around the rows of a table, and between them: told from rows, and said."""

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from anomaly_app.core.roles.roles import Roles
from anomaly_app.errors import DataError
from training.tables.files import read_tables, typed
from training.tables.folder import files_of
from training.tables.table import Table, stacked

NAMES = "time,amount,shop\n"
ROWS = [f"2026-03-{1 + i % 28:02d},{i * 7 % 31}.5,{'abc'[i % 3]}\n" for i in range(30)]
BODY = "".join(ROWS)


PIECES = (
    *('"', ",", ";", "\t", "\n", "\r", "#", "|", " ", "%", "kg", "-200", '"\n"', "\n\n", "Total"),
    *("#fields ", "----", "\x1a", "{", "[", "1e999", "\N{MINUS SIGN}"),
)


def read(path: Path, content: str | None = None, words: str = "") -> Table:
    if content is not None:
        path = path / "a.csv"
        path.write_text(content)
    roles = Roles.parse(words)
    return typed(stacked(path.name, read_tables(files_of(path), roles)), roles)


@pytest.mark.parametrize(
    ("below", "said"),
    [
        ("Total,465,\n", "'Total 465'"),
        ("Grand total:,465,\n", "'Grand total: 465'"),
        ("Average,15.5,\nTotal,465,\n", "the last 2 rows"),
        ("Total,465,abc\n", "'Total 465 abc'"),
        ("Total,465\n", "'Total,465'"),
        ("Exported by Ann,,\n", "'Exported by Ann'"),
        ("\n(30 rows)\n", "'(30 rows)'"),
        ("# end\n\n# of file\n", "the last 2 lines"),
        ("\x1a", "the last line is not a row"),
    ],
)
def test_what_stands_below_the_rows_is_passed_over_and_said(
    tmp_path: Path, below: str, said: str
) -> None:
    table = read(tmp_path, NAMES + BODY + below)
    assert len(table.frame) == len(ROWS)
    assert said in " / ".join(table.warnings)
    assert table.where(29) == "row 31"


@pytest.mark.parametrize(
    "last",
    ["2026-03-04,5.1\n", "2026-03-04", "2026-03-04,5.1,a,b\n", '2026-03-04,5.1,"a\n'],
)
def test_a_row_that_was_cut_off_is_no_footer(tmp_path: Path, last: str) -> None:
    with pytest.raises(DataError, match="row 32"):
        read(tmp_path, NAMES + BODY + last)


@pytest.mark.parametrize("last", ["2026-03-09,,a\n", "2026-03-09,1,Total\n", "2026-03-09,,\n"])
def test_a_row_with_missing_values_stays(tmp_path: Path, last: str) -> None:
    table = read(tmp_path, NAMES + BODY + last)
    assert len(table.frame) == len(ROWS) + 1
    assert table.warnings == ()


def test_a_word_for_totals_that_is_a_value_in_other_rows_is_none_at_the_end(tmp_path: Path) -> None:
    rows = [row.replace(",a\n", ",Total\n") for row in ROWS]
    table = read(tmp_path, NAMES + "".join(rows) + "2026-03-09,,Total\n")
    assert len(table.frame) == len(ROWS) + 1


def test_a_quoted_cell_of_several_lines_is_no_footer(tmp_path: Path) -> None:
    table = read(tmp_path, NAMES + BODY + '2026-03-09,1.5,"one\ntwo\nthree"\n')
    assert table.frame["shop"][-1] == "one\ntwo\nthree"


@pytest.mark.parametrize(
    "row", ["UTC,EUR,\n", ",EUR,name\n", "date,float,string\n", "----,------,----\n"]
)
def test_a_row_of_units_or_kinds_is_no_row_of_values(tmp_path: Path, row: str) -> None:
    table = read(tmp_path, NAMES + row + BODY)
    assert len(table.frame) == len(ROWS)
    assert "row 2 has units" in table.warnings[0]
    assert table.frame["amount"].dtype.is_numeric()
    assert table.where(0) == "row 3"


@pytest.mark.parametrize("row", ["n/a,n/a,n/a\n", "2026-03-01,,a\n", "-,-,-\n"])
def test_a_first_row_of_missing_values_is_one_of_values(tmp_path: Path, row: str) -> None:
    table = read(tmp_path, NAMES + row + BODY)
    assert len(table.frame) == len(ROWS) + 1


def test_rows_of_words_have_no_units(tmp_path: Path) -> None:
    rows = "".join(f"{a},{b}\n" for a in ("ab", "ef") for b in ("uv", "wx", "yz"))
    assert len(read(tmp_path, f"name,kind\n{rows}").frame) == 6


def test_a_header_is_dropped_wherever_it_is_repeated(tmp_path: Path) -> None:
    table = read(tmp_path, NAMES + BODY + NAMES + NAMES + BODY)
    assert len(table.frame) == 2 * len(ROWS)
    assert table.warnings == ("2 rows repeat the header and were left out",)
    assert table.where(30) == "row 34"
    almost = read(tmp_path, NAMES + BODY + "time,amount,a\n")
    assert len(almost.frame) == len(ROWS) + 1


def test_names_are_found_in_the_remark_that_has_them(tmp_path: Path) -> None:
    for remarks in (
        "# made by x, y\n# time,amount,shop\n",
        "#fields,time,amount,shop\n#types,date,double,string\n",
        "# time,amount,shop\n# UTC,EUR,name\n",
        "# Columns:,time,amount,shop\n",
    ):
        assert read(tmp_path, remarks + BODY).frame.columns == ["time", "amount", "shop"]


def test_the_fields_of_a_web_servers_log_are_names(tmp_path: Path) -> None:
    rows = "".join(f"2026-03-02 10:{i:02d}:00 GET {200 + i}\n" for i in range(20))
    table = read(tmp_path, f"#Software: x\n#Fields: date time cs-method sc-status\n{rows}")
    assert table.frame.columns == ["date", "time", "cs-method", "sc-status"]


def test_columns_in_one_cell_are_split_where_all_cells_agree(tmp_path: Path) -> None:
    rows = "".join(f"{i}.5\t-   Benign   x{i}\n" for i in range(20))
    head = "#fields\tts\ttunnel   label   detail\n"
    table = read(tmp_path, head + rows)
    assert table.frame.columns == ["ts", "tunnel", "label", "detail"]
    assert "was split into 3 columns: tunnel, label, detail" in table.warnings[0]
    whole = read(tmp_path, head + rows + "21.5\tone   two\n")
    assert whole.frame.columns == ["ts", "tunnel   label   detail"]


def test_inner_spaces_stay_in_cells_between_tabs(tmp_path: Path) -> None:
    rows = "".join(f"{i}.5\tBad luck  on day {i}\n" for i in range(20))
    table = read(tmp_path, f"a\twhat happened\n{rows}")
    assert table.frame["what happened"][3] == "Bad luck  on day 3"


def test_a_column_without_name_and_value_is_left_out_and_one_with_values_stays(
    tmp_path: Path,
) -> None:
    rows = "".join(
        f"{i},,{i % 3},{i % 7},{',' * (i % 2)}\n".replace(",,\n", ",\n") for i in range(20)
    )
    table = read(tmp_path, f"a,,b,,\n{rows}")
    assert table.frame.columns == ["a", "b", "column_4"]
    assert "column 2 has neither a name nor values: it was left out" in table.warnings


def test_a_folder_reads_files_without_known_endings_only_where_there_are_no_others(
    tmp_path: Path,
) -> None:
    for name in ("a-01", "a-02", "b.log"):
        (tmp_path / name).write_text(NAMES + BODY)
    (tmp_path / "README").write_text("Diaries, and more, of all\nkinds\n")
    (tmp_path / "notes").write_text("These were written down\nby hand\n")
    (tmp_path / "picture").write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(50))
    assert [file.name for file in files_of(tmp_path)] == ["a-01", "a-02", "b.log"]
    (tmp_path / "c.txt").write_text(NAMES + BODY)
    assert [file.name for file in files_of(tmp_path)] == ["c.txt"]
    (tmp_path / "d.csv").write_text(NAMES + BODY)
    assert [file.name for file in files_of(tmp_path)] == ["d.csv"]


def test_a_folder_without_any_table_says_so(tmp_path: Path) -> None:
    (tmp_path / "notes").write_text("These were written down\nby hand\n")
    with pytest.raises(DataError, match="nor other tables"):
        files_of(tmp_path)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 700), st.sampled_from(PIECES)), min_size=1, max_size=6),
    st.sampled_from(",;\t| "),
    st.sampled_from(["", "header=none", "missing=-200"]),
)
def test_any_file_is_read_or_refused_in_one_line(
    tmp_path: Path, pieces: list[tuple[int, str]], separator: str, words: str
) -> None:
    content = (NAMES + BODY).replace(",", separator)
    for place, piece in pieces:
        content = content[:place] + piece + content[place:]
    refused = ""
    try:
        read(tmp_path, content, words)
    except DataError as error:
        refused = str(error)
    assert "\n" not in refused
    assert "polars" not in refused


def test_a_return_in_a_last_cell_is_no_fault(tmp_path: Path) -> None:
    table = read(tmp_path, NAMES + BODY + "2026-03-09,1\r.5,a")
    assert len(table.frame) == len(ROWS) + 1
