"""Files as people have them: what is read of each, or the one line that says why not."""

import bz2
import datetime as dt
import gzip
import io
import lzma
import os
import zipfile
from collections.abc import Sequence
from decimal import Decimal
from pathlib import Path
from typing import Any

import cramjam
import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from anomaly_app.core.roles.roles import Roles
from anomaly_app.errors import DataError
from training.tables.files import read_tables, typed, without_row_numbers
from training.tables.folder import files_of
from training.tables.table import Table, stacked

ROWS = [(1, "x"), (2, "y")]

TEXTS = st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=8)


def read(path: Path, words: str = "") -> Table:
    roles = Roles.parse(words)
    return typed(
        stacked(path.name, without_row_numbers(read_tables(files_of(path), roles), ())), roles
    )


def put(folder: Path, content: str | bytes, name: str = "a.csv") -> Path:
    file = folder / name
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return file


def parquet(**columns: Any) -> bytes:
    written = io.BytesIO()
    frame = pl.DataFrame([pl.Series(name, values) for name, values in columns.items()])
    frame.write_parquet(written)
    return written.getvalue()


def warnings_of(table: Table) -> str:
    about_cells = (line for lines in table.of_columns.values() for line in lines)
    return " / ".join([*table.warnings, *about_cells])


def shown(value: object) -> str:
    """Name a case by its words: bytes differ from one collection to the next."""
    return value[:20] if isinstance(value, str) else "bytes"


def refusal(path: Path, words: str = "") -> str:
    with pytest.raises(DataError) as refused:
        read(path, words)
    said = str(refused.value)
    assert "\n" not in said
    return said


@pytest.mark.parametrize(
    "content",
    [
        "a,b\n1,x\n2,y\n",
        "a;b\n1;x\n2;y\n",
        "a\tb\n1\tx\n2\ty",
        "a|b\n1|x\n2|y\n",
        "a b\n1   x\n 2 y  \n",
        "a, b\n1, x\n2, y\n",
        "a,b\r\n1,x\r\n2,y\r\n",
        "a,b\r1,x\r2,y\r",
        "a,b\n\n1,x\n\n2,y\n\n",
        "a,b,\n1,x,\n2,y,\n",
        "a;b;;\n1;x;;\n2;y;;\n;;;\n",
        "# made by a program\n# on a day\na,b\n1,x\n2,y\n",
        "# a,b\n1,x\n2,y\n",
        "Report of January\n\na,b\n1,x\n2,y\n",
        "sep=;\na;b\n1;x\n2;y\n",
        '"a","b"\n"1","x"\n"2","y"\n',
        "'a','b'\n'1','x'\n'2','y'\n",
        ",a,b\n0,1,x\n1,2,y\n",
        "Unnamed: 0,a,b\n0,1,x\n1,2,y\n",
        "a,b\n1,1,x\n2,2,y\n",
        "\ufeffa,b\n1,x\n2,y\n",
        "a,b,b\n1,x,x\n2,y,y\n",
        '{"a": 1, "b": "x"}\n\n{"a": 2, "b": "y"}\n',
        '{"a": "1", "b": "x", "tags": [1, 2]}\n{"a": 2, "b": "y"}\n',
        '[{"a": 1, "b": "x"}, {"a": 2, "b": "y"}]',
        '{"rows": [{"a": 1, "b": "x"}, {"a": 2, "b": "y"}], "count": 2}',
    ],
)
@pytest.mark.parametrize("name", ["a.csv", "a.txt", "a.jsonl", "noending"])
def test_a_text_is_read_by_what_it_holds(tmp_path: Path, content: str, name: str) -> None:
    table = read(put(tmp_path, content, name))
    assert table.frame.columns == ["a", "b"]
    assert table.frame.rows() == ROWS


@pytest.mark.parametrize(
    "pack",
    [
        gzip.compress,
        bz2.compress,
        lzma.compress,
        lambda data: bytes(cramjam.zstd.compress(data)),
        lambda data: gzip.compress(gzip.compress(data)),
        bytes,
    ],
)
def test_a_packed_file_is_unpacked_whatever_its_ending(tmp_path: Path, pack: Any) -> None:
    for name in ("a.csv.gz", "a.csv.zst", "a.csv"):
        assert read(put(tmp_path, pack(b"a,b\n1,x\n2,y\n"), name)).frame.rows() == ROWS


