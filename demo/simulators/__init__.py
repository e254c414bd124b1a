"""Simulated streams of four industries with labelled anomalies; the same seed, the same rows."""

from demo.simulators import cards, machines, network, patients
from demo.simulators.simulation import AnomalyClass, Kind, Simulation, Simulator

SIMULATORS: dict[str, Simulator] = {
    "cards": Simulator(cards.simulate, cards.KINDS, 20_000, "card-transactions"),
    "machines": Simulator(machines.simulate, machines.KINDS, 40_000, "machine-readings"),
    "patients": Simulator(patients.simulate, patients.KINDS, 40_000, "vital-signs"),
    "network": Simulator(network.simulate, network.KINDS, 40_000, "requests"),
}
"""The simulators, by the names that `python -m demo --scenario` knows."""

__all__ = ["SIMULATORS", "AnomalyClass", "Kind", "Simulation", "Simulator"]
