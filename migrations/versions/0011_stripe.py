"""Payments through Stripe: what providers allow, payments, payouts, chargebacks, news and errands."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0011"
down_revision = "0010"
branch_labels = None
depends_on = None

TABLES_NEWEST_FIRST = (
    "transfer_reversal",
    "chargeback",
    "payout_choice",
    "connected_account",
    "transfer_country",
    "provider_event",
    "provider_errand",
    "hold_period",
)

MAY_BE_NEGATIVE = (
    "balance_minor >= 0 OR address LIKE 'world:%' OR address LIKE 'payable:%'"
    " OR address LIKE 'expense:%'"
)

HOLD_PERIODS = """
INSERT INTO hold_period (id, created_at, provider, country, days, source, valid_from)
SELECT gen_random_uuid(), now(), 'stripe', country, days,
    'https://docs.stripe.com/connect/account-balances#holding-funds', '2020-01-01T00:00:00Z'
FROM (VALUES ('*', 90), ('US', 730), ('TH', 10)) AS rule (country, days)
"""

TRANSFER_COUNTRIES = """
INSERT INTO transfer_country (id, created_at, provider, country, source, valid_from)
SELECT gen_random_uuid(), now(), 'stripe', country,
    'https://docs.stripe.com/connect/cross-border-payouts', '2020-01-01T00:00:00Z'
FROM unnest(string_to_array(
    'US CA GB CH AT BE BG CY CZ DE DK EE ES FI FR GR HR HU IE IS IT LI LT LU LV MT NL NO PL PT RO'
    ' SE SI SK', ' ')) AS rule (country)
