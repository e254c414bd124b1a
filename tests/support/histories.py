"""Histories as people have them: small files, and what must come of each."""

import csv
import gzip
import io
import json
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import cramjam
import numpy as np
import polars as pl

ROWS = 600
FRAUDS = 12
START = datetime(2026, 3, 2, tzinfo=UTC)
STEP = timedelta(minutes=10)

Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Case:
    """A file or folder, and what must come of it.

    Parameters
    ----------
    name
        Says what is special about it.
    files
        Bytes by name; one file, or those of a folder.
    roles
        Words, as the user says them.
    rows
        How many rows are read.
    key, time, id, label
        Columns that these parts are found in.
    features
        Of the model, `hour_of_day` included.
    anomalies
        Labelled rows.
    unlabelled
        Rows without a label, among those of a labelled file.
    warnings
        Words of lines that must be said.
    error
        Words of the one error line, in place of all that.
    """

    name: str
    files: Mapping[str, bytes]
    roles: str = ""
    rows: int = ROWS
    key: str | None = "card"
    time: str | None = "time"
    id: str | None = "id"
    label: str | None = "is_fraud"
    features: Sequence[str] = ("amount", "shop", "hour_of_day")
    anomalies: int | None = FRAUDS
    unlabelled: int = 0
    warnings: Sequence[str] = ()
    error: str | None = None


def write_case(folder: Path, case: Case) -> Path:
    """Write a case's files, and give the one file or the folder of them."""
    where = folder / "history"
    where.mkdir()
    for name, content in case.files.items():
        (where / name).write_bytes(content)
    return where if len(case.files) > 1 else where / next(iter(case.files))


def transactions(rows: int = ROWS, seed: int = 3) -> Rows:
    """Card transactions over four days, every ten minutes, with a few frauds."""
    rng = np.random.default_rng(seed)
    frauds = set(rng.choice(rows, FRAUDS, replace=False).tolist())
    shops = rng.choice(["food", "fuel", "books"], rows, p=[0.6, 0.3, 0.1])
    return [
        {
            "id": f"t{place:05d}",
            "card": f"card-{rng.integers(25)}",
            "time": START + place * STEP,
            "amount": round(float(rng.gamma(4.0, 9.0)), 2) + (2_000 if place in frauds else 0),
            "shop": str(shops[place]),
            "is_fraud": int(place in frauds),
        }
        for place in range(rows)
    ]


def changed(rows: Rows, **columns: Callable[[Any], Any]) -> Rows:
    """Write some columns of rows in another way."""
    return [{n: columns[n](v) if n in columns else v for n, v in row.items()} for row in rows]


def renamed(rows: Rows, **names: str) -> Rows:
    """Give columns other names; those that are not named keep theirs."""
    return [{names.get(name, name): value for name, value in row.items()} for row in rows]


def without(rows: Rows, *names: str) -> Rows:
    """Leave columns out."""
    return [{n: v for n, v in row.items() if n not in names} for row in rows]


def with_columns(rows: Rows, **columns: Callable[[int], Any]) -> Rows:
    """Add columns, made of the row's place."""
    return [
        {**row, **{name: make(place) for name, make in columns.items()}}
        for place, row in enumerate(rows)
    ]


def iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%SZ")


def text(
    rows: Rows,
    *,
    separator: str = ",",
    newline: str = "\n",
    quoting: int = csv.QUOTE_MINIMAL,
    header: bool = True,
) -> str:
    """Write rows as a table of text."""
    out = io.StringIO()
    writer = csv.writer(out, delimiter=separator, lineterminator=newline, quoting=quoting)  # type: ignore[arg-type]
    if header:
        writer.writerow(rows[0])
    writer.writerows([[iso(v) if isinstance(v, datetime) else v for v in r.values()] for r in rows])
    return out.getvalue()


def table(rows: Rows | None = None, **style: Any) -> bytes:
    """Write rows as CSV in UTF-8."""
    return text(transactions() if rows is None else rows, **style).encode()


def with_line(content: bytes, number: int, line: bytes) -> bytes:
    """Replace one line, counted from 1 as editors do."""
    lines = content.split(b"\n")
    lines[number - 1] = line
    return b"\n".join(lines)


