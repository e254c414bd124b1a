"""All detectors on one history: fitted on its first part, judged on a part they never see."""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from anomaly_app.core.detectors import NEEDS_LABELS
from anomaly_app.core.errors import DataError
from anomaly_app.core.model import Model
from anomaly_app.core.schema import Matrix
from training.agreement import mean_overlap, overlap, top_rows
from training.benchmark import microseconds_per_row
from training.evaluate import MOST_SUSPECTS, Suspect, suspects
from training.fit import FitOptions, fit_model, hold_back
from training.history import History
from training.measures import measure
from training.planting import plant, planted_auc
from training.schema import encode_history


class Unlabelled(NamedTuple):
    """What can be measured of a detector without labels."""

    planted_auc: float
    """AUC of planted anomalies against the rows that nothing was done to."""
    agreement: float
    """Mean Jaccard overlap of its top rows with those of each other detector; NaN if alone."""
    stability: float
    """Jaccard overlap of the top rows of two fits with different seeds."""


@dataclass(frozen=True)
class Contender:
    """One detector's result.

    Parameters
    ----------
    detector
        Its name.
    model
        As fitted on the first part.
    log_p
        Logarithms of the judged rows' p-values, shape ``(rows,)``.
    metrics
        See `training.measures.measure`.
    unlabelled
        Where the judged rows have no labels of both kinds.
    fit_seconds
        Of the whole fit, calibration included.
    us_per_row
        Microseconds to score a row in batches on one thread, preparation included.
    """

    detector: str
    model: Model
    log_p: Matrix
    metrics: dict[str, float]
    unlabelled: Unlabelled | None
    fit_seconds: float
    us_per_row: float

    @property
    def merit(self) -> float:
        """What contenders are ranked by: average precision, or the AUC of planted anomalies."""
        if self.unlabelled is not None:
            return self.unlabelled.planted_auc
        return self.metrics["average_precision"]


@dataclass(frozen=True)
class Comparison:
    """All detectors' results on one history.

    Parameters
    ----------
    judged
        The rows that no fit saw.
    fitted_rows
        How many came before: fitted and calibrated on.
    contenders
        The best first; at least one.
    left_out
        Detectors that did not run, with the reason.
    suspects
        The most anomalous of the judged rows, as the best contender sees them.
    """

    judged: History
    fitted_rows: int
    contenders: list[Contender]
    left_out: dict[str, str]
    suspects: list[Suspect]

    @property
    def best(self) -> Contender:
        """The first of the contenders."""
        return self.contenders[0]


def compare(
    history: History,
    detectors: Sequence[str],
    *,
    held_back: float = 0.25,
    seed: int = 0,
    turn: Callable[[int, str], None] = lambda *_: None,
) -> Comparison:
    """Fit and judge detectors on one history.

    Parameters
    ----------
    history
        With a time, its latest rows are judged; without one, random rows.
    detectors
        Names; see `anomaly_app.core.detectors.DETECTORS`.
    held_back
        Share of the rows that is judged and no fit sees, above 0 and below 1.
    seed
        Of everything random.
    turn
        Is told the place and the name of each detector when its turn comes.

    Raises
    ------
    DataError
        The history is too small or has no usable feature, or no detector could be fitted.
    """
    fitted_on, judged = hold_back(history, held_back, seed)
    contenders: list[Contender] = []
    left_out: dict[str, str] = {}
    for place, name in enumerate(detectors):
        turn(place, name)
        try:
            contenders.append(_contend(name, fitted_on, judged, seed))
        except DataError as fault:
            if name not in NEEDS_LABELS:
                raise
            left_out[name] = str(fault)
        except ValueError as fault:
            left_out[name] = f"{name} could not be fitted: {' '.join(str(fault).split())}"
    if not contenders:
        raise DataError("; ".join(left_out.values()) or "name one detector at least")
    if contenders[0].unlabelled is not None:
        contenders = _with_agreement(contenders)
    contenders.sort(key=lambda contender: -contender.merit)
    best = contenders[0]
    worst = suspects(best.model, judged, best.log_p, most=MOST_SUSPECTS)
    return Comparison(judged, len(fitted_on), contenders, left_out, worst)


def _contend(name: str, fitted_on: History, judged: History, seed: int) -> Contender:
    options = FitOptions(detector=name, random_state=seed)
    started = time.perf_counter()
    model = _fit(fitted_on, options)
    fit_seconds = time.perf_counter() - started
    matrix = encode_history(judged, model.schema)
    log_p = model.log_p_values(matrix)
    metrics = measure(log_p, judged.labels, model.manifest.alert_rate, judged.labelled)
    unlabelled = None
    if "average_precision" not in metrics:
        other = _fit(fitted_on, replace(options, random_state=seed + 1))
        again = other.log_p_values(encode_history(judged, other.schema))
        planted = model.log_p_values(plant(matrix, model.schema, seed))
        unlabelled = Unlabelled(
            planted_auc(log_p, planted), float("nan"), overlap(top_rows(log_p), top_rows(again))
        )
    us_per_row = microseconds_per_row(model.score_samples, matrix)
    return Contender(name, model, log_p, metrics, unlabelled, fit_seconds, us_per_row)


def _fit(history: History, options: FitOptions) -> Model:
    fitted = fit_model(history, options, version="1")
    return Model.from_bytes(fitted.manifest.to_json(), fitted.pickle, where=options.detector)


def _with_agreement(contenders: list[Contender]) -> list[Contender]:
    tops = [top_rows(contender.log_p) for contender in contenders]
    return [
        replace(one, unlabelled=one.unlabelled._replace(agreement=mean_overlap(place, tops)))
        for place, one in enumerate(contenders)
        if one.unlabelled is not None
    ]
