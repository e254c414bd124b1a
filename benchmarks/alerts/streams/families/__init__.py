"""The simulated families: what traffic each has, what its records hold, what can go wrong."""

from benchmarks.alerts.streams.families.cards import CARDS
from benchmarks.alerts.streams.families.family import Family
from benchmarks.alerts.streams.families.machines import MACHINE_FLEET
from benchmarks.alerts.streams.families.network import REQUESTS
from benchmarks.alerts.streams.families.patients import PATIENT_WARDS

SIMULATED: dict[str, Family] = {
    family.name: family for family in (CARDS, MACHINE_FLEET, PATIENT_WARDS, REQUESTS)
}
"""By their names."""

__all__ = ["SIMULATED", "Family"]
