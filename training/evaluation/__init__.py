"""Evaluation: how good models and detectors are, with confidence intervals.

The entry points are `evaluate.evaluate` (a model on data), `compare.compare` (detectors on one
history) and `benchmark.benchmark` (detectors on labelled sets). They are not imported here, because
`training.fit` needs the metrics of this package.
"""
