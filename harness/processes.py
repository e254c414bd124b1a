"""Child processes that do not outlive the demo."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

STOP_TIMEOUT = 15.0
"""Seconds between asking a process to stop and ending it."""

PR_SET_PDEATHSIG = 1


def start_process(
    command: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> "subprocess.Popen[bytes]":
    """Start a process in a session of its own, so that Ctrl-C reaches only the demo.

    Parameters
    ----------
    command
        Program and arguments.
    log
        File that its output is appended to.
    env
        Added to this process's environment.
    cwd
        Where it runs; None is here.
    """
    with log.open("ab") as output:
        return subprocess.Popen(  # noqa: S603  # our own command
            command,
            env={**os.environ, **(env or {})},
            cwd=cwd,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,  # noqa: PLW1509
        )


def stop_process(process: "subprocess.Popen[bytes]") -> int:
    """Ask a process to stop, insist after `STOP_TIMEOUT`, and give its exit code."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