def zeek() -> bytes:
    """Write rows as Zeek writes its logs, with the kinds below the names and a last remark."""
    named = renamed(BASE, time="ts")
    head = "#separator \\x09\n#unset_field\t-\n#path\tcards\n"
    names = "#fields\t" + "\t".join(named[0]) + "\n"
    kinds = "#types\tstring\tstring\ttime\tdouble\tstring\tcount\n"
    body = text(named, separator="\t", header=False)
    return f"{head}{names}{kinds}{body}#close\t2026-03-06-00-00-00\n".encode()


def continental(number: float) -> str:
    """Write a number as 1.234,50."""
    return f"{number:,.2f}".translate(str.maketrans(",.", ".,"))


def json_lines(rows: Iterable[Mapping[str, Any]]) -> bytes:
    return b"".join(json.dumps(row, default=iso).encode() + b"\n" for row in rows)


def parquet(frame: pl.DataFrame) -> bytes:
    out = io.BytesIO()
    frame.write_parquet(out)
    return out.getvalue()


def _frame() -> pl.DataFrame:
    return pl.DataFrame(transactions())


def _npz() -> bytes:
    rng = np.random.default_rng(0)
    out = io.BytesIO()
    np.savez(out, X=rng.normal(size=(ROWS, 3)), y=(np.arange(ROWS) % 50 == 0).astype(int))
    return out.getvalue()


def _sensors(name: str, *, scale: float = 1.0, seed: int = 0, rows: int = ROWS) -> bytes:
    rng = np.random.default_rng(seed)
    readings = [
        {"timestamp": START + i * STEP, "value": round(scale * float(rng.normal(20.0, 3.0)), 4)}
        for i in range(rows)
    ]
    del name
    return table(readings)


def _us(moment: datetime) -> str:
    return moment.strftime("%m/%d/%Y %I:%M %p")


def german(moment: datetime) -> str:
    return moment.strftime("%d.%m.%Y %H:%M:%S")


def _one_bad(value: str) -> Callable[[int], Any]:
    return lambda place: value if place == 17 else round(5.0 + place % 23 * 1.5, 2)


BASE = transactions()

