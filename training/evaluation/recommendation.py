"""The result of a comparison in a few sentences."""

from collections.abc import Iterator

from anomaly_app.core.detectors import NEEDS_LABELS
from training.evaluation.contenders import Comparison, Contender, tie
from training.evaluation.intervals import MIN_INCIDENTS

MAX_NAMES = 4
"""Maximum number of detectors to name in a sentence."""


def standing(comparison: Comparison) -> str:
    """Return the rank of the best detector: ``ranks first of 12``, or its ties."""
    many = len(comparison.contenders)
    if many == 1:
        return "is the only detector compared"
    if not comparison.sure:
        return f"has the highest {comparison.merit} of {many}, which may be chance"
    tied = _tied(comparison.best, comparison.contenders)
    return f"ties with {tied} for first of {many}" if tied else f"ranks first of {many}"


def recommendation(comparison: Comparison) -> str:
    """Return which detector ranks first, how certain that is, and whether its alerts are usable."""
    return " ".join(_sentences(comparison))


def _sentences(comparison: Comparison) -> Iterator[str]:
    best, others = comparison.best, comparison.contenders[1:]
    by = f" by {comparison.merit}" if others and comparison.sure else ""
    yield f"{best.detector} {standing(comparison)}{by}{_but(best)}."
    if not others:
        return
    if not comparison.sure:
        yield (f"There are fewer than {MIN_INCIDENTS} incidents, too few to tell detectors apart.")
    unlabelled = [other for other in others if other.detector not in NEEDS_LABELS]
    if best.detector in NEEDS_LABELS and unlabelled:
        first = unlabelled[0]
        tied = _tied(first, unlabelled)
        ties = f", and ties with {tied}" if tied else ""
        yield f"Among detectors that need no labels, {first.detector} ranks first{ties}."
    if best.alert_share is None:
        return
    if usable := next((other for other in others if other.alert_share is None), None):
        yield (
            "Among detectors that alert on about as many rows as requested, "
            f"{usable.detector} ranks first ({comparison.merit} {usable.merit:.3f})."
        )
    else:
        yield "No other detector alerts on about as many rows as requested."


def _but(best: Contender) -> str:
    return "" if best.alert_share is None else f", but its alerts are off: {best.alert_share}"


def _tied(first: Contender, contenders: list[Contender]) -> str:
    names = [other.detector for other in contenders if other is not first and tie(first, other)]
    if len(names) > MAX_NAMES:
        return f"{len(names)} others"
    return " and ".join([", ".join(names[:-1]), names[-1]] if len(names) > 1 else names)
