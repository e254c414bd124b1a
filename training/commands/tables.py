"""Tables and lines that several commands print."""

from collections.abc import Iterable, Mapping

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from anomaly_app.core.model.feature import Feature
from anomaly_app.core.model.schema import FeatureSchema
from anomaly_app.core.model.wording import value_in_words
from anomaly_app.core.wording import percent
from training.report.words import metric_name, metric_value


def feature_table(schema: FeatureSchema) -> Table:
    """Make a table of the features of a model."""
    table = Table("feature", "kind", "usually", "range", "missing", title="features of the model")
    for feature in schema.features:
        table.add_row(
            escape(feature.name),
            feature.kind.replace("_", " "),
            escape(value_in_words(feature.expected_value, feature.name)),
            _range(feature),
            percent(feature.missing_rate),
        )
    return table


def measured(metrics: Mapping[str, float]) -> str:
    """Format metrics as one line."""
    known = {name: value for name, value in metrics.items() if name != "precision"}
    if "precision" in metrics:
        # Without alerts, precision is undefined.
        known["precision"] = metrics["precision"] if metrics["alert_rate"] else float("nan")
    return ", ".join(f"{metric_name(name)} {metric_value(name, known[name])}" for name in metrics)


def warn(console: Console, warnings: Iterable[str]) -> None:
    """Print warnings in yellow."""
    for warning in warnings:
        console.print(f"[yellow]{escape(warning)}[/]")


def _range(feature: Feature) -> str:
    if feature.kind == "category":
        return f"{len(feature.categories):,} values"
    low, high = (value_in_words(end, feature.name) for end in (feature.low, feature.high))
    return f"{low} to {high}"
