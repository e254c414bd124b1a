"""The command `label import`: outcomes from a file, such as chargebacks."""

import asyncio
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from contextlib import suppress
from typing import BinaryIO

import click

from anomaly_app.core.alerts.text import shortened
from anomaly_app.core.learning.label import LONGEST_USER, Basis, Label
from anomaly_app.core.times import check_time_format
from anomaly_app.core.visible import visible
from anomaly_app.errors import DataError, LabelRefused, RecordRejected
from anomaly_app.incidents.saying import say_all
from anomaly_app.labels.outcomes import Reading, columns_of
from anomaly_app.labels.rows import Lines, header_of, rows_of
from anomaly_app.labels.so_far import said_so_far
from anomaly_app.settings import Settings, load_settings
from anomaly_app.terminal import Progress, one_line_errors, say, user_option

MOST_TOLD = 5
"""Lines that are left out and told, each with the reason; all of them are counted."""

LONGEST_LINE = 300


@click.command("import")
@click.argument("file", type=click.File("rb"))
@click.option("--id", "id_column", default="", metavar="COLUMN", help="With the ids.")
@click.option("--label", "label_column", default="", metavar="COLUMN", help="With the verdicts.")
@click.option("--date", "date_column", default="", metavar="COLUMN", help="Of when it was known.")
@click.option("--note", "note_column", default="", metavar="COLUMN", help="With the notes.")
@click.option("--time-format", default=None, metavar="FORMAT", help="Of dates, as for strptime.")
@user_option
@click.option("--opinion", is_flag=True, help="They are opinions, not outcomes.")
@click.option("--dry-run", is_flag=True, help="Say what would be added; add nothing.")
@one_line_errors
def import_labels(
    file: BinaryIO,
    *,
    id_column: str,
    label_column: str,
    date_column: str,
    note_column: str,
    time_format: str | None,
    user: str,
    opinion: bool,
    dry_run: bool,
) -> None:
    """Import outcomes from FILE, a CSV file of chargebacks, say; - is standard input.

    The first line has the names of the columns, of which one has the ids of transactions, or of
    anomalies (TOPIC-PARTITION-OFFSET). A column with the verdict (fraud or expected, 1 or 0, true
    or false) may be missing: then all are fraud. So may a column with the date on which it became
    known, which is not that of the transaction: then that is now.

    What is in the file again is not added again. Lines that are no label are left out and told.

    \b
    Examples:
      faust -A anomaly_app.app label import chargebacks.csv --dry-run
      faust -A anomaly_app.app label import chargebacks.csv --user acquirer
      faust -A anomaly_app.app label import export.csv --id payment --date booked \\
        --time-format %d.%m.%Y
    """  # noqa: D301  # click reads the escape: keep the lines as they are
    who = shortened(user, LONGEST_USER)
    if not who:
        raise LabelRefused("say who: a label needs a user")
    if time_format is not None:
        check_time_format(time_format)
    given = {"id": id_column, "label": label_column, "date": date_column, "note": note_column}
    settings = load_settings()
    lines = Lines(file)
    header, delimiter = header_of(lines)
    columns = columns_of(header, given)
    say(visible(columns.in_words(header), LONGEST_LINE))
    basis = Basis.OPINION if opinion else Basis.OUTCOME
    reading = Reading(columns, settings.transactions_topic, basis, who, time_format, time.time())
    account = Account(getattr(file, "name", "<stdin>"))
    labels = _read(file, lines, delimiter, reading, account)
    if account.left_out and not labels:
        raise DataError(f"no line of {account.name} is a label")
    with Progress(f"importing {account.name}", sys.stderr) as progress:
        fresh = asyncio.run(_fresh(labels, account, settings, progress))
        if not dry_run:
            asyncio.run(say_all(fresh, settings, progress))
    say(account.in_words(dry_run=dry_run))


class Account:
    """What became of the lines of a file.

    Parameters
    ----------
    name
        Of the file.
    """

    def __init__(self, name: str) -> None:
        self.name = visible(name, LONGEST_LINE)
        self.left_out = 0
        self.known = 0
        """Labels that had been given before, or earlier in the file."""
        self.added: Counter[str] = Counter()
        """By verdict."""

    def leave_out(self, line: int, fault: Exception | str) -> None:
        """Count a line that is no label, and tell the first ones."""
        self.left_out += 1
        if self.left_out <= MOST_TOLD:
            say(visible(f"line {line:,} is left out: {fault}", LONGEST_LINE), err=True)
        elif self.left_out == MOST_TOLD + 1:
            say("further lines that are left out are only counted", err=True)

    def in_words(self, *, dry_run: bool) -> str:
        """Say what was done, in one line."""
        added = self.added.total()
        verdicts = ", ".join(f"{count:,} {verdict}" for verdict, count in self.added.items())
        said = f"{added:,} label(s) {'would be ' * dry_run}added from {self.name}"
        return (
            f"{said}{f' ({verdicts})' * bool(added)}; {self.known:,} known before, "
            f"{self.left_out:,} line(s) left out"
        )


def _read(
    file: BinaryIO, lines: Lines, delimiter: str, reading: Reading, account: Account
) -> list[Label]:
    size = 0
    with suppress(OSError):  # it may be no file at all
        size = os.fstat(file.fileno()).st_size
    labels = []
    with Progress(f"reading {account.name}", sys.stderr) as progress:
        for row in rows_of(lines, delimiter):
            # Of a pipe the size is 0: nothing is shown.
            progress(lines.bytes, size)
            if row.fault:
                account.leave_out(row.line, row.fault)
                continue
            try:
                labels.append(reading.label_of(row.cells))
            except (DataError, LabelRefused, RecordRejected) as fault:
                account.leave_out(row.line, fault)
    return labels


async def _fresh(
    labels: Sequence[Label], account: Account, settings: Settings, progress: Progress
) -> list[Label]:
    """Return the labels that nobody has given before, each once."""
    known = {*(await said_so_far(settings, progress)).said}
    fresh = {label.id: label for label in reversed(labels) if label.id not in known}
    account.known = len(labels) - len(fresh)
    account.added = Counter(str(label.verdict) for label in fresh.values())
    return [*reversed(fresh.values())]
