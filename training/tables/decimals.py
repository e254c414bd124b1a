"""Decimal marks: a point or a comma, with a warning if it had to be guessed."""

from dataclasses import dataclass

import polars as pl

from anomaly_app.errors import DataError
from training.tables.numbers import Mark, marks_seen, parsed
from training.tables.table import Table, Where

LOOKED_AT = 1_000
"""Number of cells to check."""

FEW = 0.05
"""Maximum share of decisive cells with the other mark; they count as missing."""

MARKS: tuple[Mark, ...] = ("point", "comma")


@dataclass(frozen=True)
class Decimals:
    """What is known about the decimal mark of a file.

    Parameters
    ----------
    said
        The mark that the user set.
    usual
        The mark of most columns; None if unknown.
    separator
        Separator of the cells, for text files.
    """

    said: Mark | None = None
    usual: Mark | None = None
    separator: str | None = None

    def of(
        self, column: pl.Series, unread: pl.Series, where: Where
    ) -> tuple[Mark, tuple[str, ...]]:
        """Return the mark of a column, with a warning if it had to be guessed.

        Parameters
        ----------
        column
            Strings.
        unread
            Mask of those that are not plain numbers with a decimal point.
        where
            Returns the name of a row.

        Raises
        ------
        DataError
            The column has both marks.
        """
        if self.said is not None:
            return self.said, ()
        told, example = _told(column, unread, where)
        if told is not None or example is None:
            return told or "point", ()
        if self.usual is not None:
            return self.usual, ()
        # The whole file has only numbers such as 1.234 or 1,234. Programs write points, and those
        # that write decimal commas do not use commas as separators.
        if "," not in example and self.separator in {",", None}:
            return "point", ()
        guess: Mark = "comma" if "," in example and self.separator == ";" else "point"
        other: Mark = "point" if guess == "comma" else "comma"
        return guess, (
            f"{column.name}: {example!r} was read as {_read(example, guess)}, but may mean "
            f"{_read(example, other)}: set --roles 'decimal={other}' if it does, and "
            f"'decimal={guess}' if not",
        )


def decimals_of(table: Table, said: Mark | None) -> Decimals:
    """Detect the decimal mark of most columns of a table.

    Parameters
    ----------
    table
        With columns of strings.
    said
        The mark that the user set.
    """
    if said is not None:
        return Decimals(said)
    seen: set[Mark] = set()
    texts = table.frame.select(pl.col(pl.String).head(LOOKED_AT))
    with_marks = texts.select(pl.all().str.contains("[.,]").any()).row(0) if texts.width else ()
    for column, has_marks in zip(texts.iter_columns(), with_marks, strict=True):
        if has_marks and len(seen) < len(MARKS):
            marks = marks_seen(column)
            found = {mark for mark in MARKS if len(marks[mark])}
            if len(found) == 1 and len(marks["point"]) + len(marks["comma"]) > len(column) // 4:
                seen |= found
    return Decimals(usual=seen.pop() if len(seen) == 1 else None, separator=table.separator)


def _read(example: str, mark: Mark) -> str:
    return f"{float(parsed(pl.Series([example]), mark)[0]):.12g}"


def _told(column: pl.Series, unread: pl.Series, where: Where) -> tuple[Mark | None, str | None]:
    """Return the mark that the cells prove, and an example of an ambiguous cell."""
    if not unread.any():
        few = column.drop_nulls().filter(column.drop_nulls().str.contains(".", literal=True))
        if len(few) == 0:
            return None, None
        if len(marks_seen(few.head(LOOKED_AT))["point"]):
            return "point", None
    marks = marks_seen(column)
    points, commas = len(marks["point"]), len(marks["comma"])
    if points and commas:
        rarer: Mark = "comma" if commas <= points else "point"
        few_marks = len(marks[rarer])
        if few_marks > FEW * (points + commas) and _is_number_column(column, marks):
            rows = [_row_of(column, marks[mark][0]) for mark in MARKS]
            raise DataError(
                f"{column.name} has decimal points and decimal commas: "
                f"{column[rows[0]]!r} ({where(rows[0])}) and {column[rows[1]]!r} "
                f"({where(rows[1])}); use one of them, set --roles 'decimal=point' or "
                "'decimal=comma' (the other cells then count as missing), or remove the column "
                "from the file"
            )
        return ("point" if rarer == "comma" else "comma"), None
    if points or commas:
        return ("point" if points else "comma"), None
    both = marks[None]
    return None, both[0] if len(both) else None


def _is_number_column(column: pl.Series, marks: dict[Mark | None, pl.Series]) -> bool:
    telling = sum(len(cells) for cells in marks.values())
    whole = column.str.contains(r"^\s*[+-]?\d+\s*$").sum()
    return telling + whole > len(column.drop_nulls()) / 2


def _row_of(column: pl.Series, cell: str) -> int:
    return int((column == cell).arg_true()[0])
