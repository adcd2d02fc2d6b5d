"""Which master keys encrypted something here, so that none is replaced unnoticed."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

SEALED = (
    "payee_account",
    "confidential_body",
    "payout",
    "mail",
    "second_factor",
    "signing_key",
)


def upgrade() -> None:
    op.create_table(
        "master_key",
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("fingerprint", sa.LargeBinary(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="master_key_primary"),
    )
    used = " UNION ".join(f"SELECT key_id FROM {table} WHERE key_id <> ''" for table in SEALED)
    # What they are is noted when the key file is read next.
    op.execute(f"INSERT INTO master_key (id) {used}")


def downgrade() -> None:
    op.drop_table("master_key")
