"""CPU time and memory of processes, from Linux' ``/proc``."""

import os
from collections.abc import Iterable
from pathlib import Path

PROC = Path("/proc")
TICKS = os.sysconf("SC_CLK_TCK")
USER_TIME, SYSTEM_TIME = 11, 12
"""Indices of CPU times in ``/proc/PID/stat``, after the command's name."""


def family(pid: int) -> list[int]:
    """Return a process and all its descendants."""
    found = [pid]
    for member in found:
        for children in PROC.glob(f"{member}/task/*/children"):
            found += map(int, children.read_text().split())
    return found


def cpu_seconds(pids: Iterable[int]) -> float:
    """Return the user and system time of processes and their descendants, in seconds."""
    ticks = 0
    for pid in pids:
        for member in family(pid):
            # The name is in parentheses, and may contain anything.
            fields = (PROC / str(member) / "stat").read_text().rpartition(")")[2].split()
            ticks += int(fields[USER_TIME]) + int(fields[SYSTEM_TIME])
    return ticks / TICKS


def memory(pids: Iterable[int], field: str) -> float:
    """Return the memory of processes and their descendants, in MB.

    Parameters
    ----------
    pids
        The processes.
    field
        ``VmHWM`` for the peak, ``VmRSS`` for the current memory.
    """
    kibibytes = 0
    for pid in pids:
        for member in family(pid):
            lines = (PROC / str(member) / "status").read_text().splitlines()
            kibibytes += sum(int(line.split()[1]) for line in lines if line.startswith(field + ":"))
    return kibibytes * 1024 / 1e6
