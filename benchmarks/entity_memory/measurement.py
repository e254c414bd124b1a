"""What a part of the benchmark needs that measures whole workers."""

from dataclasses import dataclass

from benchmarks.entity_memory.models import Models
from benchmarks.entity_memory.plan import Plan
from benchmarks.entity_memory.screen import Screen
from benchmarks.results import Results
from benchmarks.wiring import Wiring


@dataclass
class Measurement:
    """A part that measures whole workers.

    Parameters
    ----------
    plan, models, wiring
        What to measure, with which models, on which broker.
    results
        Where the figures go.
    screen
        Shows how far it is.
    """

    plan: Plan
    models: Models
    wiring: Wiring
    results: Results
    screen: Screen
