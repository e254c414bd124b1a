"""Alertmanager's own binary on this host, if it is installed."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from harness.processes import (
    HOST,
    free_port,
    start_process,
    stop_process,
    wait_until_listening,
)

NAMES = ("prometheus-alertmanager", "alertmanager")
"""Debian's name of the program, and its own."""

START_TIMEOUT = 20.0
"""Seconds within which it must listen."""

CONFIGURATION = """
route: {receiver: nobody}
receivers: [{name: nobody}]
"""


def alertmanager_binary() -> str | None:
    """Return the path of the program; None if it is not installed."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def alertmanager(binary: str, folder: Path, configuration: str = CONFIGURATION) -> Iterator[str]:
    """Run Alertmanager on a free port, and stop it at the end of the block.

    Parameters
    ----------
    binary
        From `alertmanager_binary`.
    folder
        For its data and its log.
    configuration
        As YAML.

    Yields
    ------
    str
        Its address, ``http://host:port``.

    Raises
    ------
    BrokerNotStarted
        It ended, or did not listen in time.
    """
    port = free_port()
    file, log = folder / "alertmanager.yml", folder / "alertmanager.log"
    file.write_text(configuration)
    process = start_process(
        [
            binary,
            f"--config.file={file}",
            f"--storage.path={folder / 'data'}",
            f"--web.listen-address={HOST}:{port}",
            "--cluster.listen-address=",
        ],
        log=log,
    )
    try:
        wait_until_listening(process, port, within=START_TIMEOUT, name="Alertmanager", log=log)
        yield f"http://{HOST}:{port}"
    finally:
        stop_process(process)
