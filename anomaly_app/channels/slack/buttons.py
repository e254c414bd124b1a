"""The buttons of an incident, and what they carry."""

from anomaly_app.channels.slack.elements import LONGEST_VALUE, Block, button, literal
from anomaly_app.core.alerts.notice import IncidentView

FRAUD, EXPECTED, TAKE, SILENCE = "fraud", "expected", "take", "silence"

MOST_MATCHERS = 8
LONGEST_MATCHER = 150
"""Characters; so many and so long fit into the value of a button."""


def answer_buttons(view: IncidentView) -> list[Block]:
    """Give the buttons; an incident that has ended can still be learned from."""
    answers = [
        button("Fraud", FRAUD, view.id, "danger"),
        button("Expected", EXPECTED, view.id),
    ]
    if not view.is_open:
        return answers
    take = "Take it" if view.taken_by is None else "Take over"
    return [
        *answers,
        button("Silence…", SILENCE, silence_value(view)),
        button(take, TAKE, view.id),
    ]


def silence_value(view: IncidentView) -> str:
    """Give what the button of a silence carries: the incident's id, and its matchers.

    The worker that gets the press may not be the one that has the incident.
    """
    matchers = [
        literal(f"{name}={value}", LONGEST_MATCHER)
        for name, value in view.labels.items()
        if name != "severity"
    ]
    return "\n".join([view.id, *matchers[:MOST_MATCHERS]])[:LONGEST_VALUE]
