"""The buttons of an incident, and what they carry."""

import re
from collections.abc import Iterator

from anomaly_app.channels.slack.elements import LONGEST_VALUE, Block, button, literal
from anomaly_app.core.alerts.notice import IncidentView

FRAUD, EXPECTED, TAKE, SILENCE = "fraud", "expected", "take", "silence"

MOST_MATCHERS = 8
LONGEST_MATCHER = 150
"""Characters; so many and so long fit into the value of a button."""

OF_AN_ENTITY = ("entity", "feature")
CHANGING = frozenset({"entity", "severity", "status", "grouped_by"})
"""Labels that say nothing of what the members of a group share."""

BARE_WORD = re.compile(r'[^\s"=!~<>]+')


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
    return "\n".join([view.id, *_matchers(view)][: MOST_MATCHERS + 1])[:LONGEST_VALUE]


def _matchers(view: IncidentView) -> Iterator[str]:
    """Give what matches the incident, and what is like it tomorrow."""
    names = [name for name in view.labels if name not in CHANGING and "." not in name]
    for name in names if view.entity is None else OF_AN_ENTITY:
        matcher = f"{_word(name)} = {_word(view.labels.get(name, ''))}"
        # One that had to be cut would not match any more.
        if view.labels.get(name) and literal(matcher, LONGEST_MATCHER) == matcher:
            yield matcher


def _word(text: str) -> str:
    if BARE_WORD.fullmatch(text):
        return text
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
