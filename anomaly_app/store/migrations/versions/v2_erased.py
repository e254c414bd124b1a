"""What is erased on request."""

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"

MOMENT = sa.DateTime(timezone=True)
NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")

# The audit trail has erasures also of a store that was taken back to the first version.
FROM_AUDIT = """
INSERT INTO erased (mark, until, kafka_at, kafka_partition, kafka_offset)
SELECT subject, at, kafka_at, kafka_partition, kafka_offset FROM audit AS one
WHERE action = 'erase' AND length(subject) BETWEEN 66 AND 69 AND NOT EXISTS (
    SELECT 1 FROM audit AS other
    WHERE other.action = 'erase' AND other.subject = one.subject AND
    (other.at, other.kafka_at, other.kafka_partition, other.kafka_offset, other.kafka_topic) >
    (one.at, one.kafka_at, one.kafka_partition, one.kafka_offset, one.kafka_topic)
)
"""


def upgrade() -> None:
    """Make the tables."""
    op.create_table(
        "erased",
        sa.Column("mark", NAME, nullable=False),
        sa.Column("until", MOMENT, nullable=False),
        sa.Column("kafka_at", MOMENT, nullable=False),
        sa.Column("kafka_partition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kafka_offset", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("mark", name=op.f("pk_erased")),
    )
    op.create_table(
        "tombstones",
        sa.Column("digest", NAME, nullable=False),
        sa.Column("mark", NAME, nullable=False),
        sa.Column("kafka_at", MOMENT, nullable=False),
        sa.Column("kafka_partition", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kafka_offset", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("digest", "mark", name=op.f("pk_tombstones")),
    )
    op.execute(FROM_AUDIT)


def downgrade() -> None:
    """Delete the tables: what arrives late or again is stored again."""
    op.drop_table("tombstones")
    op.drop_table("erased")
