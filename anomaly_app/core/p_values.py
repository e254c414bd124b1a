"""Compiled look-up of a calibration's p-values."""

from typing import Any

import numba
import numpy as np

from anomaly_app.core.compiled import DOUBLES, compiled
from anomaly_app.core.wild_scores import LARGEST


@compiled(numba.float64(numba.float64, DOUBLES, DOUBLES, numba.float64, numba.float64))
def log_p_value(raw: Any, scores: Any, log_p: Any, tail_scale: Any, tail_shape: Any) -> Any:
    """Return the natural logarithm of one raw score's p-value, for compiled loops.

    Parameters
    ----------
    raw
        High = abnormal.
    scores, log_p, tail_scale, tail_shape
        The fields of a calibration's `anomaly_app.core.calibration.Lookup`.
    """
    if raw < scores[0]:
        return 0.0
    last = len(scores) - 1
    if raw >= scores[last]:
        beyond = (min(raw, LARGEST) - scores[last]) / tail_scale
        if tail_shape > 0.0:
            beyond = np.log1p(tail_shape * beyond) / tail_shape
        return log_p[last] - max(beyond, 0.0)
    low, high = 0, last
    while high - low > 1:
        middle = (low + high) // 2
        if raw >= scores[middle]:
            low = middle
        else:
            high = middle
    part = (raw - scores[low]) / (scores[high] - scores[low])
    return log_p[low] + part * (log_p[high] - log_p[low])


@compiled(numba.float64[::1](DOUBLES, DOUBLES, DOUBLES, numba.float64, numba.float64))
def log_p_values(raw: Any, scores: Any, log_p: Any, tail_scale: Any, tail_shape: Any) -> Any:
    """Run `log_p_value` for many raw scores, shape ``(rows,)``."""
    found = np.empty(len(raw))
    for row in range(len(raw)):
        found[row] = log_p_value(raw[row], scores, log_p, tail_scale, tail_shape)
    return found
