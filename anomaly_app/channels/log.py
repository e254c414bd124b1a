"""The log as a channel: a line in the worker's own, or JSON lines in a file."""

import asyncio
import logging
import os
import stat
import threading
from pathlib import Path

from anomaly_app.channels.channel import Delivered, Later, Place
from anomaly_app.channels.document_json import document_of
from anomaly_app.channels.wording import one_line
from anomaly_app.core.alerts.notice import Notice

logger = logging.getLogger(__name__)

MODE = 0o600
"""Of a file that is made: it holds what the stream holds."""


class WorkerLogChannel:
    """Writes notices to the worker's log, one line each."""

    async def deliver(self, notice: Notice, place: Place) -> Delivered:  # noqa: ARG002
        """Log the line; this always succeeds."""
        logger.warning("ALERT %s", one_line(notice))
        return Delivered()

    async def close(self) -> None:
        """Do nothing: there is no connection."""


class JsonLinesChannel:
    """Appends notices to a file, one line of JSON each; several workers may share it.

    A line is there as a whole when it counts as delivered: it is written at once and flushed to the
    disk. A file that was moved or removed in the meantime, as rotation does, is made anew. A line
    that a crash has cut is ended before the next one.

    Parameters
    ----------
    file
        Its path, from the worker's folder unless it is absolute; its folder must be there. It may
        be a pipe or a device.
    """

    def __init__(self, file: Path) -> None:
        self._file = file
        self._descriptor: int | None = None
        # A thread may still write when the task that waits for it is cancelled.
        self._lock = threading.Lock()

    async def deliver(self, notice: Notice, place: Place) -> Delivered | Later:  # noqa: ARG002
        """Append a notice."""
        try:
            await asyncio.to_thread(self._append, document_of(notice) + b"\n")
        except OSError as fault:
            return Later(f"{self._file} cannot be written: {fault.strerror or fault}")
        return Delivered()

    def _append(self, line: bytes) -> None:
        with self._lock:
            try:
                _write(self._opened(), line)
            except OSError:
                self._release()
                raise

    def _opened(self) -> int:
        if self._descriptor is not None and not self._is_still_there(self._descriptor):
            self._release()
        if self._descriptor is None:
            # Without waiting: a pipe that nobody reads would hold up the worker.
            flags = os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC | os.O_NONBLOCK
            self._descriptor = os.open(self._file, flags, MODE)
            if self._ends_in_a_cut_line(self._descriptor):
                os.write(self._descriptor, b"\n")
        return self._descriptor

    def _is_still_there(self, descriptor: int) -> bool:
        try:
            there = self._file.stat()
        except OSError:
            return False
        return os.path.samestat(there, os.fstat(descriptor))

    def _ends_in_a_cut_line(self, descriptor: int) -> bool:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode) or not status.st_size:
            return False
        try:
            with self._file.open("rb") as file:
                file.seek(-1, os.SEEK_END)
                return file.read(1) != b"\n"
        except OSError:
            return False  # it may be written, but not read

    def _release(self) -> None:
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    async def close(self) -> None:
        """Close the file."""
        await asyncio.to_thread(self._close)

    def _close(self) -> None:
        with self._lock:
            self._release()


def _write(descriptor: int, line: bytes) -> None:
    written = os.write(descriptor, line)
    if written < len(line):
        raise OSError(f"{written} of {len(line)} bytes fitted: is the disk full?")
    if stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.fsync(descriptor)
