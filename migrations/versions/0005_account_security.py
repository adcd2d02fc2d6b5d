"""Account security: verified addresses, mailed links, second factors, and counted failures."""

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None


def moment(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def upgrade() -> None:
    op.add_column("user_account", moment("email_verified_at", nullable=True))
    op.add_column("login_session", moment("last_used_at", nullable=True))
    op.add_column(
        "login_session",
        sa.Column("device", sa.String(), server_default="another program", nullable=False),
    )
    op.create_index("login_session_user_index", "login_session", ["user_id", "id"])
    op.create_index(
        "organisation_one_operator_unique",
        "organisation",
        ["kind"],
        unique=True,
        postgresql_where=sa.text("kind = 'operator'"),
    )
    op.create_table(
        "attempt_count",
        sa.Column("subject", sa.LargeBinary(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        moment("failed_at", nullable=True),
        moment("succeeded_at", nullable=True),
        sa.PrimaryKeyConstraint("subject", name="attempt_count_primary"),
    )
    op.create_table(
        "password_reset_request",
        sa.Column("email", sa.String(), nullable=False),
        moment("requested_at"),
        sa.PrimaryKeyConstraint("email", name="password_reset_request_primary"),
    )
    op.create_table(
        "mailed_token",
        sa.Column("id", sa.Uuid(), nullable=False),
        moment("created_at"),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("email", sa.String(), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        moment("expires_at"),
        sa.Column("times_mailed", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="mailed_token_primary"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name="mailed_token_user_id_foreign"
        ),
        sa.UniqueConstraint("user_id", "purpose", name="mailed_token_purpose_unique"),
        sa.UniqueConstraint("token_hash", name="mailed_token_hash_unique"),
    )
    op.create_index("mailed_token_expires_at_index", "mailed_token", ["expires_at"])
    op.create_table(
        "second_factor",
        sa.Column("id", sa.Uuid(), nullable=False),
        moment("created_at"),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        moment("confirmed_at", nullable=True),
        sa.Column("last_step", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="second_factor_primary"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name="second_factor_user_id_foreign"
        ),
        sa.UniqueConstraint("user_id", name="second_factor_user_unique"),
    )
    op.create_table(
        "recovery_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        moment("created_at"),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("code_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="recovery_code_primary"),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name="recovery_code_user_id_foreign"
        ),
        sa.UniqueConstraint("user_id", "code_hash", name="recovery_code_hash_unique"),
    )


def downgrade() -> None:
    for table in (
        "recovery_code",
        "second_factor",
        "mailed_token",
        "password_reset_request",
        "attempt_count",
    ):
        op.drop_table(table)
    op.drop_index("organisation_one_operator_unique", "organisation")
    op.drop_index("login_session_user_index", "login_session")
    op.drop_column("login_session", "device")
    op.drop_column("login_session", "last_used_at")
    op.drop_column("user_account", "email_verified_at")
