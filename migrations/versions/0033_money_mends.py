"""What chargebacks took is counted on the charge; a deal remembers where one found it."""

import sqlalchemy as sa
from alembic import op

revision = "0033"
down_revision = "0032"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column(
        "online_payment",
        sa.Column("taken_minor", sa.BigInteger(), nullable=False, server_default="0"),
    )
    op.execute(
        """
        UPDATE online_payment o SET taken_minor = c.taken_minor
        FROM (
            SELECT payment_id, sum(taken_minor) AS taken_minor FROM chargeback GROUP BY payment_id
        ) c
        WHERE c.payment_id = o.id
        """
    )
    op.alter_column("online_payment", "taken_minor", server_default=None)
    op.create_check_constraint(
        op.f("online_payment_taken_range_check"),
        "online_payment",
        "taken_minor BETWEEN 0 AND amount_minor",
    )
    op.create_index("chargeback_subject_index", "chargeback", ["subject"])
    op.add_column("deal", sa.Column("frozen_from", sa.String(length=32), nullable=True))


def downgrade() -> None:
    op.drop_column("deal", "frozen_from")
    op.drop_index("chargeback_subject_index", table_name="chargeback")
    op.drop_constraint(op.f("online_payment_taken_range_check"), "online_payment", type_="check")
    op.drop_column("online_payment", "taken_minor")
