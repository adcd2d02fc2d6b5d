"""What a pledge brings is used for its loan."""

import sqlalchemy as sa
from alembic import op

revision = "0038"
down_revision = "0037"
branch_labels = None
depends_on = None

PAYERS = """
    UPDATE loan_repayment r SET payer_organisation_id = q.payer_organisation_id
    FROM payment_request q WHERE q.subject = 'loan_repayment:' || r.id
"""


def upgrade() -> None:
    for column in (
        sa.Column("payer_organisation_id", sa.Uuid(), nullable=True),
        sa.Column("claim", sa.String(), nullable=True),
    ):
        op.add_column("loan_repayment", column)
    op.execute(PAYERS)
    op.alter_column("loan_repayment", "payer_organisation_id", nullable=False)
    op.create_foreign_key(
        "loan_repayment_payer_organisation_id_foreign",
        "loan_repayment",
        "organisation",
        ["payer_organisation_id"],
        ["id"],
    )
    op.create_unique_constraint("loan_repayment_claim_unique", "loan_repayment", ["claim"])
    op.create_check_constraint(
        "loan_repayment_of_a_pledge_check",
        "loan_repayment",
        "(kind = 'claim') = (claim IS NOT NULL)",
    )
    op.add_column("loan_recovery", sa.Column("claim", sa.String(), nullable=True))
    op.create_unique_constraint("loan_recovery_claim_unique", "loan_recovery", ["claim"])


def downgrade() -> None:
    op.drop_column("loan_recovery", "claim")
    op.drop_constraint("loan_repayment_of_a_pledge_check", "loan_repayment")
    op.drop_column("loan_repayment", "claim")
    op.drop_column("loan_repayment", "payer_organisation_id")