@pytest.mark.parametrize(
    ("encoding", "warning"),
    [
        ("utf-8", ""),
        ("utf-8-sig", ""),
        ("utf-16", ""),
        ("utf-16-le", ""),
        ("utf-16-be", ""),
        ("latin-1", "was read as Windows-1252"),
        ("cp1252", "was read as Windows-1252"),
    ],
)
def test_encodings(tmp_path: Path, encoding: str, warning: str) -> None:
    table = read(put(tmp_path, "größe,ort\n1,Zürich\n2,Genève\n".encode(encoding)))
    assert table.frame.rows(named=True)[0] == {"größe": 1, "ort": "Zürich"}
    assert warning in warnings_of(table)
    assert bool(warning) == bool(table.warnings)


@given(
    st.lists(st.tuples(TEXTS, st.integers()), min_size=1, max_size=8),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["\n", "\r\n"]),
)
def test_quoted_cells_come_back_whatever_they_hold(
    tmp_path_factory: pytest.TempPathFactory,
    rows: list[tuple[str, int]],
    separator: str,
    newline: str,
) -> None:
    file = tmp_path_factory.getbasetemp() / "quoted.csv"
    lines = [f'"name"{separator}"z{number}"' for number in ["x"]]
    lines += ['"t{}"{}"n{}"'.format(text.replace('"', '""'), separator, n) for text, n in rows]
    file.write_bytes((newline.join(lines) + newline).encode())
    (table,) = read_tables([file], Roles())
    assert table.frame.rows() == [(f"t{text}", f"n{number}") for text, number in rows]


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ("", "it is empty"),
        (" \n\n", "it is empty"),
        ("\ufeff", "it is empty"),
        ("a,b\n", "a header but no rows"),
        ("a,b\n1,2\n3\n", "row 3: 1 cells instead of 2"),
        ("a,b\n1,2\n\n3,4,5\n", "row 4: 3 cells instead of 2"),
        ('a,b\n1,"two\nlines"\n2,"x\ny",3\n', "row 4: 3 cells instead of 2"),
        ('a,b\n1,"x\n2,y\n3,z\n', "row 2: a quote that opens here is never closed"),
        ("a,b,a\n1,2,3\n", "several columns named 'a'"),
        ("1.5,2,x\n3.5,4,y\n", "row 1 has values (1.5,2,x)"),
        ("1.5,2,x\n3.5,4,y\n", "header=none"),
        ("red,round,no\nblue,flat,no\nred,round,yes\n", "no header: row 1 has values"),
        ("a,b\n1,\x002\n", "null bytes"),
        (b"\x89PNG\r\n\x1a\n" + bytes(50), "it is a picture"),
        (b"%PDF-1.7 ...", "it is a PDF document"),
        (b"\x80\x04\x95rubbish", "it is a pickle"),
        (b"PK\x03\x04rubbish", "a broken zip archive"),
        (b"\x1f\x8brubbish", "cannot decompress"),
        (gzip.compress(b"a,b\n1,2\n" * 99)[:-9], "it may be truncated"),
        (b"\xff\xfea\x00,\x00b", "UTF-16"),
        ("<!DOCTYPE html><p>404", "it is a web page"),
        ('{"a": 1}\n{"a": \n', "row 2 is not valid JSON"),
        ('{"a": 1}\n3\n', "row 2 is not a JSON object"),
        ("[1, 2]", "element 1 of the array is not an object"),
        ("[]", "no rows"),
        ("{}\n{}\n", "only lists as values"),
        ('{"a":' * 5_000 + "1" + "}" * 5_000, "nested too deeply"),
        ("[" * 100_000, "nested too deeply"),
        ("x" * (5 << 20), "the first line"),
    ],
    ids=shown,
)
def test_what_cannot_be_read_is_said_in_one_line(
    tmp_path: Path, content: str | bytes, words: str
) -> None:
    said = refusal(put(tmp_path, content))
    assert "a.csv" in said
    assert words in said
    assert len(said) < 600


def archive(*names: str) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w") as opened:
        for name in names:
            opened.writestr(name, "x")
    return written.getvalue()


