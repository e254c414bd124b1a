"""Time series: a few entities with long histories, which may have different scales."""

import numpy as np
import polars as pl

from anomaly_app.core.arrays import Matrix, Vector
from anomaly_app.core.model.scales import Scale, Scales
from anomaly_app.core.model.schema import FeatureSchema
from training.history import History

MAX_SERIES = 200
"""Maximum number of entities that are series, not customers."""

MIN_ROWS = 100
"""Minimum number of rows of a series with its own scale."""

NEARLY_ALL = 0.95
"""Minimum share of the rows in such series."""

TIMES = 10.0
"""Ratio of spreads above which series have different scales: the 90th percentile of the series'
spreads over the 10th."""

FAR = 100.0
"""Distance of the series' medians, in typical ranges, above which they have different scales."""

MIDDLE = 0.25, 0.75
TAILS = 0.01, 0.99
ENDS = MIDDLE, TAILS
"""Quantiles whose distances are compared. Values beyond the tails may be anomalies."""

NORMAL_TAILS = 4.653
"""Standard deviations between the tails of a normal distribution."""


def series_of(history: History) -> pl.DataFrame | None:
    """Return the series of each row; None if the entities are not a few with long histories.

    Returns
    -------
    DataFrame or None
        Columns ``entity`` and ``rows`` (length of its series), one row per row of the history.
    """
    if history.entities is None:
        return None
    frame = pl.DataFrame({"entity": history.entities}).with_columns(
        pl.len().over("entity").alias("rows")
    )
    many = frame.filter(pl.col("rows") >= MIN_ROWS)
    few = 1 < many["entity"].n_unique() <= MAX_SERIES
    return frame if few and len(many) >= NEARLY_ALL * len(history) else None


def infer_scales(history: History, schema: FeatureSchema, matrix: Matrix) -> Scales | None:
    """Infer the scale of each series; None if one scale fits all.

    A number is scaled if its spread differs by a large factor between series, or if the medians of
    the series are far apart compared with the spread within a series.

    Parameters
    ----------
    history
        The rows that the detector will be fitted on.
    schema
        Schema of their features, without scales.
    matrix
        The encoded rows.
    """
    series = series_of(history)
    if series is None:
        return None
    rows = series.with_row_index("row").filter(pl.col("rows") >= MIN_ROWS)
    indices = {
        str(entity): part["row"].to_numpy()
        for (entity,), part in rows.group_by("entity", maintain_order=True)
    }
    scaled = [
        index
        for index, feature in enumerate(schema.features)
        if feature.kind == "number" and _differ([matrix[of, index] for of in indices.values()])
    ]
    if not scaled:
        return None
    return Scales(
        {entity: _scale(matrix[of], scaled, matrix) for entity, of in sorted(indices.items())},
        _scale(matrix, scaled, matrix),
    )


def scale_warning(schema: FeatureSchema) -> str | None:
    """Warn that series are scaled; None if they are not."""
    if schema.scales is None:
        return None
    names = [
        feature.name
        for feature, scaled in zip(schema.features, schema.scales.scaled, strict=True)
        if scaled
    ]
    return (
        f"{', '.join(names)}: the {len(schema.scales.series)} series have different scales, so "
        "each is judged on its own scale; new series are judged on the common scale"
    )


def _differ(parts: list[Vector]) -> bool:
    known = [part[~np.isnan(part)] for part in parts]
    known = [part for part in known if len(part)]
    centres = np.array([np.median(part) for part in known])
    # The middle alone may be constant, and the tails alone may be a few anomalies.
    ranges = [np.array([np.ptp(np.quantile(part, ends)) for part in known]) for ends in ENDS]
    far = bool(known) and all(0.0 < FAR * np.median(of) < centres.std() for of in ranges)
    return far or all(_times_as_wide(of) > TIMES for of in ranges)


def _times_as_wide(ranges: Vector) -> float:
    positive = ranges[ranges > 0.0]
    if not len(positive):
        return 1.0
    low, high = np.quantile(positive, [0.1, 0.9], method="nearest")
    return float(high / low)


def _scale(rows: Matrix, scaled: list[int], pooled: Matrix) -> Scale:
    centres, spreads = np.zeros(rows.shape[1]), np.ones(rows.shape[1])
    for index in scaled:
        centre, spread = _summary(rows[:, index])
        if np.isnan(centre):
            centre, spread = _summary(pooled[:, index])
        centres[index], spreads[index] = centre, spread or 1.0
    return Scale(tuple(centres.tolist()), tuple(spreads.tolist()))


def _summary(column: Vector) -> tuple[float, float]:
    """Return the median and the spread of numbers; NaN without any."""
    known = column[~np.isnan(column)]
    if not len(known):
        return np.nan, np.nan
    low, high = np.quantile(known, TAILS)
    # Almost all rows may have the same value.
    return float(np.median(known)), float(high - low) / NORMAL_TAILS or float(known.std())
