"""The tables of the store, for SQLite and PostgreSQL alike.

Each row that comes from a message says which: of two messages about one thing the newer counts, by
the message's time, then by its place. JSON is kept as text: PostgreSQL's own type refuses some.
"""

from datetime import datetime

from sqlalchemy import (
    BigInteger,
    Column,
    Double,
    Index,
    Integer,
    MetaData,
    Table,
    Text,
    text,
)

from anomaly_app.store.moments import Moment

Name = Text().with_variant(Text(collation="C"), "postgresql")
"""Text that is looked up and sorted: by its bytes, as in SQLite, not by the words of a language."""

metadata = MetaData(
    naming_convention={"ix": "ix_%(table_name)s_%(column_0_name)s", "pk": "pk_%(table_name)s"}
)


def _source(*, in_key: bool = False) -> tuple[Column[datetime], Column[int], Column[int]]:
    """Columns of the message that a row is from."""
    return (
        Column("kafka_at", Moment, nullable=False, primary_key=in_key),
        Column("kafka_partition", Integer, nullable=False, primary_key=in_key, autoincrement=False),
        Column("kafka_offset", BigInteger, nullable=False, primary_key=in_key, autoincrement=False),
    )


anomalies = Table(
    "anomalies",
    metadata,
    Column("id", Name, primary_key=True),
    Column("entity", Name),
    Column("time", Moment, nullable=False),
    Column("detected_at", Moment),
    Column("score", Double, nullable=False),
    Column("p_value", Double, nullable=False),
    Column("threshold", Double, nullable=False),
    Column("borderline", Double, nullable=False),
    Column("severity", Name, nullable=False),
    Column("feature", Name),
    Column("model", Name, nullable=False),
    Column("model_version", Name, nullable=False),
    Column("model_sha256", Text, nullable=False),
    Column("transaction_id", Name),
    Column("transaction_json", Text, nullable=False),
    Column("features_json", Text),
    Column("reasons_json", Text, nullable=False),
    *_source(),
    # Derived from members, incidents and labels; see `settling`.
    Column("incident", Name),
    Column("verdict", Name),
    Column("basis", Text),
    Column("labelled_at", Moment),
)
Index("ix_anomalies_time", anomalies.c.time, anomalies.c.id)
Index("ix_anomalies_entity", anomalies.c.entity, anomalies.c.time, anomalies.c.id)
Index("ix_anomalies_severity", anomalies.c.severity, anomalies.c.time, anomalies.c.id)
Index("ix_anomalies_feature", anomalies.c.feature, anomalies.c.time, anomalies.c.id)
Index("ix_anomalies_model", anomalies.c.model, anomalies.c.model_version, anomalies.c.time)


def _index_where(name: str, condition: str, *columns: Column[object]) -> None:
    Index(name, *columns, sqlite_where=text(condition), postgresql_where=text(condition))


_index_where(*("ix_anomalies_queue", "verdict IS NULL"), anomalies.c.borderline, anomalies.c.id)
_index_where(
    *("ix_anomalies_verdict", "verdict IS NOT NULL"),
    *(anomalies.c.verdict, anomalies.c.time, anomalies.c.id),
)
_index_where(
    *("ix_anomalies_incident", "incident IS NOT NULL"),
    *(anomalies.c.incident, anomalies.c.time, anomalies.c.id),
)
_index_where(
    *("ix_anomalies_transaction", "transaction_id IS NOT NULL"), anomalies.c.transaction_id
)

incidents = Table(
    "incidents",
    metadata,
    Column("id", Name, primary_key=True),
    Column("title", Text, nullable=False),
    Column("severity", Name, nullable=False),
    Column("status", Text, nullable=False),
    Column("opened", Moment),
    Column("last", Moment),
    Column("resolved", Moment),
    Column("anomalies", BigInteger, nullable=False),
    Column("entities", BigInteger, nullable=False),
    Column("entity", Name),
    Column("taken_by", Text),
    Column("merged_into", Name),
    Column("document_json", Text, nullable=False),
    *_source(),
)
Index("ix_incidents_last", incidents.c.last, incidents.c.id)
_index_where("ix_incidents_merged_into", "merged_into IS NOT NULL", incidents.c.merged_into)

members = Table(
    "members",
    metadata,
    Column("anomaly", Name, primary_key=True),
    Column("incident", Name, nullable=False),
    *_source(),
)
Index("ix_members_incident", members.c.incident)

labels = Table(
    "labels",
    metadata,
    Column("id", Name, primary_key=True),
    Column("about", Name, nullable=False),
    Column("name", Name, nullable=False),
    Column("verdict", Name, nullable=False),
    Column("basis", Text, nullable=False),
    Column("user_name", Text, nullable=False),
    Column("via", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("since", Moment),
    Column("until", Moment),
    Column("at", Moment, nullable=False),
    *_source(),
    # Derived from the audit trail: what is taken back may arrive after it.
    Column("undone_at", Moment),
    Column("undone_by", Text),
)
Index("ix_labels_name", labels.c.name, labels.c.about)

silences = Table(
    "silences",
    metadata,
    Column("id", Name, primary_key=True),
    Column("matchers_json", Text, nullable=False),
    Column("incident", Name, nullable=False),
    Column("begins", Moment, nullable=False),
    Column("ends", Moment, nullable=False),
    Column("note", Text, nullable=False),
    Column("user_name", Text, nullable=False),
    Column("at", Moment, nullable=False),
    *_source(),
    # Derived from the audit trail, as above.
    Column("ended_at", Moment),
    Column("ended_by", Text),
)

audit = Table(
    "audit",
    metadata,
    Column("kafka_topic", Name, primary_key=True),
    # A topic that is made anew begins with the same offsets.
    *_source(in_key=True),
    Column("at", Moment, nullable=False),
    Column("action", Name, nullable=False),
    Column("subject", Name, nullable=False),
    Column("user_name", Text, nullable=False),
    Column("via", Text, nullable=False),
    Column("said", Name, nullable=False),
    Column("detail_json", Text, nullable=False),
)
Index("ix_audit_at", audit.c.at)
Index("ix_audit_subject", audit.c.subject, audit.c.action)

erased = Table(
    "erased",
    metadata,
    Column("mark", Name, primary_key=True),
    Column("until", Moment, nullable=False),
    *_source(),
)

tombstones = Table(
    "tombstones",
    metadata,
    Column("digest", Name, primary_key=True),
    # Of the entity; empty if nothing else goes with it.
    Column("mark", Name, primary_key=True),
    *_source(),
)

positions = Table(
    "positions",
    metadata,
    Column("topic", Name, primary_key=True),
    Column("partition", Integer, primary_key=True, autoincrement=False),
    Column("next_offset", BigInteger, nullable=False),
)

DERIVED = {
    "anomalies": ("incident", "verdict", "basis", "labelled_at"),
    "labels": ("undone_at", "undone_by"),
    "silences": ("ended_at", "ended_by"),
}
"""Columns that follow from rows of other messages than the row's own."""

DATA = (anomalies, incidents, members, labels, silences, audit, erased)
"""The tables whose rows are from messages."""
