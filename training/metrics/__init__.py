"""Metrics: how good scores are, at a threshold and as a ranking."""

from training.metrics.measures import measure
from training.metrics.ranking import Ranking, rank_metrics

__all__ = ["Ranking", "measure", "rank_metrics"]
