"""Ending the process without a commit, where continuing would lose records."""

import logging
import os
import sys
from typing import NoReturn

from anomaly_app.errors import AnomalyAppError

logger = logging.getLogger(__name__)


def exit_without_commit(where: str, fault: BaseException) -> NoReturn:
    """End the process at once, so that nothing after the last commit counts as done.

    If an agent raises, Faust restarts it with the records that follow, and their commit would
    cover those in flight. The next worker to start reads them again.

    Parameters
    ----------
    where
        The records in flight: topic, partition, offsets.
    fault
        What went wrong; its traceback is logged.
    """
    logger.critical(
        "%s: %r; exiting without committing, so these records are read again at the next start",
        where,
        fault,
        exc_info=fault,
    )
    logging.shutdown()
    os._exit(os.EX_TEMPFAIL)


def exit_refusing(error: AnomalyAppError) -> NoReturn:
    """End the process with one line: it can do nothing before somebody has done what it says."""
    logger.critical("%s", error)
    sys.stderr.write(f"error: {error}\n")
    logging.shutdown()
    os._exit(1)
