"""The arrays that all of the core speaks of."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Matrix: TypeAlias = npt.NDArray[np.float64]
"""Rows of features, shape ``(rows, features)``."""

Vector: TypeAlias = npt.NDArray[np.float64]
"""One number for each row or each feature, shape ``(rows,)`` or ``(features,)``."""

Matrix32: TypeAlias = npt.NDArray[np.float32]
"""Rows of features in single precision, shape ``(rows, features)``."""

Vector32: TypeAlias = npt.NDArray[np.float32]
"""One number in single precision for each row."""

Indices: TypeAlias = npt.NDArray[np.intp]
"""Which rows or columns."""

Integers: TypeAlias = npt.NDArray[np.int64]
"""Whole numbers: of each row its class or its cluster, ranks, counts."""

Flags: TypeAlias = npt.NDArray[np.bool_]
"""Yes or no for each row, feature or value."""
