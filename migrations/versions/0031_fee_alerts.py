"""Who depends on a right is warned before its annuity falls due."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0025"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("ip_right", sa.Column("fees_alerted_for", sa.Date(), nullable=True))
    op.create_index(
        "ip_right_fees_index",
        "ip_right",
        ["fees_paid_until"],
        postgresql_where=sa.text("legal_status = 'in_force'"),
    )


def downgrade() -> None:
    op.drop_index("ip_right_fees_index", table_name="ip_right")
    op.drop_column("ip_right", "fees_alerted_for")
