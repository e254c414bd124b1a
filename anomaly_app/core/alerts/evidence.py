"""How sure it is that an incident has a cause, and how severe it therefore is.

The unit is that of a single anomaly: of anomalies that chance gives, 1 in 10 has an evidence of 1
or more, 1 in 100 of 2. These are the limits of `core.scoring.severity`.
"""

import math

from anomaly_app.core.alerts.incident import Incident, Kind
from anomaly_app.core.alerts.policy import CRITICAL, HIGH, LEVELS, MEDIUM

COMPARISONS = math.log10(50.0)
"""What is shared is searched for among about so many combinations of reasons and fields."""

REPEATS = 1.0
"""How much ten times the members count. Anomalies of one entity depend on each other: they say
less than independent ones would."""


def evidence(incident: Incident) -> float:
    """Return how sure it is that the incident has a cause, at least 0."""
    alone = -math.log10(incident.rarest)
    if incident.kind == Kind.REGIME:
        return float(CRITICAL) + alone
    if incident.kind == Kind.SHARED:
        return max(incident.surprise - COMPARISONS, alone)
    return alone + REPEATS * math.log10(incident.members)


def strength(incident: Incident) -> float:
    """Return what incidents are ranked by when there is no room for all of them.

    Members count twice as much as for the severity: a second anomaly of the same entity tells more
    than a rarer one. Found on development streams, see `docs/decisions`.
    """
    return incident.peak + REPEATS * math.log10(incident.members)


def rise(incident: Incident, now: float) -> None:
    """Bring the highest evidence of an incident up to date."""
    peak = max(incident.peak, evidence(incident))
    if level_of(peak) > level_of(incident.peak):
        incident.grew_at = now
    incident.peak = peak


def level_of(evidence_: float) -> int:
    """Return the level of an evidence."""
    return CRITICAL if evidence_ >= CRITICAL else HIGH if evidence_ >= HIGH else MEDIUM


def severity_of(incident: Incident) -> str:
    """Return the severity of an incident, by the highest evidence so far."""
    return LEVELS[level_of(incident.peak)]
