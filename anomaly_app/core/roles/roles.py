"""Which column of the history, or field of a record, has which part."""

from collections.abc import Callable, Sequence
from typing import Any, Literal, Self

import msgspec
from msgspec.structs import replace

from anomaly_app.core.roles.column_names import may_be_label, suggested
from anomaly_app.core.roles.missing_columns import missing_columns
from anomaly_app.core.roles.role_words import PARTS, SEVERAL, WORDS, is_on, mark, pairs, zone
from anomaly_app.errors import DataError

HOUR = "hour_of_day"
"""The feature derived from the time; it may be named among the features."""


class Roles(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Parts of a table's columns, and of a record's fields.

    A column without a part is a feature, unless it may be a label. A name with dots is the path to
    a nested field, unless there is a field with the whole name.

    Parameters
    ----------
    key
        The entity of the transaction: the Kafka key.
    time
        The time of the transaction.
    id
        The transaction's own id.
    label
        Whether the transaction was an anomaly; ``COLUMN:VALUE`` gives the value that means so. It
        may also be a JSON file of labelled windows per series (as in the Numenta benchmark).
    features
        Names of the features, which may include `HOUR`; empty: all columns without another part.
    keep
        Columns to keep as features, although they may be misleading.
    without
        Columns that are not features.
    categories
        Columns to read as strings although they hold numbers.
    renamed
        Names of columns or fields by feature, if they differ.
    absent
        Parts that were declared absent.
    timezone
        IANA time zone of times that do not name one, and of the hour of the day.
    time_format
        Format of times that are in an unusual or ambiguous format, for
        `datetime.datetime.strptime`.
    hour
        Whether the hour of the day may be a feature.
    header
        Names of the columns, in order, if the history file has no header; empty: column_1,
        column_2, …; None: the file has a header.
    decimal
        Decimal separator of numbers in the history, if it cannot be inferred.
    missing
        Numbers that stand for a missing value in numeric features.
    masked, hashed
        Names of fields that messages do not show, or show as a hash. They may be features.
    """

    key: str | None = None
    time: str | None = None
    id: str | None = None
    label: str | None = None
    features: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    without: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    renamed: dict[str, str] = {}
    absent: tuple[str, ...] = ()
    timezone: str = "UTC"
    time_format: str | None = None
    hour: bool = True
    header: tuple[str, ...] | None = None
    decimal: Literal["point", "comma"] | None = None
    missing: tuple[float, ...] = ()
    masked: tuple[str, ...] = ()
    hashed: tuple[str, ...] = ()

    @classmethod
    def parse(cls, words: str) -> Self:
        """Read roles from words such as ``key=cust label="Is Fraud" features=amount,shop``.

        Words are separated and quoted as in a shell. ``label=none`` means that there is no label,
        ``hour=none`` that the hour of the day is not a feature, and ``amount=amt`` that the feature
        ``amount`` is in the column or field ``amt``.

        Raises
        ------
        DataError
            A word does not have that form.
        """
        parsed: dict[str, Any] = {}
        for name, value in pairs(words):
            if name in SEVERAL:
                field, read = SEVERAL[name]
                parsed[field] = (*parsed.get(field, ()), *read(value))
            elif name == "hour":
                parsed[name] = is_on(value)
            elif name == "header":
                parsed[name] = () if value == "none" else tuple(value.split(","))
            elif name == "decimal":
                parsed[name] = mark(value)
            elif name in PARTS and value.lower() == "none":
                parsed["absent"] = (*parsed.get("absent", ()), name)
            elif name in WORDS:
                parsed[name] = zone(value) if name == "timezone" else value
            else:
                parsed["renamed"] = {**parsed.get("renamed", {}), name: value}
        made = cls(**parsed)
        if both := {*made.masked} & {*made.hashed}:
            raise DataError(f"{min(both)!r} is in mask= and in hash=: choose one of them")
        return made

    def infer(
        self,
        columns: Sequence[str],
        fits: Callable[[str, str], bool] = lambda part, column: True,  # noqa: ARG005
    ) -> Self:
        """Infer unspecified parts from the names of the columns.

        Parameters
        ----------
        columns
            The columns of the table.
        fits
            Whether the values of a column are suitable for a part: ``fits("time", "ts")``.
        """
        taken = {self.key, self.label, self.time, self.id, *self.without, *self.named_features}
        inferred: dict[str, str] = {}
        for part in PARTS:
            if getattr(self, part) is not None or part in self.absent:
                continue
            free = (column for column in suggested(part, columns) if column not in taken)
            if found := next((column for column in free if fits(part, column)), None):
                inferred[part] = found
                taken = taken | {found}
        return replace(self, **inferred)

    def feature_columns(self, columns: Sequence[str]) -> list[str]:
        """Return the columns that are features, each once, in the table's order.

        Raises
        ------
        DataError
            A named column is not in the table.
        """
        parts = {part: getattr(self, part) for part in ("key", "time", "id")}
        derived = {HOUR} - set(columns)
        features = [self.field_of(name) for name in self.features if name not in derived]
        named = {*self.features, *self.keep, *self.categories} - derived
        fields = {name: self.field_of(name) for name in sorted(named)}
        wanted = {**parts, **self.renamed, **fields, **{name: name for name in self.without}}
        missing = {
            word: column
            for word, column in wanted.items()
            if column is not None and column not in columns
        }
        if missing:
            raise DataError(missing_columns(missing, columns, {*wanted.values(), self.label}))
        if self.features:
            return features
        label = self.label_column(columns)
        explicit = {*fields.values(), *self.renamed.values()}
        taken = {self.key, self.time, self.id, label, *self.without}
        return [
            column
            for column in columns
            if column not in taken and (column in explicit or not may_be_label(column))
        ]

    @property
    def named_features(self) -> set[str]:
        """Columns that the user declared to be features."""
        names = {*self.features, *self.keep, *self.categories}
        return {*map(self.field_of, names), *self.renamed.values()}

    def field_of(self, feature: str) -> str:
        """Return the column or field that holds a feature."""
        return self.renamed.get(feature, feature)

    def feature_in(self, column: str) -> str:
        """Return the feature that a column or field holds."""
        names = [feature for feature, field in self.renamed.items() if field == column]
        return names[0] if names else column

    def label_column(self, columns: Sequence[str]) -> str | None:
        """Return the column of the label, without the value that may follow it; None if none."""
        if self.label is None or self.label in columns:
            return self.label
        column, colon, _ = self.label.rpartition(":")
        return column if colon and column in columns else None

    def changed_by(self, other: Self) -> Self:
        """Return these roles overridden by others, such as those of a topic."""
        overrides = {
            name: getattr(other, name)
            for name in (*PARTS, "time_format", "header", "decimal")
            if getattr(other, name) is not None
        }
        none = dict.fromkeys(other.absent)
        zone = {} if other.timezone == Roles().timezone else {"timezone": other.timezone}
        absent = dict.fromkeys(
            part for part in (*self.absent, *other.absent) if part not in overrides
        )
        renamed = {**self.renamed, **other.renamed}
        missing = other.missing or self.missing
        masked, hashed = (*self.masked, *other.masked), (*self.hashed, *other.hashed)
        return replace(
            self,
            **overrides,
            **none,
            **zone,
            absent=tuple(absent),
            renamed=renamed,
            missing=missing,
            masked=tuple(dict.fromkeys(name for name in masked if name not in other.hashed)),
            hashed=tuple(dict.fromkeys(name for name in hashed if name not in other.masked)),
        )
