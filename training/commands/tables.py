"""What several commands show in the terminal."""

from collections.abc import Iterable, Mapping

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from anomaly_app.core.schema import Feature, FeatureSchema
from training.report.words import metric_name, value_in_words


def feature_table(schema: FeatureSchema) -> Table:
    """Tabulate what a model sees."""
    table = Table("feature", "kind", "usually", "range", "missing", title="what the model sees")
    for feature in schema.features:
        table.add_row(
            escape(feature.name),
            feature.kind.replace("_", " "),
            escape(value_in_words(feature.expected_value, feature)),
            _range(feature),
            f"{feature.missing_rate:.1%}",
        )
    return table


def measured(metrics: Mapping[str, float]) -> str:
    """Put measures into one line."""
    return ", ".join(f"{metric_name(name)} {value:.3f}" for name, value in metrics.items())


def warn(console: Console, warnings: Iterable[str]) -> None:
    """Show warnings, in yellow."""
    for warning in warnings:
        console.print(f"[yellow]{escape(warning)}[/]")


def _range(feature: Feature) -> str:
    if feature.kind == "category":
        return f"{len(feature.categories):,} texts"
    return f"{value_in_words(feature.low, feature)} to {value_in_words(feature.high, feature)}"
