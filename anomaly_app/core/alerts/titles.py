"""What an incident is about, in words."""

from anomaly_app.core.alerts.incident import Incident, Kind
from anomaly_app.core.alerts.labels import top_feature
from anomaly_app.core.alerts.sighting import ABOVE, BELOW
from anomaly_app.core.model.wording import feature_in_words
from anomaly_app.core.wording import number

DIRECTIONS = {ABOVE: "far above", BELOW: "far below"}


def title_of(incident: Incident) -> str:
    """Return a title of some words."""
    entities = number(len(incident.entities))
    if incident.kind == Kind.REGIME:
        return f"{entities} entities are unusual at once"
    if incident.kind == Kind.SHARED:
        key = incident.shared_key
        feature = f"{feature_in_words(key.subject)} {DIRECTIONS.get(key.direction, 'unusual')}"
        if not key.field:
            return f"{entities} entities: {feature}"
        return f"{entities} entities with {key.field.rpartition('.')[2]} {key.value}: {feature}"
    if len(incident.entities) == 1 and (entity := next(iter(incident.entities))):
        return entity
    group = " ".join(part for part in incident.key if part)
    feature = feature_in_words(top_feature(incident))
    return f"{group}: {feature}" if feature else group
