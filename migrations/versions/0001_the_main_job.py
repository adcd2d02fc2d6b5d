"""The main job

Revision ID: 0001
Revises:
"""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

from marketplace.kernel.db import TransactionId

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


TABLES_NEWEST_FIRST = (
    "offer",
    "deal",
    "negotiation",
    "listing_card",
    "right_reservation",
    "right_identifier",
    "payout",
    "ownership",
    "listing",
    "legal_event",
    "disclosure_view",
    "disclosure_grant",
    "confidential_body",
    "bank_entry",
    "signature",
    "published_figure",
    "payout_batch",
    "payment_request",
    "payee_account",
    "membership",
    "login_session",
    "ledger_posting",
    "ip_right",
    "bank_statement",
    "user_account",
    "published_series",
    "organisation",
    "ledger_transaction",
    "ledger_account",
    "idempotency_key",
    "fee_policy",
    "event_seal",
    "event_failure",
    "event_consumer",
    "event",
    "document",
    "deal_rollup",
)

APPEND_ONLY = (
    "event",
    "event_seal",
    "ledger_transaction",
    "ledger_posting",
    "legal_event",
    "document",
    "signature",
    "disclosure_view",
    "offer",
    "published_figure",
)

REFUSE_CHANGE = """
CREATE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % refused', TG_TABLE_NAME, TG_OP
        USING ERRCODE = 'restrict_violation';
END $$
"""

FIRST_FEE_POLICY = """
INSERT INTO fee_policy (id, created_at, commission_basis_points, valid_from, reason)
VALUES ('01890a5d-0000-7000-8000-000000000001', now(), 500, '2021-01-01T00:00:00+09:00',
    'first policy: 5 % of the price, paid by the seller')
"""


def upgrade() -> None:
    op.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
    create_tables()
    op.execute(REFUSE_CHANGE)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    op.execute(FIRST_FEE_POLICY)