"""


def upgrade() -> None:
    create_tables()
    extend_payouts()
    replace_overdraft_check(f"{MAY_BE_NEGATIVE} OR address LIKE 'loss:%'")
    op.execute(HOLD_PERIODS)
    op.execute(TRANSFER_COUNTRIES)


def replace_overdraft_check(condition: str) -> None:
    """Checked for new rows at once and for old ones without keeping writers out."""
    name = "ledger_account_not_overdrawn_check"
    op.drop_constraint(op.f(name), "ledger_account", type_="check")
    op.execute(f"ALTER TABLE ledger_account ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID")
    op.execute(f"ALTER TABLE ledger_account VALIDATE CONSTRAINT {name}")


def index_unbatched(condition: str) -> None:
    op.drop_index("payout_unbatched_index", table_name="payout")
    op.create_index(
        "payout_unbatched_index",
        "payout",
        ["currency", "id"],
        postgresql_where=sa.text(condition),
    )


def create_tables() -> None:
    op.create_table(
        "hold_period",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.column("provider"), "="),
            (sa.column("country"), "="),
            (sa.text("tstzrange(valid_from, valid_until)"), "&&"),
            using="gist",
            name="hold_period_no_overlap",
        ),
        sa.CheckConstraint("days > 0", name=op.f("hold_period_days_positive_check")),
        sa.CheckConstraint(
            "valid_until IS NULL OR valid_until > valid_from", name=op.f("hold_period_period_check")
        ),
        sa.PrimaryKeyConstraint("id", name="hold_period_primary"),
    )
    op.create_table(
        "provider_errand",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("target", sa.String(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="provider_errand_primary"),
        sa.UniqueConstraint("kind", "target", name="provider_errand_once_unique"),
    )
    op.create_index("provider_errand_due_index", "provider_errand", ["due_at"])
    op.create_table(
        "provider_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("type", sa.String(), nullable=False),
        sa.Column("key_id", sa.String(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("handled_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("outcome", sa.String(), nullable=True),
        sa.PrimaryKeyConstraint("id", name="provider_event_primary"),
        sa.UniqueConstraint("provider", "external_id", name="provider_event_once_unique"),
    )
    op.create_index("provider_event_created_at_index", "provider_event", ["created_at"])
    op.create_index(
        "provider_event_new_index",
        "provider_event",
        ["id"],
        postgresql_where=sa.text("handled_at IS NULL"),
    )
    op.create_table(
        "transfer_country",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("source", sa.String(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.column("provider"), "="),
            (sa.column("country"), "="),
            (sa.text("tstzrange(valid_from, valid_until)"), "&&"),
            using="gist",
            name="transfer_country_no_overlap",
        ),
        sa.CheckConstraint(
            "valid_until IS NULL OR valid_until > valid_from",
            name=op.f("transfer_country_period_check"),
        ),
        sa.PrimaryKeyConstraint("id", name="transfer_country_primary"),
    )
    op.create_table(
        "connected_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("country", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("transfers_enabled", sa.Boolean(), nullable=False),
        sa.Column("payouts_enabled", sa.Boolean(), nullable=False),
        sa.Column("details_submitted", sa.Boolean(), nullable=False),
        sa.Column("requirements", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("disabled_reason", sa.String(), nullable=True),
        sa.Column("failure_code", sa.String(), nullable=True),
        sa.Column("failure_text", sa.String(), nullable=True),
        sa.Column("key_id", sa.String(), nullable=True),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=True),
        sa.Column("link_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("retired_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name="connected_account_organisation_id_foreign",
        ),
        sa.PrimaryKeyConstraint("id", name="connected_account_primary"),
        sa.UniqueConstraint("external_id", name="connected_account_external_unique"),
    )
    op.create_index(
        "connected_account_one_current",
        "connected_account",
        ["organisation_id"],
        unique=True,
        postgresql_where=sa.text("retired_at IS NULL"),
    )
    op.create_table(
        "payout_choice",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("method", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name="payout_choice_organisation_id_foreign"
        ),
        sa.PrimaryKeyConstraint("id", name="payout_choice_primary"),
        sa.UniqueConstraint("organisation_id", name="payout_choice_organisation_unique"),
    )
    op.create_table(
        "online_payment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("payment_request_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("payer_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("provider", sa.String(length=32), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("charge_id", sa.String(), nullable=True),
        sa.Column("provider_status", sa.String(), nullable=True),
        sa.Column("failure_code", sa.String(), nullable=True),
        sa.Column("failure_text", sa.String(), nullable=True),
        sa.Column("key_id", sa.String(), nullable=True),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=True),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=True),
        sa.Column("captured_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("hold_expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("refunded_minor", sa.BigInteger(), nullable=False),
        sa.Column("transferred_minor", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("online_payment_amount_positive_check")),
        sa.CheckConstraint(
            "refunded_minor BETWEEN 0 AND amount_minor",
            name=op.f("online_payment_refunded_range_check"),
        ),
        sa.CheckConstraint(
            "transferred_minor BETWEEN 0 AND amount_minor",
            name=op.f("online_payment_transferred_range_check"),
        ),
        sa.ForeignKeyConstraint(
            ["payer_organisation_id"],
            ["organisation.id"],
            name="online_payment_payer_organisation_id_foreign",
        ),
        sa.ForeignKeyConstraint(
            ["payment_request_id"],
            ["payment_request.id"],
            name="online_payment_payment_request_id_foreign",
        ),
        sa.PrimaryKeyConstraint("id", name="online_payment_primary"),
        sa.UniqueConstraint("external_id", name="online_payment_external_unique"),
    )
    op.create_index(
        "online_payment_due_index",
        "online_payment",
        ["due_at"],
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "online_payment_one_live",
        "online_payment",
        ["payment_request_id"],
        unique=True,
        postgresql_where=sa.text("state NOT IN ('cancelled', 'returned')"),
    )
    op.create_index("online_payment_state_index", "online_payment", ["state", "id"])
    op.create_index("online_payment_subject_index", "online_payment", ["subject", "id"])
    op.create_table(
        "chargeback",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("payment_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sa.String(), nullable=False),
        sa.Column("external_id", sa.String(), nullable=False),
        sa.Column("reason", sa.String(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sa.String(), nullable=False),
        sa.Column("taken_minor", sa.BigInteger(), nullable=False),
        sa.Column("lost_minor", sa.BigInteger(), nullable=False),
        sa.Column("evidence", sa.String(), nullable=True),
        sa.Column("evidence_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("failure_text", sa.String(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.CheckConstraint("taken_minor >= 0", name=op.f("chargeback_taken_range_check")),
        sa.ForeignKeyConstraint(
            ["payment_id"], ["online_payment.id"], name="chargeback_payment_id_foreign"
        ),
        sa.PrimaryKeyConstraint("id", name="chargeback_primary"),
        sa.UniqueConstraint("external_id", name="chargeback_external_unique"),
    )
    op.create_index(
        "chargeback_due_index",
        "chargeback",
        ["due_at"],
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index("chargeback_payment_index", "chargeback", ["payment_id"])
    op.create_index("chargeback_state_index", "chargeback", ["state", "id"])
    op.create_table(
        "transfer_reversal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("payout_id", sa.Uuid(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("reversed_minor", sa.BigInteger(), nullable=True),
        sa.Column("external_id", sa.String(), nullable=True),
        sa.Column("failure_code", sa.String(), nullable=True),
        sa.Column("failure_text", sa.String(), nullable=True),
        sa.Column("answered_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "amount_minor > 0", name=op.f("transfer_reversal_amount_positive_check")
        ),
        sa.CheckConstraint(
            "reversed_minor BETWEEN 0 AND amount_minor",
            name=op.f("transfer_reversal_reversed_range_check"),
        ),
        sa.ForeignKeyConstraint(
            ["payout_id"], ["payout.id"], name="transfer_reversal_payout_id_foreign"
        ),
        sa.PrimaryKeyConstraint("id", name="transfer_reversal_primary"),
        sa.UniqueConstraint("external_id", name="transfer_reversal_external_unique"),
    )
    op.create_index("transfer_reversal_payout_index", "transfer_reversal", ["payout_id"])


def extend_payouts() -> None:
    op.add_column(
        "payout", sa.Column("method", sa.String(length=32), nullable=False, server_default="bank")
    )
    op.alter_column("payout", "method", server_default=None)
    op.add_column(
        "payout", sa.Column("reversed_minor", sa.BigInteger(), nullable=False, server_default="0")
    )
    op.alter_column("payout", "reversed_minor", server_default=None)
    for name in ("subject", "destination", "external_id"):
        op.add_column("payout", sa.Column(name, sa.String(), nullable=True))
    op.add_column("payout", sa.Column("payment_id", sa.Uuid(), nullable=True))
    for name in ("key_id", "wrapped_key", "ciphertext"):
        op.alter_column("payout", name, nullable=True)
    op.create_unique_constraint("payout_external_unique", "payout", ["external_id"])
    for name in ("payment_id", "subject"):
        op.create_index(
            f"payout_{name.removesuffix('_id')}_index",
            "payout",
            [name],
            postgresql_where=sa.text(f"{name} IS NOT NULL"),
        )
    op.create_foreign_key(
        "payout_payment_id_foreign", "payout", "online_payment", ["payment_id"], ["id"]
    )
    op.create_check_constraint(
        op.f("payout_reversed_range_check"), "payout", "reversed_minor BETWEEN 0 AND amount_minor"
    )
    op.create_check_constraint(
        op.f("payout_destination_known_check"),
        "payout",
        "CASE method WHEN 'bank' THEN ciphertext IS NOT NULL"
        " WHEN 'stripe' THEN destination IS NOT NULL ELSE payment_id IS NOT NULL END",
    )
    index_unbatched("batch_id IS NULL AND state = 'prepared' AND method = 'bank'")


def downgrade() -> None:
    """Payouts by Stripe cannot be told without these columns: where there are any, it refuses."""
    for name in ("key_id", "wrapped_key", "ciphertext"):
        op.alter_column("payout", name, nullable=False)
    index_unbatched("batch_id IS NULL AND state = 'prepared'")
    op.drop_constraint(op.f("payout_destination_known_check"), "payout", type_="check")
    for name in (
        "method",
        "subject",
        "payment_id",
        "destination",
        "external_id",
        "reversed_minor",
    ):
        op.drop_column("payout", name)
    for table in TABLES_NEWEST_FIRST:
        op.drop_table(table)
    op.drop_table("online_payment")
    replace_overdraft_check(MAY_BE_NEGATIVE)
