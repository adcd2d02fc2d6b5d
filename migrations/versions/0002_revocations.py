"""News of revocations, for processes that remember credentials."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "revocation",
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("subject", name="revocation_primary"),
    )
    op.create_index("revocation_revoked_at_index", "revocation", ["revoked_at"])


def downgrade() -> None:
    op.drop_table("revocation")
