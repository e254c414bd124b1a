"""Sentences about an old and a new model: which is better, by how much, and what would be lost."""

import numpy as np

from anomaly_app.core.arrays import Indices
from anomaly_app.core.model.wording import reason_in_words
from anomaly_app.core.times import iso_time
from anomaly_app.core.visible import visible
from anomaly_app.core.wording import NOTHING, number, percent
from training.evaluation.incidents import reasons_of
from training.evaluation.intervals import MIN_INCIDENTS
from training.history import Labels
from training.retraining.joining import as_names
from training.retraining.judging import Judgement, Outcome
from training.retraining.kept import KeptFrauds
from training.retraining.retrain import Retrained
from training.retraining.sides import Measured, Side

MOST_LISTED = 20

LONGEST_CELL = 60

FAVOURED = 0.9
"""Share of the known frauds found by the old model from which to warn that labels favour it."""

HEAD = ("id", "entity", "time", "why the old model told it")


def learnt(retrained: Retrained) -> str:
    """Say what was learnt, and what was left out."""
    lesson, training = retrained.lesson, retrained.fitted.manifest.training
    said = [
        f"learnt {training.rows + training.held_back:,} rows up to {iso_time(retrained.cut.at)}, "
        f"by the labels known then"
    ]
    if lesson.left_out:
        said.append(f"{lesson.left_out:,} frauds are left out")
    if lesson.certain:
        said.append(f"{lesson.certain:,} expected rows are ordinary for certain")
    if lesson.kept:
        said.append(f"{lesson.kept:,} of them are only in the store")
    if lesson.disputed:
        said.append(f"{lesson.disputed:,} disputed rows count as unlabelled")
    return "; ".join(said)


def of_stored_frauds(found: KeptFrauds) -> str:
    """Say which model alerts on frauds that are older than the data."""
    return (
        f"of {found.number:,} known frauds that only the store still has, the old model finds "
        f"{found.old:,}, which it was told by, and the new one {found.new:,}"
    )


def measures(judgement: Judgement) -> list[tuple[str, ...]]:
    """Return the rows of a table: a measure, of the old model, and of the new one."""
    old, new = judgement.old, judgement.new
    frauds, expected = int(judgement.verdicts.fraud.sum()), int(judgement.verdicts.expected.sum())
    rows: list[tuple[str, ...]] = [
        ("alerts a day", *(number(one.alerts.sum() / judgement.days, 3) for one in (old, new))),
        ("known frauds found", *(_share(one.found, frauds) for one in (old, new))),
        ("alerts on expected rows", *(_share(one.false_alarms, expected) for one in (old, new))),
    ]
    if judgement.average_precision is not None:
        rows += [
            ("average precision", *(_area(one.average_precision) for one in (old, new))),
            ("AUC", *(_area(one.roc_auc) for one in (old, new))),
        ]
    return rows


def _share(found: Measured | None, whole: int) -> str:
    if found is None:
        return NOTHING
    said = f"{round(found.value * whole):,} of {whole:,}"
    if found.interval is None:
        return said
    return f"{said} ({percent(found.interval.low)} to {percent(found.interval.high)})"


def _area(found: Measured | None) -> str:
    if found is None or found.interval is None:
        return NOTHING
    return f"{found.value:.3f} ({found.interval.low:.3f} to {found.interval.high:.3f})"


def verdict(judgement: Judgement) -> str:
    """Say which model is better and by how much, or why that cannot be told."""
    old, new = (f"version {one.model.manifest.version}" for one in (judgement.old, judgement.new))
    frauds = int(judgement.verdicts.fraud.sum())
    ranked, found = judgement.average_precision, judgement.found
    others = f"{_signed(judgement.other_alerts, 1)} a day"
    if ranked is None or found is None:
        return (
            f"too few labels to tell which is better: {frauds:,} known "
            f"fraud{'s' * (frauds != 1)} among the judged rows, and intervals need them in at "
            f"least {MIN_INCIDENTS} incidents; judge by the other alerts, which change by {others},"
            " and by the most anomalous 1% of rows, of which "
            f"{percent(judgement.agreement)} are the same"
        )
    facts = (
        f"from {old} to {new}, the average precision on {frauds:,} known frauds changes by "
        f"{_signed(ranked, 3)}, the share of them that is found by {_signed(found, 2)}, and other "
        f"alerts by {others}"
    )
    if judgement.outcome == Outcome.SAME:
        return f"neither is better beyond chance: {facts}"
    better, worse = (new, old) if judgement.outcome == Outcome.BETTER else (old, new)
    return f"{better} is better than {worse}: {facts}"


def _signed(found: Measured, digits: int) -> str:
    if found.interval is None:
        return f"{found.value:+.{digits}f}"
    low, high = found.interval
    return f"{found.value:+.{digits}f} (95%: {low:+.{digits}f} to {high:+.{digits}f})"


def candidate_note(old: str, judgement: Judgement) -> str:
    """Return what is kept beside a candidate.

    Parameters
    ----------
    old
        Folder of the old model.
    judgement
        The comparison with it.
    """
    said = verdict(judgement)
    return (
        f"This is a candidate: {old}, retrained. {said[:1].upper()}{said[1:]}.\n"
        "Workers only use it if ANOMALY_MODEL names it. Delete this file to accept it.\n"
    )


def cautions(judgement: Judgement) -> list[str]:
    """Say what makes the comparison unfair."""
    old, said = judgement.old, list[str]()
    version = f"version {old.model.manifest.version}"
    if old.model.manifest.training.trained_until is None:
        said.append(
            f"{version} does not say up to when its data went: it may have seen the rows that it "
            "is judged on, which favours it"
        )
    if judgement.average_precision is not None and not judgement.new.finds_frauds:
        said.append(
            "the new model does not alert on known frauds more often than on other rows, beyond "
            "chance: are the labels right, and are there features in which these frauds show?"
        )
    if judgement.average_precision is not None and _found_nearly_all(old):
        said.append(
            f"nearly all known frauds are alerts of {version}: if people only label what they are "
            "told, nobody knows what it missed, which favours it"
        )
    return said


def _found_nearly_all(old: Side) -> bool:
    return old.found is not None and old.found.value >= FAVOURED


def lost_frauds(judgement: Judgement) -> list[tuple[str, str, str, str]]:
    """Return the known frauds that only the old model finds, as rows under `HEAD`.

    The rarest come first, and there are at most `MOST_LISTED`.
    """
    old, history = judgement.old, judgement.history
    rows = _rarest(old, judgement.lost)
    if not len(rows):
        return []
    why = reasons_of(old.model, history, old.log_p, rows)
    names = None if history.ids is None else as_names(history.ids)
    if history.places is not None and names is None:
        names = history.places
    found = []
    for row, reasons in zip(rows.tolist(), why, strict=True):
        cells = (
            None if names is None else names[row],
            None if history.entities is None else history.entities[row],
            iso_time(float(history.times[row])),  # type: ignore[index]
            reason_in_words(reasons[0]) if reasons else None,
        )
        name, entity, time, reason = (
            NOTHING if cell is None else visible(cell, LONGEST_CELL) for cell in cells
        )
        found.append((name, entity, time, reason))
    return found


def _rarest(old: Side, lost: Labels) -> Indices:
    rows = np.flatnonzero(lost)
    return rows[np.argsort(old.log_p[rows], kind="stable")[:MOST_LISTED]]
