"""A run: batches by their number, on some processes, with the first thing that does not hold."""

import gc
import json
import multiprocessing
import time
import warnings
from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from typing import Any

from anomaly_app.kafka.consumer.record_batches import Record
from tests.fuzz.checks import Broken, check, check_hostile_anomalies
from tests.fuzz.subjects import Subject, make_subjects

BATCH = 512
SHARE = 8
"""Batches that a process does before it reports."""

DEFAULTS_TURN = 16
"""One batch of so many is judged with the default detector, which is slower than the others."""

HOSTILE = 16
"""Anomalies of a batch that are mutated in turn."""


@dataclass
class Tally:
    """What came of some batches."""

    records: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    slowest: float = 0.0
    """Seconds of CPU of the slowest batch."""
    slowest_batch: int = -1
    broken: str | None = None
    """What did not hold, and the file that shows it."""

    def figures(self, seconds: float) -> str:
        """Say in one line how many were tried, how fast, and the slowest batch."""
        return (
            f"{self.records:,} records in {seconds:,.0f} s, {self.records / seconds:,.0f}/s; "
            f"slowest batch of {BATCH}: {self.slowest * 1000:.0f} ms (number {self.slowest_batch})"
        )

    def add(self, other: "Tally") -> None:
        self.records += other.records
        self.outcomes += other.outcomes
        if other.slowest > self.slowest:
            self.slowest, self.slowest_batch = other.slowest, other.slowest_batch
        self.broken = self.broken or other.broken


@cache
def subjects() -> list[Subject]:
    """Fit once in each process, and judge something, so that what is compiled is compiled."""
    # A warning of numpy's would be a line in the log for every such record.
    warnings.simplefilter("error")
    made = make_subjects()
    for subject in made:
        check(subject, subject.mutator.batch(BATCH, Random(0)), Counter())  # noqa: S311
    # As a worker does: else a collection that walks over all libraries would be the slowest batch.
    gc.collect()
    gc.freeze()
    return made


def subject_of(number: int) -> Subject:
    *usual, slow = subjects()
    return slow if number % DEFAULTS_TURN == 0 else usual[number % len(usual)]


def try_batches(seed: int, numbers: Sequence[int], folder: str) -> Tally:
    """Make and check batches; the same seed and numbers give the same records."""
    tally = Tally()
    for number in numbers:
        subject, random = subject_of(number), Random(f"{seed}-{number}")  # noqa: S311
        records = subject.mutator.batch(BATCH, random)
        try:
            checked = check(subject, records, tally.outcomes)
            check_hostile_anomalies(checked.anomalies[:HOSTILE], random, tally.outcomes)
        except Broken as fault:
            path = save(Path(folder), subject, records, number)
            tally.broken = f"{fault}; run again with --reproduce {path}"
            return tally
        tally.records += len(records)
        if checked.seconds > tally.slowest:
            tally.slowest, tally.slowest_batch = checked.seconds, number
    return tally


def run(
    *,
    records: int,
    seed: int,
    seconds: float,
    processes: int,
    folder: Path,
    say: Callable[[Tally, float], None],
) -> tuple[Tally, float]:
    """Try records until all are tried, the time is over, or something does not hold.

    Parameters
    ----------
    records
        How many, rounded up to whole batches.
    seed
        Of all that is random.
    seconds
        After which no more is begun.
    processes
        That work side by side.
    folder
        For the batch that shows what does not hold.
    say
        Is told the tally so far, and the seconds.

    Returns
    -------
    tuple
        The tally, and the seconds that it took.
    """
    batches = range(-(-records // BATCH))
    shares = [
        (seed, batches[begin : begin + SHARE], str(folder))
        for begin in range(0, len(batches), SHARE)
    ]
    tally, begin = Tally(), time.monotonic()
    if processes == 1:
        for share in shares:
            tally.add(try_batches(*share))
            say(tally, time.monotonic() - begin)
            if tally.broken or time.monotonic() - begin > seconds:
                break
        return tally, time.monotonic() - begin
    with multiprocessing.get_context("spawn").Pool(processes) as pool:
        for done in pool.imap_unordered(_star, shares):
            tally.add(done)
            say(tally, time.monotonic() - begin)
            if tally.broken or time.monotonic() - begin > seconds:
                break
    return tally, time.monotonic() - begin


def _star(share: tuple[int, Sequence[int], str]) -> Tally:
    return try_batches(*share)


def save(folder: Path, subject: Subject, records: Sequence[Record], number: int) -> Path:
    """Write the fewest records that still show it, as far as halving finds them."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"broken-{subject.name}-{number}.json"
    written = [
        {"timestamp": r.timestamp, "key": _text(r.key), "value": _text(r.value)}
        for r in _fewest(subject, records)
    ]
    path.write_text(json.dumps({"subject": subject.name, "records": written}, indent=1))
    return path


def reproduce(path: Path) -> "Counter[str]":
    """Check the records of a file.

    Raises
    ------
    Broken
        Still.
    """
    saved = json.loads(path.read_text())
    [subject] = [s for s in subjects() if s.name == saved["subject"]]
    records = [
        Record("transactions", 0, offset, r["timestamp"], _bytes(r["key"]), _bytes(r["value"]))
        for offset, r in enumerate(saved["records"])
    ]
    outcomes: Counter[str] = Counter()
    check(subject, records, outcomes)
    return outcomes


def _fewest(subject: Subject, records: Sequence[Record]) -> Sequence[Record]:
    while len(records) > 1:
        middle = len(records) // 2
        for half in (records[:middle], records[middle:]):
            if _is_broken(subject, half):
                records = half
                break
        else:
            break
    return records


def _is_broken(subject: Subject, records: Sequence[Record]) -> bool:
    numbered = [
        Record(r.topic, r.partition, offset, r.timestamp, r.key, r.value)
        for offset, r in enumerate(records)
    ]
    try:
        check(subject, numbered, Counter())
    except Broken:
        return True
    return False


def _text(data: bytes | None) -> str | None:
    return None if data is None else b64encode(data).decode()


def _bytes(text: Any) -> bytes | None:
    return None if text is None else b64decode(text)
