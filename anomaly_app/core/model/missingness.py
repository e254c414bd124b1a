"""How unusual missing values are: judged from training data, independently of the detector."""

import numpy as np

from anomaly_app.core.arrays import Flags, Vector


class Missingness:
    """The tail probability of the values that a row lacks.

    It is the share of training rows with a gap at least as rare as the rarest gap of this row. A
    value that was never missing counts as missing in half a row, so that numbers and categories,
    and one gap and several, have equal weight.

    Parameters
    ----------
    gaps
        Whether each value of the training rows is missing, shape ``(rows, features)``.

    Attributes
    ----------
    log_p : ndarray, shape (features,)
        Logarithm of that share if the feature is the rarest one that is missing.
    """

    def __init__(self, gaps: Flags) -> None:
        rows, counts = len(gaps), gaps.sum(axis=0)
        lacking = gaps[gaps.any(axis=1)]
        rarest = np.where(lacking, counts, rows + 1).min(axis=1, initial=rows + 1)
        as_rare = np.searchsorted(np.sort(rarest), counts, side="right")
        self.log_p: Vector = np.minimum(np.log((as_rare + 0.5) / (rows + 1)), 0.0)
        # Shares of training rows with each of these p-values for their gaps.
        self._common: Vector = np.unique(self.log_p[counts > 0])
        self._added: Vector = np.concatenate([[-np.inf], self._common])

    def joined_with(self, log_p: Vector, gaps: Flags) -> Vector:
        """Return p-values of rows that are odd by their values or by their gaps.

        The smaller of two p-values is small more often than either. To correct for that, the share
        of training rows whose gaps alone are as unusual is added; it is 0 if training had no gaps.

        Parameters
        ----------
        log_p
            Logarithms of the detector's p-values, shape ``(rows,)``.
        gaps
            Whether each value of the rows is missing, shape ``(rows, features)``.
        """
        if gaps.any():
            log_p = np.minimum(log_p, np.where(gaps, self.log_p, 0.0).min(axis=1))
        if not len(self._common):
            return log_p
        added = self._added[np.searchsorted(self._common, log_p, side="right")]
        joined: Vector = np.minimum(np.logaddexp(log_p, added), 0.0)
        return joined
