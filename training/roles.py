"""Which column of a table plays which part; inferred from names, or said in a few words."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from anomaly_app.core.errors import DataError

NAMES: dict[str, tuple[str, ...]] = {
    "label": (
        "is_fraud",
        "isfraud",
        "fraud",
        "label",
        "is_anomaly",
        "anomaly",
        "outlier",
        "class",
        "target",
        "y",
    ),
    "time": (
        "time",
        "timestamp",
        "unix_time",
        "datetime",
        "event_time",
        "created_at",
        "current_time",
        "date",
    ),
    "key": (
        "entity",
        "key",
        "cust",
        "customer",
        "customer_id",
        "account",
        "account_id",
        "card",
        "card_id",
        "cc_num",
        "user",
        "user_id",
        "device",
        "device_id",
        "series",
    ),
    "id": ("id", "transaction_id", "trans_num", "transactionid", "event_id", "uuid"),
}
"""Column names, in order of preference, by the part that they suggest."""


@dataclass(frozen=True, slots=True)
class Roles:
    """Parts of a table's columns; whatever has none of these parts is a feature.

    Parameters
    ----------
    key
        Whose transaction it is: the Kafka key.
    label
        1 or true where the transaction was an anomaly; or a JSON file of labelled windows
        per series (as the Numenta benchmark has them). Never a feature.
    time
        When it happened.
    id
        The transaction's own id.
    features
        Names of the features; empty: all columns without another part.
    categories
        Columns to be read as texts although they hold numbers.
    """

    key: str | None = None
    label: str | None = None
    time: str | None = None
    id: str | None = None
    features: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()

    @classmethod
    def parse(cls, words: str) -> Self:
        """Read roles from words such as ``key=cust label=is_fraud features=amt,category``.

        Raises
        ------
        DataError
            A word is not of that form.
        """
        said: dict[str, object] = {}
        for word in words.split():
            part, found, value = word.partition("=")
            if not found or part not in cls.__slots__ or not value:
                parts = ", ".join(cls.__slots__)
                raise DataError(f"{word!r} is not of the form part=column; the parts are {parts}")
            said[part] = tuple(value.split(",")) if part in {"features", "categories"} else value
        return cls(**said)  # type: ignore[arg-type]  # the names were checked above

    def infer(self, columns: Sequence[str]) -> Self:
        """Fill the parts that were not said from the names of the columns."""
        by_lower = {column.lower(): column for column in columns}
        said = {self.key, self.label, self.time, self.id, *self.features, *self.categories}
        inferred: dict[str, Any] = {}
        for part, names in NAMES.items():
            candidates = [by_lower[name] for name in names if name in by_lower]
            free = [column for column in candidates if column not in said]
            if getattr(self, part) is None and free:
                inferred[part] = free[0]
        return replace(self, **inferred)

    def feature_columns(self, columns: Sequence[str]) -> list[str]:
        """Name the columns that are features.

        Raises
        ------
        DataError
            A named column is not in the table.
        """
        named = [self.key, self.time, self.id, *self.features, *self.categories]
        for column in named:
            if column is not None and column not in columns:
                raise DataError(
                    f"there is no column {column!r}; the table has {', '.join(columns)}"
                )
        if self.features:
            return list(self.features)
        taken = {self.key, self.label, self.time, self.id}
        return [column for column in columns if column not in taken]
