"""Personal API keys, and what a person did found without reading the whole event log."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "api_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("public_id", sa.String(), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sa.String(), nullable=False),
        sa.Column("scopes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="api_key_organisation_id_foreign"
        ),
        sa.ForeignKeyConstraint(["user_id"], ["user_account.id"], name="api_key_user_id_foreign"),
        sa.PrimaryKeyConstraint("id", name="api_key_primary"),
        sa.UniqueConstraint("public_id", name="api_key_public_id_unique"),
        sa.UniqueConstraint("secret_hash", name="api_key_secret_unique"),
    )
    op.create_index("api_key_user_index", "api_key", ["user_id", "id"])
    op.create_index("event_actor_index", "event", ["actor", "sequence"])


def downgrade() -> None:
    op.drop_index("event_actor_index", "event")
    op.drop_table("api_key")