def create_tables() -> None:
    op.create_table(
        "deal_rollup",
        sa.Column("month", sa.Date(), nullable=False),
        sa.Column("right_kind", sqlmodel.AutoString(), nullable=False),
        sa.Column("deal_type", sqlmodel.AutoString(), nullable=False),
        sa.Column("currency", sqlmodel.AutoString(), nullable=False),
        sa.Column("deals", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "month", "right_kind", "deal_type", "currency", name=op.f("deal_rollup_primary")
        ),
    )
    op.create_table(
        "document",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject", sqlmodel.AutoString(), nullable=False),
        sa.Column("sha256", sqlmodel.AutoString(), nullable=False),
        sa.Column("media_type", sqlmodel.AutoString(), nullable=False),
        sa.Column("content", sqlmodel.AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("document_primary")),
    )
    op.create_index(op.f("document_sha256_index"), "document", ["sha256"], unique=False)
    op.create_index("document_subject_index", "document", ["subject", "id"], unique=False)
    op.create_table(
        "event",
        sa.Column("sequence", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(
            "transaction_id",
            TransactionId(),
            server_default=sa.text("pg_current_xact_id()"),
            nullable=False,
        ),
        sa.Column("type", sqlmodel.AutoString(), nullable=False),
        sa.Column("subject", sqlmodel.AutoString(), nullable=False),
        sa.Column("actor", sqlmodel.AutoString(), nullable=False),
        sa.Column("data", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("sequence", name=op.f("event_primary")),
    )
    op.create_index(
        "event_commit_order_index", "event", ["transaction_id", "sequence"], unique=False
    )
    op.create_index("event_subject_index", "event", ["subject", "sequence"], unique=False)
    op.create_table(
        "event_consumer",
        sa.Column("name", sqlmodel.AutoString(), nullable=False),
        sa.Column("transaction_id", TransactionId(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("event_consumer_primary")),
    )
    op.create_table(
        "event_failure",
        sa.Column("consumer", sqlmodel.AutoString(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("attempts", sa.Integer(), nullable=False),
        sa.Column("error", sqlmodel.AutoString(), nullable=False),
        sa.Column("failed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("set_aside", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", "sequence", name=op.f("event_failure_primary")),
    )
    op.create_table(
        "event_seal",
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("events", sa.Integer(), nullable=False),
        sa.Column("last_transaction_id", TransactionId(), nullable=False),
        sa.Column("last_sequence", sa.BigInteger(), nullable=False),
        sa.Column("merkle_root", sqlmodel.AutoString(), nullable=False),
        sa.Column("previous_hash", sqlmodel.AutoString(), nullable=False),
        sa.Column("hash", sqlmodel.AutoString(), nullable=False),
        sa.Column("sealed_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("event_seal_primary")),
        sa.UniqueConstraint("hash", name=op.f("event_seal_hash_unique")),
    )
    op.create_table(
        "fee_policy",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("commission_basis_points", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sqlmodel.AutoString(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.text("tstzrange(valid_from, valid_until)"), "&&"),
            using="gist",
            name="fee_policy_no_overlap",
        ),
        sa.CheckConstraint(
            "commission_basis_points BETWEEN 0 AND 10000",
            name=op.f("fee_policy_commission_range_check"),
        ),
        sa.CheckConstraint(
            "valid_until IS NULL OR valid_until > valid_from", name=op.f("fee_policy_period_check")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("fee_policy_primary")),
    )
    op.create_table(
        "idempotency_key",
        sa.Column("scope", sqlmodel.AutoString(), nullable=False),
        sa.Column("key", sqlmodel.AutoString(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("media_type", sqlmodel.AutoString(), nullable=True),
        sa.Column("body", sa.LargeBinary(), nullable=True),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("scope", "key", name=op.f("idempotency_key_primary")),
    )
    op.create_index(
        "idempotency_key_created_at_index", "idempotency_key", ["created_at"], unique=False
    )
    op.create_table(
        "ledger_account",
        sa.Column("address", sqlmodel.AutoString(), nullable=False),
        sa.Column("currency", sqlmodel.AutoString(), nullable=False),
        sa.Column("balance_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "balance_minor >= 0 OR address LIKE 'world:%' OR address LIKE 'payable:%' OR address LIKE 'expense:%'",
            name=op.f("ledger_account_not_overdrawn_check"),
        ),
        sa.PrimaryKeyConstraint("address", "currency", name=op.f("ledger_account_primary")),
    )
    op.create_table(
        "ledger_transaction",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("key", sqlmodel.AutoString(), nullable=False),
        sa.Column("kind", sqlmodel.AutoString(), nullable=False),
        sa.Column("subject", sqlmodel.AutoString(), nullable=False),
        sa.Column("currency", sqlmodel.AutoString(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("ledger_transaction_primary")),
        sa.UniqueConstraint("key", name="ledger_transaction_key_unique"),
    )
    op.create_index(
        "ledger_transaction_subject_index", "ledger_transaction", ["subject"], unique=False
    )
    op.create_table(
        "organisation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("name", sqlmodel.AutoString(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "person",
                "company",
                "university",
                "research_institute",
                "public_body",
                "operator",
                name="organisationkind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("country", sqlmodel.AutoString(), nullable=False),
        sa.Column("region", sqlmodel.AutoString(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("organisation_primary")),
    )
    op.create_table(
        "published_series",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("source", sqlmodel.AutoString(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("currency", sqlmodel.AutoString(), nullable=False),
        sa.Column("unit_minor", sa.BigInteger(), nullable=False),
        sa.Column("sha256", sqlmodel.AutoString(), nullable=False),
        sa.Column("printed_deals", sa.BigInteger(), nullable=True),
        sa.Column("printed_amount_minor", sa.BigInteger(), nullable=True),
        sa.Column("discrepancy", sqlmodel.AutoString(), nullable=True),
        sa.CheckConstraint("unit_minor > 0", name=op.f("published_series_unit_positive_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("published_series_primary")),
        sa.UniqueConstraint("source", "as_of", name="published_series_once_unique"),
    )
    op.create_table(
        "user_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("email", sqlmodel.AutoString(), nullable=False),
        sa.Column("password_hash", sqlmodel.AutoString(), nullable=False),
        sa.Column("display_name", sqlmodel.AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("user_account_primary")),
        sa.UniqueConstraint("email", name="user_account_email_unique"),
    )
    op.create_table(
        "bank_statement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("sha256", sqlmodel.AutoString(), nullable=False),
        sa.Column("account", sqlmodel.AutoString(), nullable=False),
        sa.Column("statement_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("currency", sqlmodel.AutoString(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("new_entries", sa.Integer(), nullable=False),
        sa.Column("imported_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["imported_by"], ["user_account.id"], name=op.f("bank_statement_imported_by_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("bank_statement_primary")),
        sa.UniqueConstraint("sha256", name="bank_statement_once_unique"),
    )
    op.create_table(
        "ip_right",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "idea",
                "patent",
                "utility_model",
                "design",
                name="rightkind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("title", sqlmodel.AutoString(), nullable=False),
        sa.Column("abstract", sqlmodel.AutoString(), nullable=True),
        sa.Column("language", sqlmodel.AutoString(), nullable=False),
        sa.Column("office", sqlmodel.AutoString(), nullable=True),
        sa.Column("classifications", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column(
            "legal_status",
            sa.Enum(
                "unregistered",
                "pending",
                "in_force",
                "lapsed",
                "invalidated",
                "expired",
                name="legalstatus",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("registered_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["registered_by"], ["organisation.id"], name=op.f("ip_right_registered_by_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("ip_right_primary")),
    )
    op.create_index(
        op.f("ip_right_registered_by_index"), "ip_right", ["registered_by"], unique=False
    )
    op.create_table(
        "ledger_posting",
        sa.Column("transaction_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), nullable=False),
        sa.Column("source", sqlmodel.AutoString(), nullable=False),
        sa.Column("destination", sqlmodel.AutoString(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("ledger_posting_amount_positive_check")),
        sa.CheckConstraint("source <> destination", name=op.f("ledger_posting_moves_check")),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["ledger_transaction.id"],
            name=op.f("ledger_posting_transaction_id_foreign"),
        ),
        sa.PrimaryKeyConstraint("transaction_id", "position", name=op.f("ledger_posting_primary")),
    )
    op.create_table(
        "login_session",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("token_hash", sa.LargeBinary(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("login_session_organisation_id_foreign"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("login_session_user_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("login_session_primary")),
        sa.UniqueConstraint("token_hash", name="login_session_token_unique"),
    )
    op.create_index("login_session_expires_at_index", "login_session", ["expires_at"], unique=False)
    op.create_table(
        "membership",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column(
            "role",
            sa.Enum(
                "owner",
                "admin",
                "member",
                "viewer",
                "operator",
                name="memberrole",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("membership_organisation_id_foreign"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("membership_user_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("membership_primary")),
        sa.UniqueConstraint("organisation_id", "user_id", name="membership_unique"),
    )
    op.create_index("membership_user_index", "membership", ["user_id"], unique=False)
    op.create_table(
        "payee_account",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("masked", sqlmodel.AutoString(), nullable=False),
        sa.Column("key_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("payee_account_organisation_id_foreign"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("payee_account_primary")),
        sa.UniqueConstraint("organisation_id", name="payee_account_organisation_unique"),
    )
    op.create_table(
        "payment_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("subject", sqlmodel.AutoString(), nullable=False),
        sa.Column("payer_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sqlmodel.AutoString(), nullable=False),
        sa.Column("received_minor", sa.BigInteger(), nullable=False),
        sa.Column("reference", sqlmodel.AutoString(), nullable=False),
        sa.Column(
            "provider",
            sa.Enum("bank", name="provider", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "open",
                "paid",
                "cancelled",
                "expired",
                name="paymentrequeststate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.CheckConstraint(
            "state <> 'paid' OR received_minor = amount_minor",
            name=op.f("payment_request_paid_in_full_check"),
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("payment_request_amount_positive_check")),
        sa.CheckConstraint(
            "received_minor BETWEEN 0 AND amount_minor",
            name=op.f("payment_request_received_range_check"),
        ),
        sa.ForeignKeyConstraint(
            ["payer_organisation_id"],
            ["organisation.id"],
            name=op.f("payment_request_payer_organisation_id_foreign"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("payment_request_primary")),
        sa.UniqueConstraint("reference", name="payment_request_reference_unique"),
    )
    op.create_index(
        "payment_request_due_index",
        "payment_request",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "payment_request_one_live",
        "payment_request",
        ["subject"],
        unique=True,
        postgresql_where=sa.text("state IN ('open', 'paid')"),
    )
    op.create_index(
        "payment_request_subject_index", "payment_request", ["subject", "id"], unique=False
    )
    op.create_table(
        "payout_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("currency", sqlmodel.AutoString(), nullable=False),
        sa.Column("message_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("created_by", sa.Uuid(), nullable=False),
        sa.Column("sent_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["created_by"], ["user_account.id"], name=op.f("payout_batch_created_by_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("payout_batch_primary")),
    )
    op.create_table(
        "published_figure",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("series_id", sa.Uuid(), nullable=False),
        sa.Column("label", sqlmodel.AutoString(), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_until", sa.Date(), nullable=False),
        sa.Column("deals", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "deals >= 0 AND amount_minor >= 0", name=op.f("published_figure_counts_check")
        ),
        sa.CheckConstraint(
            "period_until > period_from", name=op.f("published_figure_period_check")
        ),
        sa.ForeignKeyConstraint(
            ["series_id"], ["published_series.id"], name=op.f("published_figure_series_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("published_figure_primary")),
        sa.UniqueConstraint("series_id", "period_from", name="published_figure_period_unique"),
    )
    op.create_table(
        "signature",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject", sqlmodel.AutoString(), nullable=False),
        sa.Column("sha256", sqlmodel.AutoString(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("signature_organisation_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("signature_user_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("signature_primary")),
        sa.UniqueConstraint("subject", "sha256", "organisation_id", name="signature_once_unique"),
    )
    op.create_table(
        "bank_entry",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("statement_id", sa.Uuid(), nullable=False),
        sa.Column("account", sqlmodel.AutoString(), nullable=False),
        sa.Column("external_id", sqlmodel.AutoString(), nullable=False),
        sa.Column(
            "direction",
            sa.Enum("credit", "debit", name="direction", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sqlmodel.AutoString(), nullable=False),
        sa.Column("booked_on", sa.Date(), nullable=False),
        sa.Column("remittance", sqlmodel.AutoString(), nullable=False),
        sa.Column("end_to_end_id", sqlmodel.AutoString(), nullable=True),
        sa.Column("counterparty_name", sqlmodel.AutoString(), nullable=True),
        sa.Column("counterparty_account", sqlmodel.AutoString(), nullable=True),
        sa.Column("reversal", sa.Boolean(), nullable=False),
        sa.Column("return_code", sqlmodel.AutoString(), nullable=True),
        sa.Column("return_text", sqlmodel.AutoString(), nullable=True),
        sa.Column(
            "reason",
            sa.Enum(
                "unknown_reference",
                "several_references",
                "underpaid",
                "overpaid",
                "wrong_currency",
                "request_closed",
                "unknown_debit",
                "payout_differs",
                "refund_failed",
                "not_matched",
                name="queuereason",
                native_enum=False,
                length=32,
            ),
            nullable=True,
        ),
        sa.Column(
            "state",
            sa.Enum(
                "received",
                "matched",
                "queued",
                "applied",
                "refunding",
                "refunded",
                "expensed",
                name="bankentrystate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("bank_entry_amount_positive_check")),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["bank_statement.id"], name=op.f("bank_entry_statement_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("bank_entry_primary")),
        sa.UniqueConstraint("account", "external_id", name="bank_entry_external_unique"),
    )
    op.create_index(
        "bank_entry_due_index",
        "bank_entry",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index("bank_entry_open_index", "bank_entry", ["state", "id"], unique=False)
    op.create_index("bank_entry_statement_index", "bank_entry", ["statement_id"], unique=False)
    op.create_table(
        "confidential_body",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("right_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("key_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["right_id"], ["ip_right.id"], name=op.f("confidential_body_right_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("confidential_body_primary")),
        sa.UniqueConstraint("right_id", "version", name="confidential_body_version_unique"),
    )
    op.create_table(
        "disclosure_grant",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("right_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sqlmodel.AutoString(), nullable=False),
        sa.Column("granted_by", sa.Uuid(), nullable=False),
        sa.Column("revoked_at", sa.DateTime(timezone=True), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("disclosure_grant_organisation_id_foreign"),
        ),
        sa.ForeignKeyConstraint(
            ["right_id"], ["ip_right.id"], name=op.f("disclosure_grant_right_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("disclosure_grant_primary")),
        sa.UniqueConstraint(
            "right_id", "organisation_id", "purpose", name="disclosure_grant_purpose_unique"
        ),
    )
    op.create_table(
        "disclosure_view",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("right_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("disclosure_view_organisation_id_foreign"),
        ),
        sa.ForeignKeyConstraint(
            ["right_id"], ["ip_right.id"], name=op.f("disclosure_view_right_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("disclosure_view_user_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("disclosure_view_primary")),
    )
    op.create_index(
        "disclosure_view_right_index", "disclosure_view", ["right_id", "id"], unique=False
    )
    op.create_table(
        "legal_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("right_id", sa.Uuid(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "submitted",
                "filed",
                "granted",
                "restored",
                "lapsed",
                "invalidated",
                "expired",
                name="legaleventkind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("occurred_on", sa.Date(), nullable=False),
        sa.Column("source", sqlmodel.AutoString(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["right_id"], ["ip_right.id"], name=op.f("legal_event_right_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("legal_event_primary")),
    )
    op.create_index(
        "legal_event_right_index", "legal_event", ["right_id", "occurred_on", "id"], unique=False
    )
    op.create_table(
        "listing",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("right_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("title", sqlmodel.AutoString(), nullable=False),
        sa.Column("teaser", sqlmodel.AutoString(), nullable=False),
        sa.Column("language", sqlmodel.AutoString(), nullable=False),
        sa.Column("asking_price_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sqlmodel.AutoString(), nullable=False),
        sa.Column("region", sqlmodel.AutoString(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "draft",
                "published",
                "suspended",
                "reserved",
                "sold",
                "withdrawn",
                "expired",
                name="listingstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "asking_price_minor > 0", name=op.f("listing_asking_price_positive_check")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("listing_organisation_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["right_id"], ["ip_right.id"], name=op.f("listing_right_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("listing_primary")),
    )
    op.create_index(
        "listing_due_index",
        "listing",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "listing_one_live_per_right",
        "listing",
        ["right_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('draft', 'published', 'suspended', 'reserved')"),
    )
    op.create_index(
        "listing_organisation_index", "listing", ["organisation_id", "id"], unique=False
    )
    op.create_table(
        "ownership",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("right_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("owned_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("owned_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("basis", sqlmodel.AutoString(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("right_id"), "="),
            (sa.text("tstzrange(owned_from, owned_until)"), "&&"),
            using="gist",
            name="ownership_no_overlap",
        ),
        sa.CheckConstraint(
            "owned_until IS NULL OR owned_until > owned_from", name=op.f("ownership_period_check")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("ownership_organisation_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["right_id"], ["ip_right.id"], name=op.f("ownership_right_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("ownership_primary")),
    )
    op.create_index("ownership_organisation_index", "ownership", ["organisation_id"], unique=False)
    op.create_table(
        "payout",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("batch_id", sa.Uuid(), nullable=True),
        sa.Column("organisation_id", sa.Uuid(), nullable=True),
        sa.Column("source", sqlmodel.AutoString(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sqlmodel.AutoString(), nullable=False),
        sa.Column("end_to_end_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("masked", sqlmodel.AutoString(), nullable=False),
        sa.Column("key_id", sqlmodel.AutoString(), nullable=False),
        sa.Column("wrapped_key", sa.LargeBinary(), nullable=False),
        sa.Column("ciphertext", sa.LargeBinary(), nullable=False),
        sa.Column("return_code", sqlmodel.AutoString(), nullable=True),
        sa.Column("return_text", sqlmodel.AutoString(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "prepared",
                "sent",
                "confirmed",
                "returned",
                "cancelled",
                "final",
                name="payoutstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("payout_amount_positive_check")),
        sa.ForeignKeyConstraint(
            ["batch_id"], ["payout_batch.id"], name=op.f("payout_batch_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("payout_organisation_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("payout_primary")),
        sa.UniqueConstraint("end_to_end_id", name="payout_end_to_end_unique"),
    )
    op.create_index("payout_batch_index", "payout", ["batch_id", "id"], unique=False)
    op.create_index(
        "payout_due_index",
        "payout",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index("payout_organisation_index", "payout", ["organisation_id", "id"], unique=False)
    op.create_index(
        "payout_unbatched_index",
        "payout",
        ["currency", "id"],
        unique=False,
        postgresql_where=sa.text("batch_id IS NULL AND state = 'prepared'"),
    )
    op.create_table(
        "right_identifier",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("right_id", sa.Uuid(), nullable=False),
        sa.Column("office", sqlmodel.AutoString(), nullable=False),
        sa.Column("document_class", sqlmodel.AutoString(), nullable=False),
        sa.Column("normalized", sqlmodel.AutoString(), nullable=False),
        sa.Column("kind_code", sqlmodel.AutoString(), nullable=True),
        sa.Column("display", sqlmodel.AutoString(), nullable=False),
        sa.Column("raw", sqlmodel.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(
            ["right_id"], ["ip_right.id"], name=op.f("right_identifier_right_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("right_identifier_primary")),
        sa.UniqueConstraint(
            "office", "document_class", "normalized", name="right_identifier_once_unique"
        ),
    )
    op.create_index(
        op.f("right_identifier_right_id_index"), "right_identifier", ["right_id"], unique=False
    )
    op.create_table(
        "right_reservation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("right_id", sa.Uuid(), nullable=False),
        sa.Column("subject", sqlmodel.AutoString(), nullable=False),
        sa.Column("reserved_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("reserved_until", sa.DateTime(timezone=True), nullable=True),
        postgresql.ExcludeConstraint(
            (sa.column("right_id"), "="),
            (sa.text("tstzrange(reserved_from, reserved_until)"), "&&"),
            using="gist",
            name="right_reservation_no_overlap",
        ),
        sa.CheckConstraint(
            "reserved_until IS NULL OR reserved_until >= reserved_from",
            name=op.f("right_reservation_period_check"),
        ),
        sa.ForeignKeyConstraint(
            ["right_id"], ["ip_right.id"], name=op.f("right_reservation_right_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("right_reservation_primary")),
        sa.UniqueConstraint("subject", name="right_reservation_subject_unique"),
    )
    op.create_table(
        "listing_card",
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("published_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("listed", sa.Boolean(), nullable=False),
        sa.Column("card", sqlmodel.AutoString(), nullable=False),
        sa.Column("detail", sqlmodel.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listing.id"], name=op.f("listing_card_listing_id_foreign")
        ),
        sa.PrimaryKeyConstraint("listing_id", name=op.f("listing_card_primary")),
    )
    op.create_index(
        "listing_card_newest_index",
        "listing_card",
        [sa.literal_column("published_at DESC"), sa.literal_column("listing_id DESC")],
        unique=False,
        postgresql_where=sa.text("listed"),
    )
    op.create_table(
        "negotiation",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("buyer_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("seller_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "awaiting_seller",
                "awaiting_buyer",
                "suspended_awaiting_seller",
                "suspended_awaiting_buyer",
                "accepted",
                "declined",
                "withdrawn",
                "expired",
                "closed",
                name="negotiationstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.CheckConstraint(
            "buyer_organisation_id <> seller_organisation_id",
            name=op.f("negotiation_two_parties_check"),
        ),
        sa.ForeignKeyConstraint(
            ["buyer_organisation_id"],
            ["organisation.id"],
            name=op.f("negotiation_buyer_organisation_id_foreign"),
        ),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listing.id"], name=op.f("negotiation_listing_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["seller_organisation_id"],
            ["organisation.id"],
            name=op.f("negotiation_seller_organisation_id_foreign"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("negotiation_primary")),
    )
    op.create_index(
        "negotiation_buyer_index", "negotiation", ["buyer_organisation_id", "id"], unique=False
    )
    op.create_index(
        "negotiation_due_index",
        "negotiation",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "negotiation_one_live_per_buyer",
        "negotiation",
        ["listing_id", "buyer_organisation_id"],
        unique=True,
        postgresql_where=sa.text(
            "state IN ('awaiting_seller', 'awaiting_buyer', 'suspended_awaiting_seller', 'suspended_awaiting_buyer')"
        ),
    )
    op.create_index(
        "negotiation_seller_index", "negotiation", ["seller_organisation_id", "id"], unique=False
    )
    op.create_table(
        "deal",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("negotiation_id", sa.Uuid(), nullable=False),
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("right_id", sa.Uuid(), nullable=False),
        sa.Column(
            "right_kind",
            sa.Enum(
                "idea",
                "patent",
                "utility_model",
                "design",
                name="rightkind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "type", sa.Enum("sale", name="dealtype", native_enum=False, length=32), nullable=False
        ),
        sa.Column("buyer_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("seller_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sqlmodel.AutoString(), nullable=False),
        sa.Column("fee_policy_id", sa.Uuid(), nullable=False),
        sa.Column("commission_basis_points", sa.Integer(), nullable=False),
        sa.Column("additional_terms", sqlmodel.AutoString(), nullable=True),
        sa.Column("recordal_waived_by_seller", sa.Boolean(), nullable=False),
        sa.Column("recordal_evidence", sqlmodel.AutoString(), nullable=True),
        sa.Column("dispute_reason", sqlmodel.AutoString(), nullable=True),
        sa.Column("title_passed", sa.Boolean(), nullable=False),
        sa.Column("released_minor", sa.BigInteger(), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), nullable=False),
        sa.Column("commission_minor", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "agreed",
                "partly_signed",
                "signed",
                "funded",
                "transfer_filed",
                "recorded",
                "settled",
                "disputed",
                "disputed_after_recordal",
                "cancelled",
                "refunded",
                "reversed",
                "closed",
                name="dealstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.CheckConstraint(
            "buyer_organisation_id <> seller_organisation_id", name=op.f("deal_two_parties_check")
        ),
        sa.CheckConstraint("price_minor > 0", name=op.f("deal_price_positive_check")),
        sa.CheckConstraint(
            "released_minor >= 0 AND refunded_minor >= 0 AND released_minor + refunded_minor <= price_minor",
            name=op.f("deal_distribution_check"),
        ),
        sa.ForeignKeyConstraint(
            ["buyer_organisation_id"],
            ["organisation.id"],
            name=op.f("deal_buyer_organisation_id_foreign"),
        ),
        sa.ForeignKeyConstraint(
            ["fee_policy_id"], ["fee_policy.id"], name=op.f("deal_fee_policy_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listing.id"], name=op.f("deal_listing_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["negotiation_id"], ["negotiation.id"], name=op.f("deal_negotiation_id_foreign")
        ),
        sa.ForeignKeyConstraint(["right_id"], ["ip_right.id"], name=op.f("deal_right_id_foreign")),
        sa.ForeignKeyConstraint(
            ["seller_organisation_id"],
            ["organisation.id"],
            name=op.f("deal_seller_organisation_id_foreign"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("deal_primary")),
        sa.UniqueConstraint("negotiation_id", name="deal_negotiation_unique"),
    )
    op.create_index("deal_buyer_index", "deal", ["buyer_organisation_id", "id"], unique=False)
    op.create_index(
        "deal_due_index",
        "deal",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index("deal_seller_index", "deal", ["seller_organisation_id", "id"], unique=False)
    op.create_table(
        "offer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("negotiation_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("by", sqlmodel.AutoString(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sqlmodel.AutoString(), nullable=False),
        sa.Column("message", sqlmodel.AutoString(), nullable=True),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint("price_minor > 0", name=op.f("offer_price_positive_check")),
        sa.ForeignKeyConstraint(
            ["negotiation_id"], ["negotiation.id"], name=op.f("offer_negotiation_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("offer_primary")),
        sa.UniqueConstraint("negotiation_id", "number", name="offer_number_unique"),
    )


def downgrade() -> None:
    for table in TABLES_NEWEST_FIRST:
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_change()")
