"""Write reports to disk."""

from pathlib import Path

from anomaly_app.errors import DataError


def write_report(file: Path, page: str) -> None:
    """Write a page; an existing file is replaced.

    Raises
    ------
    DataError
        The file cannot be written.
    """
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as fault:
        raise DataError(
            f"cannot write the report to {file} ({fault.strerror}): give another file with --report"
        ) from None
