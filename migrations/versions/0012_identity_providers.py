"""Logins by companies' own identity providers, and when they made sure of somebody."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "identity_provider",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("slug", sqlmodel.AutoString(), nullable=False),
        sa.Column("name", sqlmodel.AutoString(), nullable=False),
        sa.Column("issuer", sqlmodel.AutoString(), nullable=False),
        sa.Column("client_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("authentication", sa.String(length=32), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("country", sqlmodel.AutoString(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("role", sa.String(length=32), nullable=True),
        sa.Column("key_id", sqlmodel.AutoString(), nullable=True),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=True),
        sa.Column("enabled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(authentication = 'private_key_jwt') = (ciphertext IS NULL)",
            name=op.f("identity_provider_secret_where_it_is_used_check"),
        ),
        sa.CheckConstraint(
            "(organisation_id IS NULL) = (role IS NULL)",
            name=op.f("identity_provider_role_with_an_organisation_check"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("identity_provider_organisation_id_foreign"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("identity_provider_primary")),
        sa.UniqueConstraint("slug", name="identity_provider_slug_unique"),
    )
    op.create_index(
        "identity_provider_organisation_index", "identity_provider", ["organisation_id"]
    )
    op.create_table(
        "identity_provider_domain",
        sa.Column("domain", sqlmodel.AutoString(), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["identity_provider.id"],
            name=op.f("identity_provider_domain_provider_id_foreign"),
        ),
        sa.PrimaryKeyConstraint("domain", name=op.f("identity_provider_domain_primary")),
    )
    op.create_index(
        "identity_provider_domain_provider_index", "identity_provider_domain", ["provider_id"]
    )
    op.create_table(
        "external_identity",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("issuer", sqlmodel.AutoString(), nullable=False),
        sa.Column("subject", sqlmodel.AutoString(), nullable=False),
        sa.Column("email", sqlmodel.AutoString(), nullable=False),
        sa.Column("last_login_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["identity_provider.id"],
            name=op.f("external_identity_provider_id_foreign"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("external_identity_user_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("external_identity_primary")),
        sa.UniqueConstraint("issuer", "subject", name="external_identity_subject_unique"),
        sa.UniqueConstraint("user_id", "issuer", name="external_identity_user_unique"),
    )
    op.create_index("external_identity_provider_index", "external_identity", ["provider_id"])
    op.create_table(
        "external_login",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("provider_id", sa.Uuid(), nullable=False),
        sa.Column("state_hash", sa.LargeBinary(), nullable=False),
        sa.Column("browser_hash", sa.LargeBinary(), nullable=False),
        sa.Column("onward", sqlmodel.AutoString(), nullable=False),
        sa.Column("is_anew", sa.Boolean(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=True),
        sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["provider_id"],
            ["identity_provider.id"],
            name=op.f("external_login_provider_id_foreign"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("external_login_user_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("external_login_primary")),
        sa.UniqueConstraint("state_hash", name="external_login_state_unique"),
    )
    op.create_index("external_login_expires_at_index", "external_login", ["expires_at"])
    op.create_index("external_login_user_index", "external_login", ["user_id"])
    op.add_column(
        "login_session", sa.Column("proved_at", sa.DateTime(timezone=True), nullable=True)
    )


def downgrade() -> None:
    op.drop_column("login_session", "proved_at")
    for table in (
        "external_login",
        "external_identity",
        "identity_provider_domain",
        "identity_provider",
    ):
        op.drop_table(table)
