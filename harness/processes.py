"""Child processes that do not outlive the one that started them."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from harness.errors import BrokerNotStarted

STOP_TIMEOUT = 15.0
"""Seconds between asking a process to stop and killing it."""

HOST = "127.0.0.1"
"""Address on which all processes of the harness listen."""

LISTEN_INTERVAL = 0.05
"""Seconds between two attempts to connect to a process that has just started."""

PR_SET_PDEATHSIG = 1


def free_port() -> int:
    """Return a TCP port of this host that is free now."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port


def start_process(
    command: Sequence[str],
    *,
    log: Path,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> "subprocess.Popen[bytes]":
    """Start a process in a session of its own, so that Ctrl-C reaches only the parent.

    Parameters
    ----------
    command
        Program and arguments.
    log
        File that its output is appended to.
    env
        Added to this process's environment.
    cwd
        Its working directory; None is the current one.
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
    """Ask a process to stop, kill it after `STOP_TIMEOUT`, and return its exit code."""
    if process.poll() is None:
        process.terminate()
        try:
            process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait()


def wait_until_listening(
    process: "subprocess.Popen[bytes]", port: int, *, within: float, name: str, log: Path
) -> None:
    """Return when a process listens.

    Parameters
    ----------
    process
        A process that has been started.
    port
        Its port on this host.
    within
        Timeout in seconds.
    name, log
        Its name and its log, for the error message.

    Raises
    ------
    BrokerNotStarted
        It ended, or did not listen in time.
    """
    deadline = time.monotonic() + within
    while time.monotonic() < deadline and process.poll() is None:
        try:
            socket.create_connection((HOST, port), timeout=1).close()
        except OSError:
            time.sleep(LISTEN_INTERVAL)
        else:
            return
    raise BrokerNotStarted(f"{name} did not start on {HOST}:{port}; see {log}")


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
