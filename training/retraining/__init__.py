"""Retraining: labels joined to history as of a time, what is learnt from them, old against new.

All but `sources`, which reads labels, is pure. The entry points are `sources.read_labels`,
`retrain.retrain` and `wording`.
"""
