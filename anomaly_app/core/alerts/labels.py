"""The labels of an incident: what matchers, and channels that route by themselves, look at."""

from anomaly_app.core.alerts.evidence import severity_of
from anomaly_app.core.alerts.incident import Incident, Kind
from anomaly_app.core.alerts.notice import Status

GROUPED_BY = {
    Kind.ENTITY: "entity",
    Kind.SHARED: "reason",
    Kind.REGIME: "regime",
}


def labels_of(incident: Incident) -> dict[str, str]:
    """Return the labels: the fields that all members share, and what is known of the incident."""
    entity = next(iter(incident.entities), "") if len(incident.entities) == 1 else ""
    return {
        **{name.rpartition(".")[2]: value for name, value in incident.fields.items()},
        **incident.fields,
        "entity": entity,
        "severity": severity_of(incident),
        "feature": top_feature(incident),
        "grouped_by": GROUPED_BY[incident.kind],
        "status": Status.OPEN if incident.is_open else Status.RESOLVED,
    }


def top_feature(incident: Incident) -> str:
    """Return the feature that stands out most; empty if none does."""
    if incident.kind == Kind.SHARED:
        return incident.shared_key.subject
    name = max(incident.ranges, key=lambda one: incident.ranges[one].share, default="")
    return name.partition(" ")[2]
