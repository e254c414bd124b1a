"""Render reports from templates; values are escaped."""

import re
from datetime import UTC, datetime
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup, escape

from anomaly_app.core.model.explain import Reason
from anomaly_app.core.wording import feature_in_words, odds, reason_in_words
from training.evaluation.incidents import Incident
from training.report import words

LONGEST_NAME = 40
"""Maximum length of names to keep on one line, so that they fit a phone."""

BREAKS = "-/?\N{EN DASH}"
"""Characters at which browsers break lines within a word."""


class KeyNumber(NamedTuple):
    """One of the large numbers at the top of a report."""

    value: str
    meaning: str


class ReasonLine(NamedTuple):
    """A reason, split into the name of the feature and the rest; names are not broken."""

    feature: str
    rest: str


class Row(NamedTuple):
    """An incident as strings."""

    entity: str
    time: str
    until: str
    rows: str
    score: str
    odds: str
    severity: str
    label: str
    reasons: tuple[ReasonLine, ...]


def render(template: str, *, when: datetime, **parts: Any) -> str:
    """Fill in a template.

    Parameters
    ----------
    template
        Name of a file in this package.
    when
        Time of the report, with a time zone.
    **parts
        Variables of the template.
    """
    moment = words.moment(when.astimezone(UTC).timestamp())
    return _ENVIRONMENT.get_template(template).render(when=f"{moment} UTC", **parts)


def incident_rows(incidents: list[Incident]) -> list[Row]:
    """Convert incidents to strings; unknown values are empty."""
    return [
        Row(
            entity=incident.entity or "",
            time=begin,
            until=end,
            rows=f"{incident.rows:,}",
            score=f"{incident.score:.3f}",
            odds=odds(incident.p_value),
            severity=incident.severity or "no alert",
            label=_label(incident),
            reasons=tuple(_reason(reason) for reason in incident.reasons),
        )
        for incident in incidents
        for begin, end in [_span(incident)]
    ]


def _span(incident: Incident) -> tuple[str, str]:
    if incident.first is None or incident.last is None:
        return "", ""
    return words.span(incident.first, incident.last)


def _label(incident: Incident) -> str:
    if incident.anomalies is None:
        return ""
    if incident.anomalies in {0, incident.rows}:
        return "anomaly" if incident.anomalies else "ordinary"
    return f"{incident.anomalies:,} anomalies" if incident.anomalies > 1 else "1 anomaly"


def _reason(reason: Reason) -> ReasonLine:
    name = feature_in_words(reason.feature)
    return ReasonLine(name, reason_in_words(reason).removeprefix(name))


def unbroken(text: str) -> Markup:
    """Keep browsers from breaking names, such as those with hyphens."""
    parts = (
        Markup('<span class="name">{}</span>').format(word) if _breakable(word) else escape(word)
        for word in re.split(r"(\s+)", text)
    )
    return Markup().join(parts)


def _breakable(word: str) -> bool:
    return len(word) <= LONGEST_NAME and any(sign in word for sign in BREAKS)


_ENVIRONMENT = Environment(
    loader=PackageLoader("training", "report"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_ENVIRONMENT.filters["unbroken"] = unbroken
