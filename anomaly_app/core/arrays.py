"""Array types used throughout the core."""

from typing import TypeAlias

import numpy as np
import numpy.typing as npt

Matrix: TypeAlias = npt.NDArray[np.float64]
"""Rows of features, shape ``(rows, features)``."""

Vector: TypeAlias = npt.NDArray[np.float64]
"""One number per row or per feature, shape ``(rows,)`` or ``(features,)``."""

Matrix32: TypeAlias = npt.NDArray[np.float32]
"""Rows of features in single precision, shape ``(rows, features)``."""

Vector32: TypeAlias = npt.NDArray[np.float32]
"""One single-precision number per row."""

Indices: TypeAlias = npt.NDArray[np.intp]
"""Indices of rows or columns."""

Integers: TypeAlias = npt.NDArray[np.int64]
"""Integers: classes or clusters of rows, ranks, counts."""

Flags: TypeAlias = npt.NDArray[np.bool_]
"""One boolean per row, feature or value."""
