"""What is erased on request."""

import sqlalchemy as sa
from alembic import op

revision = "2"
down_revision = "1"

MOMENT = sa.DateTime(timezone=True)
NAME = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


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


def downgrade() -> None:
    """Delete the tables: what is read again is stored again."""
    op.drop_table("tombstones")
    op.drop_table("erased")
