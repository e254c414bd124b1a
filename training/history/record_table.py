"""Collect the records of a topic as one table, in batches to save memory."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import lru_cache
from typing import Any

import polars as pl

from anomaly_app.core.decoding.decoded import KafkaRecord
from anomaly_app.core.decoding.framing import NO_READERS, Readers, unframe
from anomaly_app.core.json_reading import read_json
from anomaly_app.core.roles.column_names import suggested
from anomaly_app.core.roles.role_words import PARTS
from anomaly_app.core.roles.roles import Roles
from anomaly_app.core.times import parse_timestamp
from anomaly_app.errors import RecordRejected, Rejection

KAFKA_KEY = "kafka_key"
KAFKA_TIMESTAMP = "kafka_timestamp"
KAFKA_PLACE = "kafka_place"
KAFKAS = {KAFKA_KEY: pl.String, KAFKA_TIMESTAMP: pl.Float64, KAFKA_PLACE: pl.String}
"""Columns for the key, the timestamp and the place of Kafka records."""

BATCH = 20_000
"""Number of records to hold as objects."""

MAX_FIELDS = 1_000
"""Maximum number of fields that become columns; a topic may hold anything."""

MAX_NESTING = 5
"""Maximum depth of nested objects whose fields become columns."""

PLAIN, DEBEZIUM = "plain", "debezium"

Fields = dict[str, Any]


class RecordTable:
    """Converts records to columns, and counts unreadable records by reason.

    It reads the same payloads as a worker. Values of a list are named ``f0``, ``f1``, ….

    Parameters
    ----------
    roles
        The roles that the user set; fields that they name are always kept.
    max_bytes
        Records with longer values are rejected.
    payload
        ``plain``, ``debezium``, or the path to the object with the transaction. None: plain, or
        Debezium's envelope if it is recognised.
    since
        Records with an earlier timestamp are skipped; seconds since the epoch.
    readers
        Readers of values with schemas of a registry.
    """

    def __init__(
        self,
        roles: Roles,
        *,
        max_bytes: int,
        payload: str | None = None,
        since: float | None = None,
        readers: Readers = NO_READERS,
    ) -> None:
        self.rows = 0
        self.unread: Counter[str] = Counter()
        """Number of unreadable records, by reason."""
        self._said = {getattr(roles, part) for part in PARTS} - {None}
        self._max_bytes = max_bytes
        self._payload = payload
        self._since = since
        self._readers = readers
        self._batch: list[Fields] = []
        self._frames: list[pl.DataFrame] = []
        self._names: dict[str, None] = dict.fromkeys(KAFKAS)

    def add(self, records: Iterable[KafkaRecord]) -> None:
        """Add records of the topic."""
        for record in records:
            try:
                timestamp = parse_timestamp(record.timestamp)
                if self._since is not None and timestamp < self._since:
                    continue
                fields = self._read(record.value)
            except RecordRejected as fault:
                self.unread[fault.rejection] += 1
                continue
            fields[KAFKA_KEY] = record.key.decode(errors="replace") if record.key else None
            fields[KAFKA_TIMESTAMP] = timestamp or None
            fields[KAFKA_PLACE] = f"{record.topic}-{record.partition}-{record.offset}"
            self._batch.append(fields)
            self.rows += 1
            if len(self._batch) >= BATCH:
                self._pack()

    def to_frame(self) -> pl.DataFrame:
        """Return all rows as one table: the fields, then the columns of Kafka."""
        self._pack()
        frame = pl.concat(self._frames, how="diagonal_relaxed", rechunk=True)
        self._frames.clear()
        lacking = [pl.lit(None, t).alias(name) for name, t in KAFKAS.items() if name not in frame]
        return frame.with_columns(lacking).select(pl.exclude(*KAFKAS), *KAFKAS)

    def reasons(self) -> str:
        """List why records could not be read, most frequent first."""
        return ", ".join(f"{count:,} {reason}" for reason, count in self.unread.most_common())

    def _read(self, value: bytes | None) -> Fields:
        if value is None:
            raise RecordRejected(Rejection.NULL_VALUE, "the record has no value")
        if len(value) > self._max_bytes:
            raise RecordRejected(Rejection.TOO_LARGE, "the value is too long")
        try:
            found = read_json(unframe(value, self._readers))
        except UnicodeDecodeError:
            raise RecordRejected(Rejection.NOT_UTF8, "the value is not UTF-8") from None
        except (ValueError, RecursionError):
            raise RecordRejected(Rejection.NOT_JSON, "the value is not JSON") from None
        if not isinstance(found, dict):
            raise RecordRejected(Rejection.NOT_AN_OBJECT, "the value is no object")
        inner, *around = self._opened(found)
        fields = dict(self._fields(inner))
        if not fields:
            raise RecordRejected(Rejection.NO_FEATURES, "no field has a value")
        for level in around:
            parts = {name: level[name] for name in level if self._is_part(name)}
            fields = {**dict(self._flat(parts, "", 0)), **fields}
        return fields

    def _opened(self, record: Mapping[str, Any]) -> list[Mapping[str, Any]]:
        """Return the object with the transaction, followed by the objects around it."""
        if self._payload == PLAIN:
            return [record]
        if self._payload not in {None, DEBEZIUM}:
            found: Any = record
            for name in str(self._payload).split("."):
                found = _object(found.get(name))
            return [found, record]
        levels = [record]
        inner = record.get("payload")
        if isinstance(inner, dict) and ("schema" in record or _is_envelope(inner)):
            levels.insert(0, inner)
        if self._payload == DEBEZIUM or _is_envelope(levels[0]):
            if levels[0].get("op") == "d" or levels[0].get("after") is None:
                raise RecordRejected(Rejection.NULL_VALUE, "it deletes a row")
            levels.insert(0, _object(levels[0]["after"]))
        return levels

    def _fields(self, found: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
        for name in ("features", "data"):
            features = found.get(name)
            if isinstance(features, list) and len(features) == 1 and isinstance(features[0], list):
                features = features[0]
            if isinstance(features, dict | list):
                # Outside this object, a worker only looks for the other roles.
                yield from ((field, v) for field, v in found.items() if self._is_part(field))
                if isinstance(features, list):
                    features = {f"f{index}": item for index, item in enumerate(features)}
                yield from self._flat(features, "", MAX_NESTING)
                return
        yield from self._flat(found, "", MAX_NESTING)

    def _is_part(self, field: str) -> bool:
        return field in self._said or _is_suggested(field)

    def _flat(self, found: Mapping[str, Any], path: str, depth: int) -> Iterator[tuple[str, Any]]:
        for name, value in found.items():
            if isinstance(value, dict) and depth:
                yield from self._flat(value, f"{path}{name}.", depth - 1)
            elif value.__class__ in _SCALARS:
                yield f"{path}{name}", value

    def _pack(self) -> None:
        if not self._batch:
            return
        for fields in self._batch:
            if len(self._names) < MAX_FIELDS:
                self._names.update(dict.fromkeys(fields))
        columns = [_column(name, [row.get(name) for row in self._batch]) for name in self._names]
        self._frames.append(pl.DataFrame([column for column in columns if column is not None]))
        self._batch.clear()


_SCALARS = {str, int, float, bool}


def _column(name: str, values: list[Any]) -> pl.Series | None:
    kinds = {value.__class__ for value in values} - {type(None)}
    if not kinds:
        return None
    if str in kinds:
        texts = [v if v is None or v.__class__ is str else str(v) for v in values]
        return pl.Series(name, texts, dtype=pl.String)
    if kinds == {bool}:
        return pl.Series(name, values, dtype=pl.Boolean)
    if kinds == {int} and all(v is None or -(2**63) <= v < 2**63 for v in values):
        return pl.Series(name, values, dtype=pl.Int64)
    return pl.Series(name, [None if v is None else _double(v) for v in values], dtype=pl.Float64)


def _double(number: float) -> float | None:
    try:
        return float(number)
    except OverflowError:
        return None


def _object(found: Any) -> Mapping[str, Any]:
    if not isinstance(found, dict):
        raise RecordRejected(Rejection.NO_FEATURES, "the payload is no object")
    return found


def _is_envelope(found: Mapping[str, Any]) -> bool:
    return "op" in found and isinstance(found.get("after", 0), dict | None)


@lru_cache(maxsize=1_000)
def _is_suggested(field: str) -> bool:
    return any(suggested(part, [field]) for part in PARTS)
