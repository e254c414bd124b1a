"""Reports on disk."""

from pathlib import Path

from anomaly_app.errors import DataError


def write_report(file: Path, page: str) -> None:
    """Write a page; what is there under that name is replaced.

    Raises
    ------
    DataError
        The file cannot be written.
    """
    try:
        file.write_text(page, encoding="utf-8")
    except OSError as fault:
        raise DataError(
            f"the report cannot be written to {file} ({fault.strerror}): name another file with "
            "--report"
        ) from None
