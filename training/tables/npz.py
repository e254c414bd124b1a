"""Arrays from npz files."""

import zlib
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import numpy.typing as npt


def read_arrays(file: Path) -> dict[str, npt.NDArray[Any]]:
    """Read all arrays of an npz file by their names.

    Raises
    ------
    ValueError
        It is broken, or not an npz file.
    """
    try:
        with file.open("rb") as opened, np.load(opened, allow_pickle=False) as arrays:
            return dict(arrays)
    except (TypeError, EOFError, BadZipFile, zlib.error) as fault:
        raise ValueError(f"it is not an npz file ({fault})") from None
