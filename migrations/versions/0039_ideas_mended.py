"""Leave that was bought survives a transfer; a task is cancelled once; proofs keep who stamped."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

GRANTED = """
CREATE OR REPLACE FUNCTION refuse_unless_granted() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.grant_id IS NULL THEN
        PERFORM FROM ownership WHERE right_id = NEW.right_id
            AND organisation_id = NEW.organisation_id AND owned_until IS NULL;
    ELSE
        PERFORM FROM disclosure_grant g WHERE g.id = NEW.grant_id
            AND g.right_id = NEW.right_id AND g.organisation_id = NEW.organisation_id
            AND (g.user_id IS NULL OR g.user_id = NEW.user_id)
            AND g.revoked_at IS NULL AND (g.expires_at IS NULL OR g.expires_at > NEW.created_at)
            AND ({survives}EXISTS (SELECT FROM ownership o WHERE o.right_id = g.right_id
                AND o.organisation_id = g.granted_by AND o.owned_until IS NULL))
            AND NOT EXISTS (SELECT FROM confidential_hold h WHERE h.right_id = NEW.right_id
                AND h.released_at IS NULL AND h.sealed_until > NEW.created_at)
            FOR SHARE OF g;
    END IF;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no leave to read %', NEW.right_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'disclosure_view_granted';
    END IF;
    RETURN NEW;
END $$
"""
BOUGHT = """
UPDATE disclosure_grant g SET survives_transfer = true
WHERE starts_with(g.purpose, 'co_development:') OR EXISTS (SELECT FROM deal d
    WHERE g.purpose = 'deal:' || d.id AND d.type <> 'sale')
"""


def upgrade() -> None:
    op.add_column(
        "disclosure_grant",
        sa.Column("survives_transfer", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.execute(BOUGHT)
    op.execute(GRANTED.format(survives="g.survives_transfer OR "))
    op.add_column(
        "solicitation",
        sa.Column("cancellation_asked_at", sa.DateTime(timezone=True), nullable=True),
    )
    op.add_column("proof_batch", sa.Column("authority", sa.String(), nullable=True))
    op.add_column("proof_batch", sa.Column("ends_at", sa.DateTime(timezone=True), nullable=True))
    op.create_check_constraint(
        op.f("proof_batch_authority_whole_check"),
        "proof_batch",
        "num_nulls(authority, ends_at) IN (0, 2)",
    )
    op.create_index(
        "proof_batch_ending_index",
        "proof_batch",
        ["ends_at"],
        postgresql_where=sa.text("ends_at IS NOT NULL"),
    )
    op.create_table(
        "proof_renewal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("answer", sa.LargeBinary(), nullable=False),
        sa.Column("authority", sa.String(), nullable=False),
        sa.Column("timestamped_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name="proof_renewal_primary"),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["proof_batch.id"], name="proof_renewal_batch_id_foreign"
        ),
        sa.UniqueConstraint("batch_id", "number", name="proof_renewal_number_unique"),
        sa.CheckConstraint("number > 0", name=op.f("proof_renewal_number_positive_check")),
    )


def downgrade() -> None:
    op.drop_table("proof_renewal")
    op.drop_index("proof_batch_ending_index", "proof_batch")
    for column in ("authority", "ends_at"):
        op.drop_column("proof_batch", column)
    op.drop_column("solicitation", "cancellation_asked_at")
    op.execute(GRANTED.format(survives=""))
    op.drop_column("disclosure_grant", "survives_transfer")
