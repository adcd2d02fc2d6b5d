"""Partner accounts, signing keys, what persons allow clients, and browsers that are signed in."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "oauth_client",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("name", sqlmodel.AutoString(), nullable=False),
        sa.Column("authentication", sa.String(length=32), nullable=False),
        sa.Column("grant_types", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("redirect_uris", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("jwks", postgresql.JSONB(none_as_null=True), nullable=True),
        sa.Column("secret_hash", sa.LargeBinary(), nullable=True),
        sa.Column("secret_hint", sqlmodel.AutoString(), nullable=True),
        sa.Column("former_secret_hash", sa.LargeBinary(), nullable=True),
        sa.Column("former_secret_ends_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("last_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "(authentication = 'client_secret_basic') = (secret_hash IS NOT NULL)",
            name=op.f("oauth_client_secret_where_it_is_used_check"),
        ),
        sa.CheckConstraint(
            "(authentication = 'private_key_jwt') = (jwks IS NOT NULL)",
            name=op.f("oauth_client_keys_where_they_are_used_check"),
        ),
        sa.CheckConstraint(
            "(former_secret_hash IS NULL) = (former_secret_ends_at IS NULL)",
            name=op.f("oauth_client_former_secret_ends_check"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("oauth_client_organisation_id_foreign"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("oauth_client_primary")),
    )
    op.create_index("oauth_client_organisation_index", "oauth_client", ["organisation_id", "id"])
    op.create_table(
        "signing_key",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("public_jwk", postgresql.JSONB(), nullable=False),
        sa.Column("signs", sa.Boolean(), nullable=False),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("key_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("signing_key_primary")),
    )
    op.create_index(
        "signing_key_signs_index",
        "signing_key",
        ["signs"],
        unique=True,
        postgresql_where=sa.text("signs"),
    )
    op.create_table(
        "browser_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("cookie_hash", sa.LargeBinary(), nullable=False),
        sa.Column("login_session_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["login_session_id"],
            ["login_session.id"],
            name=op.f("browser_session_login_session_id_foreign"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("browser_session_primary")),
        sa.UniqueConstraint("cookie_hash", name="browser_session_cookie_unique"),
        sa.UniqueConstraint("login_session_id", name="browser_session_login_unique"),
    )
    op.create_table(
        "oauth_grant",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("scopes", postgresql.ARRAY(sa.String()), nullable=False),
        sa.Column("redirect_uri", sqlmodel.AutoString(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.Column("code_challenge", sqlmodel.AutoString(), nullable=False),
        sa.Column("code_used_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("nonce", sqlmodel.AutoString(), nullable=True),
        sa.Column("signed_in_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["client_id"], ["oauth_client.id"], name=op.f("oauth_grant_client_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("oauth_grant_user_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("oauth_grant_organisation_id_foreign"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("oauth_grant_primary")),
        sa.UniqueConstraint("code_hash", name="oauth_grant_code_unique"),
    )
    op.create_index("oauth_grant_client_index", "oauth_grant", ["client_id"])
    op.create_index("oauth_grant_ends_at_index", "oauth_grant", ["ends_at"])
    op.create_index("oauth_grant_user_index", "oauth_grant", ["user_id", "id"])
    op.create_table(
        "oauth_refresh_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("grant_id", sa.Uuid(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("used_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["grant_id"],
            ["oauth_grant.id"],
            name=op.f("oauth_refresh_token_grant_id_foreign"),
            ondelete="CASCADE",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("oauth_refresh_token_primary")),
        sa.UniqueConstraint("token_hash", name="oauth_refresh_token_unique"),
    )
    op.create_index("oauth_refresh_token_expires_at_index", "oauth_refresh_token", ["expires_at"])
    op.create_index("oauth_refresh_token_grant_index", "oauth_refresh_token", ["grant_id"])
    op.create_table(
        "oauth_used_assertion",
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("jti_hash", sa.LargeBinary(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["client_id"], ["oauth_client.id"], name=op.f("oauth_used_assertion_client_id_foreign")
        ),
        sa.PrimaryKeyConstraint("client_id", "jti_hash", name=op.f("oauth_used_assertion_primary")),
    )
    op.create_index("oauth_used_assertion_expires_at_index", "oauth_used_assertion", ["expires_at"])


def downgrade() -> None:
    for table in (
        "oauth_used_assertion",
        "oauth_refresh_token",
        "oauth_grant",
        "browser_session",
        "signing_key",
        "oauth_client",
    ):
        op.drop_table(table)
