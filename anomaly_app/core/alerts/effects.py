"""What comes of an entry of the log, beside what there is to deliver."""

from typing import NamedTuple, TypeAlias

from anomaly_app.core.alerts.incident import Incident
from anomaly_app.core.alerts.telling import Decision


class Joined(NamedTuple):
    """An anomaly belongs to an incident: it is said once, when the anomaly is applied."""

    anomaly: str
    """Topic, partition and offset of its transaction."""
    incident: str
    """Whoever reads this later follows `Incident.merged_into`."""


class Changed(NamedTuple):
    """An incident is not what it was: it has grown, ended, was answered, or was merged."""

    incident: Incident
    """The incident itself: it may be forgotten before anybody looks."""


Effect: TypeAlias = Decision | Joined | Changed
