"""Incidents as people see them."""

import math

from anomaly_app.core.alerts.evidence import severity_of
from anomaly_app.core.alerts.incident import Incident, Kind
from anomaly_app.core.alerts.labels import labels_of
from anomaly_app.core.alerts.notice import IncidentView, Row, Status
from anomaly_app.core.alerts.ranges import Range
from anomaly_app.core.alerts.text import shortened
from anomaly_app.core.alerts.titles import title_of
from anomaly_app.core.model.wording import feature_in_words, value_in_words
from anomaly_app.core.wording import NOTHING, how_unusual

MOST_ROWS = 5

LEAST_SHARE = 0.02
"""Reasons with a smaller share are not shown."""


def view_of(incident: Incident) -> IncidentView:
    """Return an incident as people see it."""
    ranges = sorted(incident.ranges.items(), key=lambda found: -found[1].share)
    total = sum(found.share for _, found in ranges) or 1.0
    rows = tuple(
        _row(name.partition(" ")[2], found, found.share / total)
        for name, found in ranges[:MOST_ROWS]
        if found.share / total >= LEAST_SHARE
    )
    charted, expected = _charted(incident)
    entities = [*incident.entities]
    return IncidentView(
        id=incident.id,
        title=shortened(title_of(incident), 120),
        severity=severity_of(incident),
        status=Status.OPEN if incident.is_open else Status.RESOLVED,
        grouped_by=_grouped_by(incident),
        opened=incident.opened,
        last=incident.last,
        resolved=incident.resolved,
        members=incident.members,
        entities=len(entities),
        sample=tuple(incident.sample),
        rows=rows,
        rarity=how_unusual(incident.p_value),
        model=incident.model,
        first_source=_source(incident.first),
        last_source=_source(incident.latest),
        entity=entities[0] if len(entities) == 1 else None,
        charted=charted,
        expected=expected,
        taken_by=incident.taken_by,
        answers=tuple(incident.standing),
        merged_into=incident.merged_into or None,
        labels=labels_of(incident),
    )


def _row(feature: str, found: Range, share: float) -> Row:
    return Row(
        shortened(feature_in_words(feature)),
        shortened(_actual(feature, found)),
        shortened(value_in_words(found.expected, feature)) if found.members else NOTHING,
        share,
    )


def _actual(feature: str, found: Range) -> str:
    if found.lowest is None or found.highest is None:
        return ", ".join(found.words) or "missing"
    low, high = (value_in_words(value, feature) for value in (found.lowest, found.highest))
    return low if low == high else f"{low} to {high}"


def _grouped_by(incident: Incident) -> str:
    if incident.kind == Kind.SHARED:
        key = incident.shared_key
        if not key.field:
            return "the same reason, in the same minutes"
        return f"the same reason and {key.field.rpartition('.')[2]}"
    return "the same time" if incident.kind == Kind.REGIME else "the same entity"


def _charted(incident: Incident) -> tuple[str | None, float | None]:
    """Return the feature whose values the members of the sample have, and what is expected."""
    name = next(iter(incident.ranges), "")
    found = incident.ranges.get(name)
    if found is None or found.lowest is None:
        return None, None
    expected = found.expected
    is_number = isinstance(expected, float) and math.isfinite(expected)
    return name.partition(" ")[2], expected if is_number else None  # type: ignore[return-value]


def _source(anomaly_id: str) -> str:
    topic, partition, offset = anomaly_id.rsplit("-", 2)
    return f"{topic} partition {partition} offset {offset}"
