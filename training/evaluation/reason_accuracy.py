"""How often reasons name the planted features: ``python -m training.evaluation.reason_accuracy``."""

from pathlib import Path
from typing import NamedTuple

import click
import numpy as np
import numpy.typing as npt
import polars as pl

from anomaly_app.core.arrays import Matrix
from anomaly_app.core.model.model import Model
from training.evaluation.protocols import find_sets, read_set
from training.evaluation.synthetic_anomalies import plant_culprits
from training.fit import LEAST_ROWS, FitOptions, fit_model
from training.history.history import History
from training.schema import encode_history

LEAST_FEATURES = 15
"""Sets with fewer are passed over."""

MOST_FITTED, MOST_FRESH = 4_000, 1_000
"""Ordinary rows of a set that are learnt from, and that values are planted in."""

TRIED = 4_000
"""Rows with planted values that are scored, to find enough that are anomalous for them."""

EXPLAINED = 100
"""Rows of each kind that are explained at most."""

KINDS = ((0.05, 0.005), (0.005, 0.005), (0.05, 0.05), (0.0, 1.0))
"""Kinds of planted rows: the p-value that they had more than, and have at most. Of the first the
planted values alone made alerts; the second count those, too, that were odd before; of the third
there are enough where a detector sees little in a single value; the last are all."""


class Named(NamedTuple):
    """How often reasons name the planted features, among rows of one kind."""

    kind: tuple[float, float]
    """One of `KINDS`."""
    rows: int
    first: float
    """Share of the rows whose first reason is one of the planted features."""
    all: float
    """Share of the rows whose first reasons are just the planted features."""


def named(
    model: Model,
    usual: Matrix,
    fresh: Matrix,
    many: int,
    seed: int,
    *,
    tried: int = TRIED,
    hardly_varying: bool = False,
) -> list[Named]:
    """Count how often the reasons for planted rows name the planted features.

    Parameters
    ----------
    model
        A fitted model whose features are numbers.
    usual
        Rows that it was fitted on, finite, shape ``(rows, features)``.
    fresh
        Ordinary rows that it was not fitted on, finite, shape ``(others, features)``.
    many
        Features that are planted in each row.
    seed
        Of everything random.
    tried
        Rows that values are planted in; each fresh row serves as often as it takes.
    hardly_varying
        See `training.evaluation.synthetic_anomalies.plant_culprits`.

    Returns
    -------
    list of Named
        One for each of `KINDS`; shares are NaN where no row is of the kind.
    """
    ordinary = fresh[np.random.default_rng(seed).permutation(tried) % len(fresh)]
    rows, places = plant_culprits(ordinary, usual, many, seed, hardly_varying=hardly_varying)
    before, after = model.log_p_values(ordinary), model.log_p_values(rows)
    places_of = {kind: _of_kind(before, after, *kind) for kind in KINDS}
    explained = np.unique(np.concatenate(list(places_of.values())))
    reasons = model.explain(rows[explained], after[explained], rows[explained].tolist(), most=many)
    names = [feature.name for feature in model.schema.features]
    first, every = np.zeros(len(rows), dtype=bool), np.zeros(len(rows), dtype=bool)
    for row, why in zip(explained, reasons, strict=True):
        culprits = {names[place] for place in places[row]}
        first[row] = why[0].feature in culprits
        every[row] = {reason.feature for reason in why} == culprits
    return [
        Named(kind, len(those), _share(first[those]), _share(every[those]))
        for kind, those in places_of.items()
    ]


def _of_kind(before: Matrix, after: Matrix, above: float, at_most: float) -> npt.NDArray[np.intp]:
    were_above = before > np.log(above) if above > 0.0 else np.ones(len(before), dtype=bool)
    return np.flatnonzero(were_above & (after <= np.log(at_most)))[:EXPLAINED]


def _share(hits: npt.NDArray[np.bool_]) -> float:
    return float(hits.mean()) if len(hits) else float("nan")


def fit_on(ordinary: Matrix, detector: str, seed: int) -> tuple[Model, Matrix, Matrix]:
    """Fit a model on half of some ordinary rows, and give it, this half and the other."""
    half = len(ordinary) // 2
    usual, fresh = _history(ordinary[:half][:MOST_FITTED]), _history(ordinary[half:][:MOST_FRESH])
    fitted = fit_model(usual, FitOptions(detector=detector, random_state=seed), version="1")
    model = Model.from_bytes(fitted.manifest.to_json(), fitted.pickle, where="of planted rows")
    return model, encode_history(usual, model.schema), encode_history(fresh, model.schema)


def _history(matrix: Matrix) -> History:
    columns = {f"x{place}": column for place, column in enumerate(matrix.T)}
    return History(source="set", frame=pl.DataFrame(columns), times=None, labels=None)


@click.command()
@click.argument("folders", nargs=-1, required=True, type=click.Path(path_type=Path))
@click.option("--detector", default="default", show_default=True)
@click.option("--seed", default=0, show_default=True)
@click.option("--hardly-varying", is_flag=True, help="Plant in columns that hardly vary, too.")
def main(folders: tuple[Path, ...], detector: str, seed: int, *, hardly_varying: bool) -> None:
    """Plant one feature's value in rows of wide sets, then two, and see if reasons name them."""
    kinds = "; ".join(f"p above {above:g} before, at most {most:g} now" for above, most in KINDS)
    click.echo(f"set, features, planted: rows, first, all of {kinds}")
    random = np.random.default_rng(seed)
    for labelled in (read_set(file) for folder in folders for file in find_sets(folder)):
        ordinary = random.permutation(labelled.matrix[~labelled.labels])
        if ordinary.shape[1] < LEAST_FEATURES or len(ordinary) < 2 * LEAST_ROWS:
            continue
        fit = fit_on(ordinary, detector, seed)
        for many in (1, 2):
            found = named(*fit, many, seed, hardly_varying=hardly_varying)
            figures = "  ".join(f"{f.rows:4} {f.first:.3f} {f.all:.3f}" for f in found)
            click.echo(f"{labelled.name:20} {fit[1].shape[1]:5} {many}: {figures}")


if __name__ == "__main__":
    main()
