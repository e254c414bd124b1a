"""Where labels come from: the store, the feedback topic, or a file of outcomes."""

import asyncio
import time
from collections.abc import Callable, Sequence
from enum import StrEnum
from pathlib import Path
from typing import BinaryIO, NamedTuple, TypeAlias

from anomaly_app.core.alerts.feedback import Press
from anomaly_app.core.learning.label import Basis, Label, Verdict
from anomaly_app.core.visible import visible
from anomaly_app.errors import (
    BrokerError,
    DataError,
    LabelRefused,
    RecordRejected,
    TopicMissing,
)
from anomaly_app.labels.outcomes import Reading, columns_of
from anomaly_app.labels.rows import Lines, header_of, rows_of
from anomaly_app.labels.so_far import said_so_far
from anomaly_app.settings import Settings
from anomaly_app.store.presence import has_store
from training.retraining.kept import Kept
from training.retraining.known_labels import KnownLabels, known_labels

Progress: TypeAlias = Callable[[int, int], None]

LONGEST_LINE = 400

MOST_TOLD = 5
"""Lines of a file that are no label and are told one by one."""

SQLITE = "sqlite:///"


class Source(StrEnum):
    """Where labels come from, if it is no file."""

    STORE = "store"
    TOPIC = "topic"
    NONE = "none"


class Labels(NamedTuple):
    """Labels, and what is to be said of them."""

    known: KnownLabels
    source: str
    """In words."""
    lines: tuple[str, ...] = ()
    """What was left out, and why."""
    stored: Sequence[Kept] = ()
    """Labelled transactions, if the labels are from the store."""


def read_labels(wanted: Source | Path | None, settings: Settings, progress: Progress) -> Labels:
    """Read all labels that were ever given.

    Parameters
    ----------
    wanted
        Where from; None: from the store if there is one, or else from the feedback topic.
    settings
        The store, the broker, the topics and the group.
    progress
        Called with how much of the topic is read.

    Raises
    ------
    DataError
        The file cannot be read, or has no labels.
    StoreError
        The store cannot be read.
    SettingsError
        The store is to be read, and packages are missing.
    BrokerError
        The topic cannot be read.
    """
    if isinstance(wanted, Path):
        return _from_file(wanted, settings)
    if wanted == Source.NONE:
        return Labels(KnownLabels(), "no labels")
    if wanted == Source.STORE or (wanted is None and _store_is_there(settings)):
        return _from_store(settings)
    return _from_topic(settings, progress)


def _store_is_there(settings: Settings) -> bool:
    if not has_store(settings):
        return False
    # SQLite would make an empty file.
    file = settings.store.removeprefix(SQLITE)
    return file == settings.store or Path(file).is_file()


def _from_store(settings: Settings) -> Labels:
    if not has_store(settings):
        raise DataError("there is no store: set ANOMALY_STORE, or use --labels topic")
    if not _store_is_there(settings):
        raise DataError(
            f"there is no store at {settings.store} (ANOMALY_STORE): a worker makes it; or use "
            "--labels topic"
        )
    # SQLAlchemy is only there where the store is.
    from anomaly_app.store.store import Store  # noqa: PLC0415
    from training.retraining.store_labels import kept_in, labels_in  # noqa: PLC0415

    store = Store.of(settings)
    try:
        name = f"the store {store.address}"
        return Labels(labels_in(store.engine), name, stored=kept_in(store.engine))
    finally:
        store.close()


def _from_topic(settings: Settings, progress: Progress) -> Labels:
    name = f"the topic {settings.feedback_topic}"
    try:
        found = asyncio.run(said_so_far(settings, progress))
    except TopicMissing:
        return Labels(KnownLabels(), name, (f"{name} does not exist: nobody has said anything",))
    except BrokerError as fault:
        raise type(fault)(
            f"{fault}; without a broker, use --labels FILE or --labels none"
        ) from None
    labels = [one for one in found.said.values() if isinstance(one, Label)]
    answers = sum(
        isinstance(one, Press) and one.action in {*Verdict} and one.id not in found.undone
        for one in found.said.values()
    )
    line = (
        f"{answers:,} answers to incidents are left out: only the store knows which anomalies they "
        "are about (ANOMALY_STORE)"
    )
    return Labels(known_labels(labels, found.undone.values()), name, (line,) * bool(answers))


def _from_file(path: Path, settings: Settings) -> Labels:
    try:
        with path.open("rb") as file:
            return _read(file, path.name, settings)
    except OSError as fault:
        raise DataError(f"--labels {path} cannot be read: {fault.strerror}") from None


def _read(file: BinaryIO, name: str, settings: Settings) -> Labels:
    lines = Lines(file)
    header, delimiter = header_of(lines)
    columns = columns_of(header, {})
    topic = settings.transactions_topic
    reading = Reading(columns, topic, Basis.OUTCOME, "file", None, time.time())
    labels: dict[str, Label] = {}
    left_out: list[str] = []
    for row in rows_of(lines, delimiter):
        fault: Exception | str = row.fault
        if not fault:
            try:
                label = reading.label_of(row.cells)
                labels[label.id] = label
            except (DataError, LabelRefused, RecordRejected) as refusal:
                fault = refusal
        if fault:
            left_out.append(f"line {row.line:,} of {name} is left out: {fault}")
    if not labels:
        why = f": {left_out[0]}" if left_out else ""
        raise DataError(visible(f"no line of {name} is a label{why}", LONGEST_LINE))
    said = [columns.in_words(header), *left_out[:MOST_TOLD]]
    if len(left_out) > MOST_TOLD:
        said.append(f"{len(left_out):,} lines of {name} are left out in all")
    shown = tuple(visible(line, LONGEST_LINE) for line in said)
    return Labels(known_labels(labels.values()), f"the file {name}", shown)
