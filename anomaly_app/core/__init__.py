"""The pure rooms: bytes and arrays in, verdicts out; no Faust, no I/O, no clock.

Imports point one way: the ground floor (`arrays`, `times`, `hours`, `json_reading`, `visible`,
`wording`, `calibration` with its `compiled` loops) ← `detectors`, `roles` ← `model` ← `decoding` ←
`scoring` ← `alerts`; `monitoring` stands beside them, on the ground floor alone.

No package imports its modules by itself, so that a command that needs no model does not wait for
scikit-learn and numba; its ``__all__`` names the modules that are public.
"""

__all__ = [
    "arrays",
    "calibration",
    "hours",
    "times",
    "visible",
    "wording",
]
