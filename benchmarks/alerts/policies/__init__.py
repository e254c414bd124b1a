"""Policies that turn anomalies into messages, one a file."""

from benchmarks.alerts.policies.by_alertmanager import ByAlertmanager
from benchmarks.alerts.policies.cooldown import Cooldown
from benchmarks.alerts.policies.elastic import Elastic
from benchmarks.alerts.policies.incidents import Incidents
from benchmarks.alerts.policies.one_each import OneEach
from benchmarks.alerts.policies.policy import Policy, Sent

POLICIES: tuple[Policy, ...] = (
    OneEach(),
    Cooldown(),
    Elastic(),
    ByAlertmanager(),
    ByAlertmanager(best_field=True),
    Incidents(),
)
"""All that are compared, in the order of the tables."""

__all__ = ["POLICIES", "ByAlertmanager", "Policy", "Sent"]
