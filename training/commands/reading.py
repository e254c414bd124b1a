"""Reading DATA, from a file, a folder or a topic, with progress on standard error."""

import dataclasses
import time
from pathlib import Path

import click
from msgspec.structs import replace
from rich.console import Console
from rich.markup import escape

from anomaly_app.core.model.manifest import Manifest
from anomaly_app.core.roles.roles import Roles
from anomaly_app.settings.app import Settings, load_settings
from training.checks.compatibility import require_columns
from training.checks.memory_coverage import memory_warnings
from training.commands.progress import progress
from training.history import History, read_history
from training.history.model_roles import learnt_roles, named_as_in, read_for_model
from training.history.topic import TopicAddress, read_topic
from training.memory import bind, read_preset

LAST_NEEDS_TOPIC = "--last needs a topic: kafka://HOST:PORT/TOPIC"


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
            raise click.UsageError(LAST_NEEDS_TOPIC)
        with busy.status(f"reading {escape(str(data))}"):
            return read_history(data, roles)
    return _read_topic(data, roles, load_settings(), busy, last=last)


def read_again(
    data: Path | TopicAddress,
    manifest: Manifest,
    roles: Roles,
    busy: Console,
    *,
    last: float | None = None,
) -> History:
    """Read data for a new version of a model: its features and roles, and what it remembers.

    Parameters
    ----------
    data
        File, folder or topic.
    manifest
        Manifest of the old version.
    roles
        Roles that take precedence over those of the old version.
    busy
        Where to show progress, preferably standard error.
    last
        See `read_data`.

    Raises
    ------
    DataError
        The data cannot be read, or lack what the old version needs.
    BrokerError
        The topic cannot be read.
    """
    if isinstance(data, Path):
        if last is not None:
            raise click.UsageError(LAST_NEEDS_TOPIC)
        with busy.status(f"reading {escape(str(data))}"):
            history = read_for_model(data, manifest, roles)
    else:
        settings = load_settings()
        said = settings.said_roles.changed_by(roles)
        learnt = learnt_roles(manifest)
        history = _read_topic(data, said, settings, busy, last=last, learnt=learnt)
        history = named_as_in(manifest, history, said)
    # Which columns are features was decided for the old version, and is so for the next one.
    kept = replace(
        history.roles, features=manifest.roles.features, categories=manifest.roles.categories
    )
    history = dataclasses.replace(history, roles=kept)
    require_columns(history, manifest.schema)
    if manifest.schema.memory is None:
        return history
    # Its compiled loop is not loaded where nothing is remembered.
    from training.memory.remember import remember  # noqa: PLC0415

    inputs = [feature.name for feature in manifest.schema.inputs]
    with busy.status(f"replaying {len(history):,} rows through the memory"):
        return remember(history, manifest.schema.memory, only_remembered=inputs)


def _read_topic(
    data: TopicAddress,
    roles: Roles,
    settings: Settings,
    busy: Console,
    *,
    last: float | None,
    learnt: Roles | None = None,
) -> History:
    since = None if last is None else time.time() - last
    with progress(busy) as bar:
        task = bar.add_task(f"reading {data}", total=None)
        return read_topic(
            data,
            roles,
            settings,
            learnt=learnt,
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