FILES: tuple[Case, ...] = (
    # Separators, decimals and newlines.
    Case("commas", {"a.csv": table()}),
    Case("semicolons", {"a.csv": table(separator=";")}),
    Case("tabs", {"a.tsv": table(separator="\t")}),
    Case("pipes", {"a.txt": table(separator="|")}),
    Case(
        "semicolons and decimal commas",
        {
            "a.csv": table(
                changed(BASE, amount=lambda v: f"{v:.2f}".replace(".", ",")), separator=";"
            )
        },
    ),
    Case(
        "thousands with points and decimal commas",
        {"a.csv": table(changed(BASE, amount=continental), separator=";")},
    ),
    Case("thousands with commas", {"a.csv": table(changed(BASE, amount=lambda v: f"{v:,.2f}"))}),
    Case(
        "thousands with spaces",
        {"a.csv": table(changed(BASE, amount=lambda v: f"{v:,.2f}".replace(",", " ")))},
    ),
    Case("dollars before", {"a.csv": table(changed(BASE, amount=lambda v: f"${v:,.2f}"))}),
    Case(
        "euros behind",
        {"a.csv": table(changed(BASE, amount=lambda v: f"{continental(v)} €"), separator=";")},
    ),
    Case(
        "thousands and millions as letters",
        {
            "a.csv": table(
                with_columns(BASE, volume=lambda place: f"{place % 37}.5{'KMB'[place % 3]}")
            )
        },
        features=("amount", "shop", "volume", "hour_of_day"),
        warnings=("volume", "B, K, M for thousands"),
    ),
    Case("currency codes", {"a.csv": table(changed(BASE, amount=lambda v: f"USD {v:.2f}"))}),
    Case("every cell in quotes", {"a.csv": table(quoting=csv.QUOTE_ALL)}),
    Case("carriage returns and line feeds", {"a.csv": table(newline="\r\n")}),
    Case("carriage returns only", {"a.csv": table(newline="\r")}),
    Case("empty lines at the end", {"a.csv": table() + b"\n\n"}),
    Case(
        "separators and newlines within quotes",
        {"a.csv": table(changed(BASE, shop=lambda v: f'{v}, "the"\nbest'))},
    ),
    # Encodings and compression.
    Case("a byte order mark", {"a.csv": b"\xef\xbb\xbf" + table()}),
    Case("UTF-16 with its mark", {"a.csv": text(BASE).encode("utf-16")}),
    Case("UTF-16, the big end first", {"a.csv": b"\xfe\xff" + text(BASE).encode("utf-16-be")}),
    Case(
        "Latin-1",
        {"a.csv": text(changed(BASE, shop=lambda v: f"{v} é")).encode("latin-1")},
        warnings=("a.csv", "UTF-8"),
    ),
    Case(
        "UTF-16 with characters of code 0",
        {"a.csv": text(BASE).replace("food", "food\0").encode("utf-16")},
        warnings=("null characters",),
    ),
    Case("gzip", {"a.csv.gz": gzip.compress(table())}),
    Case("zstd", {"a.csv.zst": bytes(cramjam.zstd.compress(table()))}),
    # Other formats.
    Case("JSON lines", {"a.jsonl": json_lines(BASE)}),
    Case("JSON lines, packed", {"a.jsonl.gz": gzip.compress(json_lines(BASE))}),
    Case("a JSON array", {"a.json": json.dumps(BASE, default=iso).encode()}),
    Case(
        "nested JSON lines",
        {
            "a.jsonl": json_lines(
                {
                    "id": r["id"],
                    "card": r["card"],
                    "time": iso(r["time"]),
                    "is_fraud": r["is_fraud"],
                }
                | {"purchase": {"amount": r["amount"], "shop": {"name": r["shop"]}}}
                for r in BASE
            )
        },
        features=("purchase.amount", "purchase.shop.name", "hour_of_day"),
    ),
    Case("Parquet", {"a.parquet": parquet(_frame())}),
    Case(
        "Parquet with decimals",
        {
            "a.parquet": parquet(
                _frame().with_columns(
                    pl.Series("amount", [Decimal(f"{r['amount']:.2f}") for r in BASE])
                )
            )
        },
    ),
    Case(
        "nested Parquet",
        {
            "a.parquet": parquet(
                _frame().select(
                    "id", "card", "time", "is_fraud", pl.struct("amount", "shop").alias("purchase")
                )
            )
        },
        features=("purchase.amount", "purchase.shop", "hour_of_day"),
    ),
    Case(
        "Parquet categories and naive times",
        {
            "a.parquet": parquet(
                _frame().with_columns(
                    pl.col("shop").cast(pl.Categorical), pl.col("time").dt.replace_time_zone(None)
                )
            )
        },
    ),
    Case(
        "arrays",
        {"a.npz": _npz()},
        key=None,
        time=None,
        id=None,
        label="y",
        anomalies=ROWS // 50,
        features=("f0", "f1", "f2"),
    ),
    # Names.
    Case(
        "names as AWS writes them",
        {
            "a.csv": table(
                renamed(
                    changed(BASE, is_fraud=lambda v: "fraud" if v else "legit"),
                    id="EVENT_ID",
                    card="ENTITY_ID",
                    time="EVENT_TIMESTAMP",
                    is_fraud="EVENT_LABEL",
                )
            )
        },
        key="ENTITY_ID",
        time="EVENT_TIMESTAMP",
        id="EVENT_ID",
        label="EVENT_LABEL",
    ),
    Case(
        "names with spaces and question marks",
        {
            "a.csv": table(
                renamed(BASE, card="Customer ID", time="Time Stamp", is_fraud="Is Fraud?")
            )
        },
        key="Customer ID",
        time="Time Stamp",
        label="Is Fraud?",
    ),
    Case(
        "names with quotes, backslashes and dots",
        {"a.csv": table(renamed(BASE, amount='the "amount"', shop="shop\\name.of"))},
        features=('the "amount"', "shop\\name.of", "hour_of_day"),
    ),
    Case(
        "roles with quoted names",
        {"a.csv": table(renamed(BASE, card="The Owner", is_fraud="Was It Bad"))},
        roles='key="The Owner" label="Was It Bad"',
        key="The Owner",
        label="Was It Bad",
    ),
    Case(
        "a renamed feature",
        {"a.csv": table(renamed(BASE, amount="amt"))},
        roles="amount=amt",
    ),
    Case(
        "features that were named",
        {"a.csv": table()},
        roles="features=amount",
        features=("amount",),
    ),
    Case(
        "no label, since the user says so",
        {"a.csv": table()},
        roles="label=none",
        label=None,
        anomalies=None,
    ),
    Case(
        "no time, since the user says so",
        {"a.csv": table()},
        roles="time=none features=amount,shop",
        time=None,
        features=("amount", "shop"),
    ),
    Case(
        "the hour of the day turned off",
        {"a.csv": table()},
        roles="hour=none",
        features=("amount", "shop"),
    ),
    # Cells.
    Case(
        "one n/a among numbers",
        {"a.csv": table(with_columns(BASE, tip=_one_bad("n/a")))},
        features=("amount", "shop", "tip", "hour_of_day"),
    ),
    Case(
        "one word among numbers",
        {"a.csv": table(with_columns(BASE, tip=_one_bad("unclear")))},
        features=("amount", "shop", "tip", "hour_of_day"),
        warnings=("tip", "unclear"),
    ),
    Case(
        "codes with leading zeros are strings",
        {"a.csv": table(with_columns(BASE, code=lambda place: f"00{place * 7 % 13}"))},
        features=("amount", "shop", "code", "hour_of_day"),
    ),
    Case(
        "a category of many values",
        {"a.csv": table(with_columns(BASE, merchant=lambda place: f"m{place * 7 % 150}"))},
        features=("amount", "shop", "merchant", "hour_of_day"),
    ),
    Case(
        "a column in which almost every value is different",
        {"a.csv": table(with_columns(BASE, token=lambda place: f"x{zlib.crc32(b'%d' % place)}"))},
        warnings=("token", "almost every value is different"),
    ),
    Case(
        "a constant column and a copy",
        {"a.csv": table([{**r, "currency": "EUR", "sum": r["amount"]} for r in BASE])},
        warnings=("currency", "sum"),
    ),
    Case(
        "a column that only counts up",
        {"a.csv": table(with_columns(BASE, sequence=lambda place: 1_000 + place))},
        warnings=("sequence",),
    ),
    Case(
        "an attribute of the card",
        {"a.csv": table([{**r, "born": 1950 + 3 * int(r["card"].split("-")[1])} for r in BASE])},
        warnings=("born", "card"),
    ),
    Case(
        "a second label",
        {"a.csv": table([{**r, "Class": r["is_fraud"]} for r in BASE])},
        warnings=("Class",),
    ),
    Case(
        "a second label",
        {"a.csv": table([{**r, "kind": "stolen" if r["is_fraud"] else "usual"} for r in BASE])},
        warnings=("kind", "label"),
    ),
    # Labels.
    *(
        Case(
            f"labels {bad} and {good}",
            {"a.csv": table(changed(BASE, is_fraud={0: good, 1: bad}.__getitem__))},
        )
        for bad, good in (
            *(("yes", "no"), ("True", "False"), ("fraud", "legit"), ("attack", "normal")),
            *(("2", "1"), ("Y", "N"), ("1.0", "0.0"), ("anomaly", "Normal.")),
        )
    ),
    Case(
        "a label whose value is said",
        {"a.csv": table(changed(BASE, is_fraud=lambda v: "purple" if v else "green"))},
        roles="label=is_fraud:purple",
    ),
    Case(
        "a label that nobody understands",
        {"a.csv": table(changed(BASE, is_fraud=lambda v: "purple" if v else "green"))},
        roles="label=is_fraud",
        error="purple.*green|green.*purple",
    ),
    Case(
        "labels that are empty in some rows",
        {
            "a.csv": table(
                [{**r, "is_fraud": "" if i % 3 == 1 else r["is_fraud"]} for i, r in enumerate(BASE)]
            )
        },
        anomalies=None,
        unlabelled=ROWS // 3,
    ),
    # Times.
    Case("epoch seconds", {"a.csv": table(changed(BASE, time=lambda v: int(v.timestamp())))}),
    Case(
        "epoch milliseconds, quoted",
        {
            "a.csv": table(
                changed(BASE, time=lambda v: f"{int(v.timestamp()) * 1000}"),
                quoting=csv.QUOTE_ALL,
            )
        },
    ),
    Case("German dates", {"a.csv": table(changed(BASE, time=german), separator=";")}),
    Case(
        "American dates with a day above 12",
        {"a.csv": table(renamed(changed(BASE, time=lambda v: _us(v + timedelta(days=20)))))},
    ),
    Case(
        "dates that can be read in two ways",
        {"a.csv": table(changed(BASE, time=lambda v: v.strftime("%d/%m/%Y %H:%M")))},
        error="--time-format",
    ),
    Case(
        "dates whose format is said",
        {"a.csv": table(changed(BASE, time=lambda v: v.strftime("%d/%m/%Y %H:%M")))},
        roles="time_format='%d/%m/%Y %H:%M'",
    ),
    Case(
        "times of a stated zone",
        {"a.csv": table(changed(BASE, time=lambda v: v.strftime("%Y-%m-%d %H:%M")))},
        roles="timezone=Europe/Berlin",
    ),
    Case(
        "two hours of seconds",
        {"a.csv": table(changed(BASE, time=lambda v: iso(START + (v - START) / 60)))},
        features=("amount", "shop"),
    ),
    # Folders.
    Case(
        "series on two scales, one file each",
        {"pump.csv": _sensors("pump"), "fan.csv": _sensors("fan", scale=1e4, seed=1)},
        rows=2 * ROWS,
        key="series",
        time="timestamp",
        id=None,
        label=None,
        anomalies=None,
        features=("value", "hour_of_day"),
    ),
    Case(
        "a folder with files that are no history",
        {"pump.csv": _sensors("pump"), "README.md": b"# Pumps\n"},
        key="series",
        time="timestamp",
        id=None,
        label=None,
        anomalies=None,
        features=("value", "hour_of_day"),
    ),
    Case(
        "a folder with two schemas",
        {"pump.csv": _sensors("pump"), "sales.csv": table()},
        error=r"(pump|sales)\.csv",
    ),
    Case(
        "a folder of files without endings",
        {"pump": _sensors("pump"), "fan": _sensors("fan", scale=1e4, seed=1), "README": b"Pumps\n"},
        rows=2 * ROWS,
        key="series",
        time="timestamp",
        id=None,
        label=None,
        anomalies=None,
        features=("value", "hour_of_day"),
    ),
    Case(
        "a folder of logs without headers",
        {"a.log": table(BASE[:300], header=False), "b.log": table(BASE[300:], header=False)},
        error=r"a\.log has no header.*header=none",
    ),
    Case(
        "a folder of logs whose columns are named",
        {"a.log": table(BASE[:300], header=False), "b.log": table(BASE[300:], header=False)},
        roles="header=id,card,time,amount,shop,is_fraud",
    ),
    # What stands around the rows.
    Case("a log of Zeek", {"conn.log": zeek()}, time="ts", warnings=("#close",)),
    Case(
        "names in the last remark",
        {"a.csv": b"# cards of a week\n# " + table() + b"# end\n"},
        warnings=("# end",),
    ),
    Case(
        "a header that is repeated",
        {"a.csv": table(BASE[:200]) + table(BASE[200:])},
        warnings=("repeat the header",),
    ),
    Case(
        "units below the names",
        {"a.csv": table().replace(b"\n", b"\n,,UTC,EUR,,\n", 1)},
        warnings=("row 2", "units"),
    ),
    Case(
        "totals and a footer",
        {"a.csv": table() + b"Total,,,12345.50,,12\n\n(600 rows)\n"},
        warnings=("Total", "(600 rows)"),
    ),
    Case(
        "a table as a database prints it",
        {
            "a.txt": text(BASE, separator="|")
            .replace("|", " | ")
            .replace("\n", "\n---+---+---+---+---+---\n", 1)
            .encode()
        },
        warnings=("row 2",),
    ),
    Case(
        "commas that a spreadsheet left at the ends",
        {
            "a.csv": b"".join(
                line + b";;" + [b",,,,,", b",", b""][i % 3] + b"\n"
                for i, line in enumerate(table(separator=";").splitlines())
            )
            + b";" * 7
            + b",,,,,\n"
        },
        warnings=("columns 7, 8", "neither a name nor values"),
    ),
    # Numbers that are none, or more than numbers.
    Case(
        "a number that stands for a missing value",
        {"a.csv": table(with_columns(BASE, co=lambda i: -200 if i % 9 == 4 else i * 7 % 31))},
        features=("amount", "shop", "co", "hour_of_day"),
        warnings=("co: -200 occurs in 67 rows (11.2%)", "missing=-200"),
    ),
    Case(
        "a number that was said to stand for a missing value",
        {"a.csv": table(with_columns(BASE, co=lambda i: -200 if i % 9 == 4 else i * 7 % 31))},
        roles="missing=-200",
        features=("amount", "shop", "co", "hour_of_day"),
    ),
    Case(
        "numbers with their unit",
        {"a.csv": table(changed(BASE, amount=lambda v: f"{v:.2f} kg"))},
        warnings=("amount was read as numbers in kg",),
    ),
    Case(
        "numbers with different units",
        {"a.csv": table(with_columns(BASE, took=lambda i: f"{i % 97} {'ms' if i % 3 else 's'}"))},
        features=("amount", "shop", "took", "hour_of_day"),
        warnings=("took was read as text", "(ms, s)"),
    ),
    Case(
        "a minus behind",
        {"a.csv": table(with_columns(BASE, tip=lambda i: f"{i * 7 % 53}.5{'-' if i % 2 else ''}"))},
        features=("amount", "shop", "tip", "hour_of_day"),
    ),
    # Times that are rarely written so.
    Case(
        "hours without minutes",
        {
            "a.csv": table(
                changed(BASE, time=lambda v: (v + 9 * (v - START)).strftime("%d/%m/%y %H"))
            )
        },
    ),
    Case(
        "hours without minutes whose format is said",
        {"a.csv": table(changed(BASE, time=lambda v: v.strftime("%d/%m/%y %H")))},
        roles="time_format='%d/%m/%y %H'",
    ),
    Case(
        "weeks whose format is said",
        {"a.csv": table(changed(BASE, time=lambda v: v.strftime("%G-W%V-%u %H:%M")))},
        roles="time_format='%G-W%V-%u %H:%M'",
    ),
    Case(
        "a format that fits nothing",
        {"a.csv": table(changed(BASE, time=lambda v: v.strftime("%G-W%V-%u")))},
        roles="time=time time_format=%d/%m/%Y",
        error=r"'%d/%m/%Y' fits no value of column 'time', such as '2026-W10-1' \(row 2\)",
    ),
    # What cannot be read.
    Case("no header", {"a.csv": table(header=False)}, error=r"a\.csv.*header"),
    Case(
        "two columns of one name",
        {"a.csv": with_line(table(), 1, b"id,card,time,amount,amount,is_fraud")},
        error=r"a\.csv.*amount",
    ),
    Case(
        "a ragged row",
        {"a.csv": with_line(table(), 42, b"t1,card-1,2026-03-02T00:00:00Z,3.5,food,0,7,8")},
        error=r"a\.csv.*42",
    ),
    Case("too few rows", {"a.csv": table(BASE[:12])}, error="12 rows.*100"),
    Case("an empty file", {"a.csv": b""}, error=r"a\.csv"),
    Case("only a header", {"a.csv": table(BASE)[:35]}, error=r"a\.csv"),
    Case("a picture", {"a.csv": b"\x89PNG\r\n\x1a\n" + bytes(range(256)) * 9}, error=r"a\.csv"),
    Case(
        "a column that is not there",
        {"a.csv": table()},
        roles="key=crad",
        error="crad.*card",
    ),
)
"""Files as people have them."""
