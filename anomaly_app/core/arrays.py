"""The arrays that all of the core speaks of."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Matrix: TypeAlias = npt.NDArray[np.float64]
"""Rows of features, shape ``(rows, features)``."""

Vector: TypeAlias = npt.NDArray[np.float64]
"""One number for each row or each feature."""
