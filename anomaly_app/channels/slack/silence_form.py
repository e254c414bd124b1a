"""The form that *Silence…* opens, and what a person has put into it."""

import re
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from anomaly_app.channels.slack.elements import Block, literal

CALLBACK = "anomaly_silence"

DURATION, MATCHERS, NOTE = "duration", "matchers", "note"
"""Names of the inputs."""

DURATIONS = {
    "900": "15 minutes",
    "3600": "1 hour",
    "14400": "4 hours",
    "86400": "1 day",
    "604800": "1 week",
    "2592000": "30 days",
}
"""By their seconds."""
USUAL = "3600"

LONGEST_MATCHERS, LONGEST_NOTE, MOST_MATCHERS = 1_500, 500, 10

QUOTED = r'"(?:[^"\\]|\\["\\])*"'
MATCHER = re.compile(rf"""({QUOTED}|[^\s"=!~<>]+)\s*(!=|!~|>=|<=|=|~|>|<)\s*({QUOTED}|[^\s"]+)""")

CheckMatcher = Callable[[str], str | None]
"""Says in words what is wrong with a matcher; None if nothing is."""


class Wish(NamedTuple):
    """What a person has asked for."""

    seconds: float
    matchers: tuple[str, ...]
    note: str


def check_form_of_matcher(line: str) -> str | None:
    """Say whether a line has the form of a matcher: a name, a comparison and a value."""
    return None if MATCHER.fullmatch(line) else f"{literal(line, 60)}: write name = value"


def silence_form(incident: str, matchers: Sequence[str]) -> Block:
    """Give the form for an incident, filled in with what would match it."""
    return {
        "type": "modal",
        "callback_id": CALLBACK,
        "private_metadata": incident,
        "title": _plain("Silence"),
        "submit": _plain("Silence"),
        "close": _plain("Cancel"),
        "blocks": [
            _input(DURATION, "For how long", _durations()),
            _input(
                MATCHERS,
                "What matches all of these lines",
                _text_input("\n".join(matchers), LONGEST_MATCHERS, is_multiline=True),
                hint="Without a line: only this incident.",
                is_optional=True,
            ),
            _input(NOTE, "Why", _text_input("", LONGEST_NOTE)),
        ],
    }


def read_form(values: dict[str, str | None], check: CheckMatcher) -> Wish | dict[str, str]:
    """Read what was put in: the wish, or what is wrong by the name of the input."""
    duration, note = values.get(DURATION) or "", (values.get(NOTE) or "").strip()
    lines = [line.strip() for line in (values.get(MATCHERS) or "").splitlines() if line.strip()]
    wrong = {}
    if duration not in DURATIONS:
        wrong[DURATION] = "Choose one of the durations."
    if len(lines) > MOST_MATCHERS:
        wrong[MATCHERS] = f"Give at most {MOST_MATCHERS} lines."
    elif faults := [fault for line in lines if (fault := check(line)) is not None]:
        wrong[MATCHERS] = literal(faults[0], 150)
    if not note or len(note) > LONGEST_NOTE:
        wrong[NOTE] = "Say why, so that others understand it."
    return wrong or Wish(float(duration), tuple(lines), literal(note, LONGEST_NOTE))


def _durations() -> Block:
    options = {value: {"text": _plain(text), "value": value} for value, text in DURATIONS.items()}
    return {
        "type": "static_select",
        "action_id": DURATION,
        "options": [*options.values()],
        "initial_option": options[USUAL],
    }


def _text_input(text: str, most: int, *, is_multiline: bool = False) -> Block:
    made: dict[str, Any] = {
        "type": "plain_text_input",
        "action_id": "text",
        "max_length": most,
        "multiline": is_multiline,
    }
    return made | {"initial_value": text[:most]} if text else made


def _input(
    name: str, label: str, element: Block, *, hint: str = "", is_optional: bool = False
) -> Block:
    made = {
        "type": "input",
        "block_id": name,
        "label": _plain(label),
        "element": element,
        "optional": is_optional,
    }
    return made | {"hint": _plain(hint)} if hint else made


def _plain(text: str) -> Block:
    return {"type": "plain_text", "text": text, "emoji": False}
