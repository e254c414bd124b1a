"""The first version of the schema."""

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "1"
down_revision = None

MOMENT = sa.DateTime(timezone=True)
NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

TABLES = ("anomalies", "audit", "incidents", "labels", "members", "positions", "silences")


def where(condition: str) -> dict[str, Any]:
    """Return the condition of an index on a part of a table."""
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "anomalies",
        sa.Column("id", NAME, nullable=False),
        sa.Column("entity", NAME, nullable=True),
        sa.Column("time", MOMENT, nullable=False),
        sa.Column("detected_at", MOMENT, nullable=True),
        sa.Column("score", sa.Double(), nullable=False),
        sa.Column("p_value", sa.Double(), nullable=False),
        sa.Column("threshold", sa.Double(), nullable=False),
        sa.Column("borderline", sa.Double(), nullable=False),
        sa.Column("severity", NAME, nullable=False),
        sa.Column("feature", NAME, nullable=True),
        sa.Column("model", NAME, nullable=False),
        sa.Column("model_version", NAME, nullable=False),
        sa.Column("model_sha256", sa.Text(), nullable=False),
        sa.Column("transaction_id", NAME, nullable=True),
        sa.Column("transaction_json", sa.Text(), nullable=False),
        sa.Column("features_json", sa.Text(), nullable=True),
        sa.Column("reasons_json", sa.Text(), nullable=False),
        sa.Column("kafka_at", MOMENT, nullable=False),
        sa.Column("kafka_partition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kafka_offset", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("incident", NAME, nullable=True),
        sa.Column("verdict", NAME, nullable=True),
        sa.Column("basis", sa.Text(), nullable=True),
        sa.Column("labelled_at", MOMENT, nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_anomalies")),
    )
    op.create_index("ix_anomalies_entity", "anomalies", ["entity", "time", "id"])
    op.create_index("ix_anomalies_feature", "anomalies", ["feature", "time", "id"])
    op.create_index(
        "ix_anomalies_incident",
        "anomalies",
        ["incident", "time", "id"],
        **where("incident IS NOT NULL"),
    )
    op.create_index("ix_anomalies_model", "anomalies", ["model", "model_version", "time"])
    op.create_index(
        "ix_anomalies_queue", "anomalies", ["borderline", "id"], **where("verdict IS NULL")
    )
    op.create_index("ix_anomalies_severity", "anomalies", ["severity", "time", "id"])
    op.create_index("ix_anomalies_time", "anomalies", ["time", "id"])
    op.create_index(
        "ix_anomalies_transaction",
        "anomalies",
        ["transaction_id"],
        **where("transaction_id IS NOT NULL"),
    )
    op.create_index(
        "ix_anomalies_verdict",
        "anomalies",
        ["verdict", "time", "id"],
        **where("verdict IS NOT NULL"),
    )
    op.create_table(
        "audit",
        sa.Column("kafka_topic", NAME, nullable=False),
        sa.Column("kafka_at", MOMENT, nullable=False),
        sa.Column("kafka_partition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kafka_offset", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("action", NAME, nullable=False),
        sa.Column("subject", NAME, nullable=False),
        sa.Column("user_name", sa.Text(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("said", NAME, nullable=False),
        sa.Column("detail_json", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint(
            "kafka_topic", "kafka_at", "kafka_partition", "kafka_offset", name=op.f("pk_audit")
        ),
    )
    op.create_index("ix_audit_at", "audit", ["at"])
    op.create_index("ix_audit_subject", "audit", ["subject", "action"])
    op.create_table(
        "incidents",
        sa.Column("id", NAME, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("severity", NAME, nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.Column("opened", MOMENT, nullable=True),
        sa.Column("last", MOMENT, nullable=True),
        sa.Column("resolved", MOMENT, nullable=True),
        sa.Column("anomalies", sa.BigInteger(), nullable=False),
        sa.Column("entities", sa.BigInteger(), nullable=False),
        sa.Column("entity", NAME, nullable=True),
        sa.Column("taken_by", sa.Text(), nullable=True),
        sa.Column("merged_into", NAME, nullable=True),
        sa.Column("document_json", sa.Text(), nullable=False),
        sa.Column("kafka_at", MOMENT, nullable=False),
        sa.Column("kafka_partition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kafka_offset", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
    )
    op.create_index("ix_incidents_last", "incidents", ["last", "id"])
    op.create_index(
        "ix_incidents_merged_into", "incidents", ["merged_into"], **where("merged_into IS NOT NULL")
    )
    op.create_table(
        "labels",
        sa.Column("id", NAME, nullable=False),
        sa.Column("about", NAME, nullable=False),
        sa.Column("name", NAME, nullable=False),
        sa.Column("verdict", NAME, nullable=False),
        sa.Column("basis", sa.Text(), nullable=False),
        sa.Column("user_name", sa.Text(), nullable=False),
        sa.Column("via", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("since", MOMENT, nullable=True),
        sa.Column("until", MOMENT, nullable=True),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("kafka_at", MOMENT, nullable=False),
        sa.Column("kafka_partition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kafka_offset", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("undone_at", MOMENT, nullable=True),
        sa.Column("undone_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_labels")),
    )
    op.create_index("ix_labels_name", "labels", ["name", "about"])
    op.create_table(
        "members",
        sa.Column("anomaly", NAME, nullable=False),
        sa.Column("incident", NAME, nullable=False),
        sa.Column("kafka_at", MOMENT, nullable=False),
        sa.Column("kafka_partition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kafka_offset", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("anomaly", name=op.f("pk_members")),
    )
    op.create_index("ix_members_incident", "members", ["incident"])
    op.create_table(
        "positions",
        sa.Column("topic", NAME, nullable=False),
        sa.Column("partition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("next_offset", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("topic", "partition", name=op.f("pk_positions")),
    )
    op.create_table(
        "silences",
        sa.Column("id", NAME, nullable=False),
        sa.Column("matchers_json", sa.Text(), nullable=False),
        sa.Column("incident", NAME, nullable=False),
        sa.Column("begins", MOMENT, nullable=False),
        sa.Column("ends", MOMENT, nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("user_name", sa.Text(), nullable=False),
        sa.Column("at", MOMENT, nullable=False),
        sa.Column("kafka_at", MOMENT, nullable=False),
        sa.Column("kafka_partition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kafka_offset", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("ended_at", MOMENT, nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_silences")),
    )


def downgrade() -> None:
    """Delete the tables, with everything in them."""
    for table in TABLES:
        op.drop_table(table)
