"""The pure core: bytes and arrays in, verdicts out; no Faust, no I/O, no clock.

Imports point one way: the lowest layer (`arrays`, `times`, `hours`, `json_reading`, `visible`,
`wording`, `calibration` with its `compiled` loops) ← `detectors`, `roles` ← `model` ← `decoding` ←
`scoring` ← `learning` ← `alerts` ← `feedback`; `monitoring` is separate from them and imports the
lowest layer only.

Importing a package does not import its modules, so a command that needs no model does not wait for
scikit-learn and numba; a package's ``__all__`` names its public modules.
"""

__all__ = [
    "arrays",
    "calibration",
    "hours",
    "times",
    "visible",
    "wording",
]
