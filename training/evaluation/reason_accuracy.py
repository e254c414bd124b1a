"""How often reasons name the features that were changed.

Run it with ``python -m training.evaluation.reason_accuracy FOLDER``.
"""

from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
import numpy.typing as npt
import polars as pl

from anomaly_app.core.arrays import Matrix, Vector
from anomaly_app.core.model.model import Model
from training.encoding import encode_history
from training.evaluation.protocols import find_sets, read_set
from training.evaluation.synthetic_anomalies import inject_outliers
from training.fit import MIN_ROWS, FitOptions, fit_model
from training.history import History

MIN_FEATURES = 15
"""Minimum number of features of a set; smaller sets are skipped."""

MAX_FITTED, MAX_FRESH = 4_000, 1_000
"""Maximum number of ordinary rows of a set to fit on, and to inject outliers into."""

TRIED = 4_000
"""Number of rows with injected outliers to score, so that enough of them become anomalous."""

EXPLAINED = 100
"""Maximum number of rows of each kind to explain."""

KINDS = ((0.05, 0.005), (0.005, 0.005), (0.05, 0.05), (0.0, 1.0))
"""Kinds of changed rows: the p-value before was above the first number, and is now at or below the
second. In the first kind, the outliers alone cause the alert. The second includes rows that were
unusual before. The third has enough rows for detectors that hardly react to a single value. The
last has all rows."""


class Accuracy(NamedTuple):
    """How often reasons name the changed features, among rows of one kind."""

    kind: tuple[float, float]
    """One of `KINDS`."""
    rows: int
    first: float
    """Share of the rows whose first reason is one of the changed features."""
    all: float
    """Share of the rows whose first reasons are exactly the changed features."""


def reason_accuracy(
    model: Model,
    usual: Matrix,
    fresh: Matrix,
    count: int,
    seed: int,
    *,
    tried: int = TRIED,
    hardly_varying: bool = False,
) -> list[Accuracy]:
    """Measure how often the reasons for changed rows name the changed features.

    Parameters
    ----------
    model
        A fitted model whose features are numbers.
    usual
        Rows that it was fitted on, finite, shape ``(rows, features)``.
    fresh
        Ordinary rows that it was not fitted on, finite, shape ``(others, features)``.
    count
        Number of features changed in each row.
    seed
        Random seed.
    tried
        Number of changed rows; fresh rows are reused if there are fewer.
    hardly_varying
        See `training.evaluation.synthetic_anomalies.inject_outliers`.

    Returns
    -------
    list of Accuracy
        One for each of `KINDS`; shares are NaN if no row is of the kind.
    """
    ordinary = fresh[np.random.default_rng(seed).permutation(tried) % len(fresh)]
    rows, columns = inject_outliers(ordinary, usual, count, seed, hardly_varying=hardly_varying)
    before, after = model.log_p_values(ordinary), model.log_p_values(rows)
    rows_of = {kind: _of_kind(before, after, *kind) for kind in KINDS}
    explained = np.unique(np.concatenate(list(rows_of.values())))
    reasons = model.explain(rows[explained], after[explained], rows[explained].tolist(), most=count)
    names = [feature.name for feature in model.schema.features]
    first, every = np.zeros(len(rows), dtype=bool), np.zeros(len(rows), dtype=bool)
    for row, why in zip(explained, reasons, strict=True):
        changed = {names[column] for column in columns[row]}
        first[row] = why[0].feature in changed
        every[row] = {reason.feature for reason in why} == changed
    return [
        Accuracy(kind, len(those), _share(first[those]), _share(every[those]))
        for kind, those in rows_of.items()
    ]


def _of_kind(before: Vector, after: Vector, above: float, at_most: float) -> npt.NDArray[np.intp]:
    were_above = before > np.log(above) if above > 0.0 else np.ones(len(before), dtype=bool)
    return np.flatnonzero(were_above & (after <= np.log(at_most)))[:EXPLAINED]


def _share(hits: npt.NDArray[np.bool_]) -> float:
    return float(hits.mean()) if len(hits) else float("nan")


def fit_on(ordinary: Matrix, detector: str, seed: int) -> tuple[Model, Matrix, Matrix]:
    """Fit a model on half of the ordinary rows; return it, that half, and the other half."""
    half = len(ordinary) // 2
    usual, fresh = _history(ordinary[:half][:MAX_FITTED]), _history(ordinary[half:][:MAX_FRESH])
    fitted = fit_model(usual, FitOptions(detector=detector, random_state=seed), version="1")
    model = Model.from_bytes(fitted.manifest.to_json(), fitted.pickle, where="reason accuracy")
    return model, encode_history(usual, model.schema), encode_history(fresh, model.schema)


def _history(matrix: Matrix) -> History:
    columns = {f"x{index}": column for index, column in enumerate(matrix.T)}
    return History(source="set", frame=pl.DataFrame(columns), times=None, labels=None)


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--detector", default="default", show_default=True)
@click.option("--seed", default=0, show_default=True)
@click.option("--hardly-varying", is_flag=True, help="Also change columns that hardly vary.")
def main(folders: tuple[Path, ...], detector: str, seed: int, *, hardly_varying: bool) -> None:
    """Inject one outlier, then two, into rows of wide sets, and check if reasons name them."""
    kinds = "; ".join(f"p above {above:g} before, at most {most:g} now" for above, most in KINDS)
    click.echo(f"set, features, changed: rows, first, all of {kinds}")
    random = np.random.default_rng(seed)
    for labelled in (read_set(file) for folder in folders for file in find_sets(folder)):
        ordinary = random.permutation(labelled.matrix[~labelled.labels])
        if ordinary.shape[1] < MIN_FEATURES or len(ordinary) < 2 * MIN_ROWS:
            continue
        fit = fit_on(ordinary, detector, seed)
        for count in (1, 2):
            found = reason_accuracy(*fit, count, seed, hardly_varying=hardly_varying)
            figures = "  ".join(f"{f.rows:4} {f.first:.3f} {f.all:.3f}" for f in found)
            click.echo(f"{labelled.name:20} {fit[1].shape[1]:5} {count}: {figures}")


if __name__ == "__main__":
    main()
