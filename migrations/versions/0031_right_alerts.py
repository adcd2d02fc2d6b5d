"""Who depends on a right is warned of what threatens it, and of annuities before they are missed."""

import sqlalchemy as sa
from alembic import op

revision = "0031"
down_revision = "0029"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "right_alert",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("right_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.String(length=32), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("told_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("id", name="right_alert_primary"),
        sa.ForeignKeyConstraint(["right_id"], ["ip_right.id"], name="right_alert_right_id_foreign"),
        sa.UniqueConstraint("right_id", "reason", "since", name="right_alert_once_unique"),
    )
    op.create_index(
        "right_alert_untold_index",
        "right_alert",
        ["id"],
        postgresql_where=sa.text("told_at IS NULL"),
    )
    op.create_index(
        "ip_right_fees_index",
        "ip_right",
        ["fees_paid_until"],
        postgresql_where=sa.text("legal_status = 'in_force'"),
    )


def downgrade() -> None:
    op.drop_index("ip_right_fees_index", table_name="ip_right")
    op.drop_table("right_alert")
