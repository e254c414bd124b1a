"""How sure it is that an incident has a cause, and how severe it therefore is.

The unit is that of a single anomaly: of anomalies that chance gives, 1 in 10 has an evidence of 1
or more, 1 in 100 of 2.
"""

import math

from anomaly_app.core.alerts.incident import Incident, Kind
from anomaly_app.core.alerts.policy import CRITICAL, HIGH, LEVELS, MEDIUM

FROM_CRITICAL, FROM_HIGH = 3.0, 1.0
"""The evidence from which on an incident is so severe. 1 anomaly in 100 is critical by itself
(`core.scoring.severity`), but critical incidents pass the budget, and there may be thousands of
anomalies a day."""

COMPARISONS = math.log10(1_000.0)
"""What is shared is searched for among about so many combinations of reasons and fields, in an
hour with some dozens of anomalies."""

REPEATS = 0.5
"""How much ten times the members count. Anomalies of one entity depend on each other: many say as
much as the square root of their number would if they did not."""

LASTING = 1.5
"""The same when incidents are ranked."""


def evidence(incident: Incident) -> float:
    """Return how sure it is that the incident has a cause, at least 0."""
    alone = -math.log10(incident.rarest)
    if incident.kind == Kind.REGIME:
        return FROM_CRITICAL + alone
    if incident.kind == Kind.SHARED:
        return max(incident.surprise - COMPARISONS, alone)
    return alone + REPEATS * math.log10(incident.members)


def strength(incident: Incident) -> float:
    """Return what incidents are ranked by when there is no room for all of them.

    Members count more than for the severity: a second anomaly of the same entity tells more
    than a rarer one. Found on development streams, see `docs/decisions`.
    """
    return incident.peak + LASTING * math.log10(incident.members)


def rise(incident: Incident, now: float) -> None:
    """Bring the highest evidence of an incident up to date."""
    peak = max(incident.peak, evidence(incident))
    if level_of(peak) > level_of(incident.peak):
        incident.grew_at = now
    incident.peak = peak


def level_of(evidence_: float) -> int:
    """Return the level of an evidence."""
    if evidence_ >= FROM_CRITICAL:
        return CRITICAL
    return HIGH if evidence_ >= FROM_HIGH else MEDIUM


def severity_of(incident: Incident) -> str:
    """Return the severity of an incident, by the highest evidence so far."""
    return LEVELS[level_of(incident.peak)]