def arrays(**named: Any) -> bytes:
    written = io.BytesIO()
    np.savez(written, **named)
    return written.getvalue()


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("a.xlsx", archive("[Content_Types].xml"), "an Excel workbook; save the sheet as CSV"),
        ("a.zip", archive("one.csv", "two.csv"), "extract it (it has one.csv, two.csv)"),
        ("a.parquet", b"a,b\n1,2\n", " as parquet: it does not start like such a file"),
        ("a.parquet", parquet(a=[1, 2])[:-20], " as a table: it starts like Parquet"),
        ("a.parquet", parquet(a=pl.Series([], dtype=pl.Int64)), "no rows"),
        ("a.parquet", parquet(a=[[1], [2]]), "no column of numbers, strings or times"),
        ("a.npz", arrays(X=np.ones(3)), "X has 1 dimensions"),
        ("a.npz", arrays(Z=np.ones(3)), "it has no array X, only Z"),
        ("a.npz", arrays(X=np.ones((3, 2)), y=np.ones(2)), "y has 2 values and X 3 rows"),
    ],
    ids=shown,
)
def test_what_is_no_table_is_named_with_a_next_step(
    tmp_path: Path, name: str, content: bytes, words: str
) -> None:
    assert words in refusal(put(tmp_path, content, name))


def test_a_file_without_a_header_is_read_by_names_that_are_said(tmp_path: Path) -> None:
    file = put(tmp_path, "1 5.5 -0.1  \n2 6.5 -0.2  \n", "train.txt")
    assert read(file, "header=none").frame.columns == ["column_1", "column_2", "column_3"]
    assert read(file, "header=unit,cycle,s").frame.rows(named=True)[1] == {
        "unit": 2,
        "cycle": 6.5,
        "s": -0.2,
    }
    assert "header= has 2 names" in refusal(file, "header=unit,cycle")


@pytest.mark.parametrize(
    "header", ["country,2011,2012,2013", "a,b,c,d", "0,1,2,3", ",x,y,z", "name 1,2b,c,d"]
)
def test_what_may_be_names_is_a_header(tmp_path: Path, header: str) -> None:
    assert len(read(put(tmp_path, f"{header}\nq,1.5,9,3\nr,2.5,8,1\n")).frame) == 2


def test_a_first_column_without_a_name_is_kept_where_it_says_something(tmp_path: Path) -> None:
    table = read(put(tmp_path, '"mpg" "cyl"\n"Mazda RX4" 21.5 6\n"Fiat" 22.8 4\n'))
    assert table.frame.rows(named=True)[0] == {"index": "Mazda RX4", "mpg": 21.5, "cyl": 6}
    assert "the first column has no name" in warnings_of(table)


def test_an_arff_file_brings_its_names(tmp_path: Path) -> None:
    names = "% made by Weka\n@RELATION x\n@attribute 'a b' numeric\n@attribute c {x, y}\n\n"
    table = read(put(tmp_path, f"{names}@DATA\n1.5,x\n?,y\n", "a.arff"))
    assert table.frame.rows(named=True) == [{"a b": 1.5, "c": "x"}, {"a b": None, "c": "y"}]
    assert "row 8" in refusal(put(tmp_path, f"{names}@data\n1.5,x\n1\n", "a.arff"))


def test_stray_quotes_are_text(tmp_path: Path) -> None:
    table = read(put(tmp_path, 'a,b,c\n1,5" disk,3\n2,"quoted, with ""quotes""",4\n3,"q" x,5\n'))
    assert table.frame["b"].to_list() == ['5" disk', 'quoted, with "quotes"', "q x"]


def test_rows_are_named_as_an_editor_counts_lines(tmp_path: Path) -> None:
    plain = "".join(f"{i}.5,x\n" for i in range(30))
    for before, quoted, line in (("", "", 32), ("# one\n\n", "", 34), ("", '1,"two\nlines"\n', 34)):
        table = read(put(tmp_path, f"{before}a,b\n{quoted}{plain}oops,x\n"))
        assert f"such as 'oops' (row {line})" in warnings_of(table)


