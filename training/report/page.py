"""Reports from templates: whatever comes from data is escaped."""

from datetime import UTC, datetime
from typing import Any, NamedTuple

from jinja2 import Environment, PackageLoader, StrictUndefined

from anomaly_app.core.schema import FeatureSchema
from training.evaluate import Suspect
from training.report import words


class KeyNumber(NamedTuple):
    """One of the few numbers in large type at the head of a report."""

    value: str
    meaning: str


class Row(NamedTuple):
    """A suspect in words."""

    entity: str
    time: str
    score: str
    p_value: str
    severity: str
    label: str
    reasons: tuple[str, ...]


def render(template: str, *, when: datetime, **parts: Any) -> str:
    """Fill in a template.

    Parameters
    ----------
    template
        Name of a file beside this module.
    when
        When the report was made; it has a time zone.
    **parts
        What the template names.
    """
    moment = words.moment(when.astimezone(UTC).timestamp())
    return _ENVIRONMENT.get_template(template).render(when=f"{moment} UTC", **parts)


def suspect_rows(suspects: list[Suspect], schema: FeatureSchema) -> list[Row]:
    """Put suspects into words; what is not known of any is empty."""
    return [
        Row(
            entity=suspect.entity or "",
            time=words.moment(suspect.time) if suspect.time is not None else "",
            score=f"{suspect.score:.3f}",
            p_value=words.p_value(suspect.p_value),
            severity=suspect.severity or "no alert",
            label="" if suspect.label is None else ("anomaly" if suspect.label else "ordinary"),
            reasons=tuple(words.reason_in_words(reason, schema) for reason in suspect.reasons),
        )
        for suspect in suspects
    ]


_ENVIRONMENT = Environment(
    loader=PackageLoader("training", "report"),
    autoescape=True,
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
