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

RATES = """
    UPDATE loan_instalment i SET rate_basis_points = l.rate_basis_points
    FROM loan l WHERE l.id = i.loan_id
"""
CHECKED = "SET CONSTRAINTS ALL IMMEDIATE"
"""A table is altered once nothing that waits for the end of the transaction looks at it."""
GIVEN_UP = "UPDATE loan SET state = 'cancelled' WHERE state = 'released' AND disbursed_minor = 0"


def upgrade() -> None:
    op.execute(GIVEN_UP)
    op.execute(CHECKED)
    _claims()
    _terms()
    _sales()


def _claims() -> None:
    for column in (
        sa.Column("payer_organisation_id", sa.Uuid(), nullable=True),
        sa.Column("claim", sa.String(), nullable=True),
    ):
        op.add_column("loan_repayment", column)
    op.execute(PAYERS)
    op.execute(CHECKED)
    op.alter_column("loan_repayment", "payer_organisation_id", nullable=False)
    op.create_foreign_key(
        op.f("loan_repayment_payer_organisation_id_foreign"),
        "loan_repayment",
        "organisation",
        ["payer_organisation_id"],
        ["id"],
    )
    op.create_unique_constraint(op.f("loan_repayment_claim_unique"), "loan_repayment", ["claim"])
    op.create_check_constraint(
        op.f("loan_repayment_of_a_pledge_check"),
        "loan_repayment",
        "(kind = 'claim') = (claim IS NOT NULL)",
    )
    op.add_column("loan_recovery", sa.Column("claim", sa.String(), nullable=True))
    for name in ("interest_minor", "late_interest_minor"):
        zero = sa.Column(name, sa.BigInteger(), nullable=False, server_default="0")
        op.add_column("loan_recovery", zero)
        op.alter_column("loan_recovery", name, server_default=None)
    op.create_unique_constraint(op.f("loan_recovery_claim_unique"), "loan_recovery", ["claim"])


def _terms() -> None:
    rate = sa.Column("rate_basis_points", sa.Integer(), nullable=True)
    op.add_column("loan_instalment", rate)
    op.execute(RATES)
    op.execute(CHECKED)
    op.alter_column("loan_instalment", "rate_basis_points", nullable=False)
    fee = sa.Column("fee_basis_points", sa.Integer(), nullable=False, server_default="0")
    op.add_column("loan_participant", fee)
    op.alter_column("loan_participant", "fee_basis_points", server_default=None)
    op.create_check_constraint(
        op.f("loan_participant_fee_check"),
        "loan_participant",
        "fee_basis_points = 0 OR fee_basis_points > 0 AND cap_minor IS NOT NULL",
    )
    op.add_column("loan", sa.Column("held_back", sa.String(), nullable=True))


def _sales() -> None:
    op.add_column("enforcement", sa.Column("evidence", sa.String(), nullable=True))
    recorded = sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=True)
    op.add_column("enforcement", recorded)
    op.create_check_constraint(
        op.f("enforcement_recorded_check"),
        "enforcement",
        "(evidence IS NULL) = (recorded_at IS NULL)"
        " AND (recorded_at IS NULL OR state = 'realised' AND right_id IS NOT NULL)",
    )
    op.create_index(
        "enforcement_sold_once",
        "enforcement",
        ["loan_id", "right_id"],
        unique=True,
        postgresql_where=sa.text(
            "path IN ('private_sale', 'recovery_purchase') AND state <> 'abandoned'"
        ),
    )


def downgrade() -> None:
    op.drop_column("loan_instalment", "rate_basis_points")
    op.drop_column("loan", "held_back")
    op.drop_column("loan_participant", "fee_basis_points")
    op.drop_index("enforcement_sold_once", "enforcement")
    op.drop_constraint(op.f("enforcement_recorded_check"), "enforcement")
    for name in ("evidence", "recorded_at"):
        op.drop_column("enforcement", name)
    for name in ("claim", "interest_minor", "late_interest_minor"):
        op.drop_column("loan_recovery", name)
    op.drop_constraint(op.f("loan_repayment_of_a_pledge_check"), "loan_repayment")
    op.drop_column("loan_repayment", "claim")
    op.drop_column("loan_repayment", "payer_organisation_id")