def test_a_folder_is_read_without_what_is_no_table(tmp_path: Path) -> None:
    put(tmp_path, "a,b\n1,x\n", "one.csv")
    put(tmp_path, "b;a\ny;2\n", "two.csv")
    for name in ("README.md", "labels.json", ".hidden.csv", "notes.txt"):
        put(tmp_path, "no table", name)
    table = read(tmp_path)
    assert table.frame.rows() == ROWS
    assert table.parts == (("one.csv", 1), ("two.csv", 1))
    assert table.where(1) == "row 2 of two.csv"


def test_a_folder_with_other_columns_names_the_file_and_the_columns(tmp_path: Path) -> None:
    put(tmp_path, "a,b\n1,x\n", "one.csv")
    put(tmp_path, "a,c\n1,x\n", "two.csv")
    said = refusal(tmp_path)
    assert "two.csv and one.csv have different columns: it lacks 'b' and it also has 'c'" in said


def test_a_folder_of_folders_says_which_there_are(tmp_path: Path) -> None:
    (tmp_path / "art").mkdir()
    assert "give one of its folders: art/" in refusal(tmp_path)
    assert "file not found" in refusal(tmp_path / "nowhere.csv")


def test_parquet_as_programs_write_it(tmp_path: Path) -> None:
    noon = dt.datetime(2026, 1, 5, 12)  # noqa: DTZ001
    content = parquet(
        **{
            "money": [Decimal("1.50"), Decimal("2.25")],
            "geo": [{"lat": 1.5, "at": {"city": "x"}}, {"lat": 2.5, "at": {"city": "y"}}],
            "code": pl.Series(["1", "2"]).cast(pl.Categorical),
            "text number": ["1.5", "2"],
            'we "ird\\ näme': [1.5, float("inf")],
            "when": [noon, noon],
            "large": pl.Series([1, 2**63], dtype=pl.UInt64),
            "span": [dt.timedelta(minutes=1), None],
            "list": [[1], [2]],
            "bytes": [b"x", b"y"],
        }
    )
    table = read(put(tmp_path, content, "a.parquet"))
    assert table.frame.columns == [
        *("money", "geo.lat", "geo.at.city", "code", "text number", 'we "ird\\ näme', "when"),
        *("large", "span"),
    ]
    assert table.frame.row(0) == (1.5, 1.5, "x", "1", 1.5, 1.5, noon, 1.0, 60.0)
    assert table.frame['we "ird\\ näme'].to_list() == [1.5, None]
    assert "list (list), bytes (bytes)" in warnings_of(table)
    assert "infinite and count as missing" in warnings_of(table)


def test_arrow_and_npz(tmp_path: Path) -> None:
    written = io.BytesIO()
    pl.DataFrame({"a": [1, 2], "b": ["x", "y"]}).write_ipc(written)
    assert read(put(tmp_path, written.getvalue(), "a.arrow")).frame.rows() == ROWS
    labels = np.array(["normal", "attack", "normal"])
    table = read(put(tmp_path, arrays(X=np.ones((3, 2)), y=labels), "a.npz"))
    assert table.frame.row(1) == (1.0, 1.0, "attack")


def test_nested_json_is_flat_with_dotted_names(tmp_path: Path) -> None:
    lines = '{"a": 1, "user": {"name": "x", "geo": {"lat": 1.5}}}\n{"user": null, "a": "n/a"}\n'
    table = read(put(tmp_path, lines, "a.ndjson"))
    assert table.frame.columns == ["a", "user.name", "user.geo.lat"]
    assert table.frame.rows() == [(1, "x", 1.5), (None, None, None)]


def test_many_columns_are_no_trouble(tmp_path: Path) -> None:
    names: Sequence[str] = [f"c{i}" for i in range(2_000)]
    rows = [",".join(str(i * j % 97) for i in range(2_000)) for j in range(5)]
    assert read(put(tmp_path, "\n".join([",".join(names), *rows]))).frame.shape == (5, 2_000)


def test_a_panic_of_polars_is_one_line_and_no_stack(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def panics(*_: object, **__: object) -> None:
        os.write(2, b"stack backtrace:")
        raise pl.exceptions.PanicException("left: 0\nright: 2")

    monkeypatch.setattr(pl, "read_parquet", panics)
    said = refusal(put(tmp_path, parquet(a=[1, 2]), "a.parquet"))
    assert "it starts like Parquet" in said
    assert "left: 0" not in said
    assert capfd.readouterr().err == ""
