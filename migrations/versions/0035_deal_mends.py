"""Later purchasers of US rights are protected; co-owners share what a licence earns, by law."""

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"
branch_labels = None
depends_on = None

PROTECTED = "jurisdiction = 'US' AND topic = 'title' AND terms ->> 'otherwise' = 'effective'"
MONTHS = 3
"""35 USC 261, since 1952."""


def upgrade() -> None:
    op.add_column(
        "deal", sa.Column("fees_shared", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.alter_column("deal", "fees_shared", server_default=None)
    op.add_column("conveyance", sa.Column("recordal_months", sa.Integer(), nullable=True))
    op.create_check_constraint(
        op.f("conveyance_recordal_months_check"), "conveyance", "recordal_months BETWEEN 0 AND 24"
    )
    op.execute(
        "UPDATE legal_rule SET terms = terms"
        f" || '{{\"protects_later_purchaser_months\": {MONTHS}}}' WHERE {PROTECTED}"
    )
    # The links that are known follow the rule that was in force; nothing else of them changes.
    op.execute("ALTER TABLE conveyance DISABLE TRIGGER conveyance_append_only")
    op.execute(
        f"UPDATE conveyance c SET recordal_months = {MONTHS} FROM ip_right r"
        " WHERE r.id = c.right_id AND r.office = 'US' AND r.kind IN ('patent', 'design')"
        " AND c.from_organisation_id IS NOT NULL"
    )
    op.execute("ALTER TABLE conveyance ENABLE TRIGGER conveyance_append_only")


def downgrade() -> None:
    op.execute(
        f"UPDATE legal_rule SET terms = terms - 'protects_later_purchaser_months' WHERE {PROTECTED}"
    )
    op.drop_constraint(op.f("conveyance_recordal_months_check"), "conveyance")
    op.drop_column("conveyance", "recordal_months")
    op.drop_column("deal", "fees_shared")
