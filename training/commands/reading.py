"""Reading DATA, from a file, a folder or a topic, with progress on standard error."""

import dataclasses
import time
from pathlib import Path

import click
from rich.console import Console
from rich.markup import escape

from anomaly_app.core.roles.roles import Roles
from anomaly_app.settings.app import load_settings
from training.checks.memory_coverage import memory_warnings
from training.commands.progress import progress
from training.history import History, read_history
from training.history.topic import TopicAddress, read_topic
from training.memory import bind, read_preset


def read_data(
    data: Path | TopicAddress, roles: Roles, busy: Console, *, last: float | None = None
) -> History:
    """Read a file or folder of history, or a topic.

    Parameters
    ----------
    data
        File, folder or topic.
    roles
        Roles of the columns or fields; other roles are inferred.
    busy
        Where to show progress, preferably standard error.
    last
        For a topic: only read records of the last so many seconds. None: all records.

    Raises
    ------
    DataError
        The data cannot be read as a table of transactions.
    BrokerError
        The topic cannot be read.
    """
    if isinstance(data, Path):
        if last is not None:
            raise click.UsageError("--last needs a topic: kafka://HOST:PORT/TOPIC")
        with busy.status(f"reading {escape(str(data))}"):
            return read_history(data, roles)
    since = None if last is None else time.time() - last
    with progress(busy) as bar:
        task = bar.add_task(f"reading {data}", total=None)
        return read_topic(
            data,
            roles,
            load_settings(),
            since=since,
            progress=lambda done, total: bar.update(task, completed=done, total=total),
        )


def with_memory(history: History, name: str | None, busy: Console) -> History:
    """Add the features of a memory to history.

    Parameters
    ----------
    history
        See `training.memory.remember`.
    name
        A preset or a file; None adds nothing.
    busy
        Where to show progress, preferably standard error.

    Raises
    ------
    DataError
        The memory cannot be read, or needs what the history does not have.
    """
    if name is None:
        return history
    # Its compiled loop is not loaded where nothing is remembered.
    from training.memory.remember import remember  # noqa: PLC0415

    bound = bind(read_preset(name), history)
    said = [bound.warning] if bound.warning is not None else []
    lines = [*history.warnings, *said, *memory_warnings(history, bound.spec)]
    history = dataclasses.replace(history, warnings=tuple(lines))
    with busy.status(f"replaying {len(history):,} rows through the memory"):
        return remember(history, bound.spec, only_remembered=bound.only_remembered)
