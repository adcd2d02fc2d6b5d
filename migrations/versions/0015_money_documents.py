"""Statements, invoices, remittances, exchange rates and conversions."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0015"
down_revision = "0014"
branch_labels = None
depends_on = None

TABLES_NEWEST_FIRST = (
    "conversion",
    "exchange_rate",
    "tax_remittance",
    "invoice",
    "invoice_series",
    "seller_of_record",
)
APPEND_ONLY = ("invoice", "tax_remittance", "exchange_rate")
BALANCES = ("opening_minor", "closing_minor")
DAYS = ("opens_on", "closes_on")

MAY_BE_NEGATIVE = (
    "balance_minor >= 0 OR address LIKE 'world:%' OR address LIKE 'payable:%'"
    " OR address LIKE 'expense:%' OR address LIKE 'loss:%'"
)

SELLER = """
INSERT INTO seller_of_record (id, created_at, series, name, country, time_zone, valid_from)
VALUES ('01890a5d-0000-7000-8000-000000000201', now(), 'IPM', 'Idea and Patent Marketplace', 'KR',
    'Asia/Seoul', '2020-01-01T00:00:00+09:00')
"""


def upgrade() -> None:
    create_invoices()
    create_remittances()
    create_currencies()
    extend_bank_statements()
    extend_ledger()
    op.execute(SELLER)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def own(*columns: sa.Column) -> tuple[sa.Column, ...]:
    return (
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        *columns,
    )


def create_invoices() -> None:
    op.create_table(
        "seller_of_record",
        *own(
            sa.Column("series", sqlmodel.AutoString(), nullable=False),
            sa.Column("name", sqlmodel.AutoString(), nullable=False),
            sa.Column("address", sqlmodel.AutoString(), nullable=True),
            sa.Column("country", sqlmodel.AutoString(), nullable=False),
            sa.Column("registration_number", sqlmodel.AutoString(), nullable=True),
            sa.Column("vat_number", sqlmodel.AutoString(), nullable=True),
            sa.Column("time_zone", sqlmodel.AutoString(), nullable=False),
            sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
            sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        ),
        postgresql.ExcludeConstraint(
            (sa.text("tstzrange(valid_from, valid_until)"), "&&"),
            using="gist",
            name="seller_of_record_no_overlap",
        ),
        sa.CheckConstraint(
            "valid_until IS NULL OR valid_until > valid_from",
            name=op.f("seller_of_record_period_check"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("seller_of_record_primary")),
    )
    op.create_table(
        "invoice_series",
        sa.Column("series", sqlmodel.AutoString(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("last_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("series", "kind", "year", name=op.f("invoice_series_primary")),
    )
    op.create_table(
        "invoice",
        *own(
            sa.Column("kind", sa.String(length=32), nullable=False),
            sa.Column("series", sqlmodel.AutoString(), nullable=False),
            sa.Column("year", sa.Integer(), nullable=False),
            sa.Column("number", sa.BigInteger(), nullable=False),
            sa.Column("seller_id", sa.Uuid(), nullable=False),
            sa.Column("organisation_id", sa.Uuid(), nullable=False),
            sa.Column("buyer_name", sqlmodel.AutoString(), nullable=False),
            sa.Column("buyer_country", sqlmodel.AutoString(), nullable=False),
            sa.Column("buyer_vat_number", sqlmodel.AutoString(), nullable=True),
            sa.Column("subject", sqlmodel.AutoString(), nullable=False),
            sa.Column("transaction_id", sa.Uuid(), nullable=False),
            sa.Column("invoice_id", sa.Uuid(), nullable=True),
            sa.Column("tax_rate_id", sa.Uuid(), nullable=True),
            sa.Column("vat_basis_points", sa.Integer(), nullable=False),
            sa.Column("net_minor", sa.BigInteger(), nullable=False),
            sa.Column("vat_minor", sa.BigInteger(), nullable=False),
            sa.Column("gross_minor", sa.BigInteger(), nullable=False),
            sa.Column("currency", sqlmodel.AutoString(), nullable=False),
            sa.Column("issued_on", sa.Date(), nullable=False),
            sa.Column("supplied_on", sa.Date(), nullable=False),
        ),
        sa.CheckConstraint(
            "(kind = 'credit_note') = (invoice_id IS NOT NULL)",
            name=op.f("invoice_credits_one_check"),
        ),
        sa.CheckConstraint(
            "net_minor >= 0 AND vat_minor >= 0 AND gross_minor > 0"
            " AND net_minor + vat_minor = gross_minor",
            name=op.f("invoice_amounts_check"),
        ),
        sa.CheckConstraint("number > 0", name=op.f("invoice_number_positive_check")),
        sa.ForeignKeyConstraint(
            ["seller_id"], ["seller_of_record.id"], name=op.f("invoice_seller_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"], ["organisation.id"], name=op.f("invoice_organisation_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["transaction_id"],
            ["ledger_transaction.id"],
            name=op.f("invoice_transaction_id_foreign"),
        ),
        sa.ForeignKeyConstraint(
            ["invoice_id"], ["invoice.id"], name=op.f("invoice_invoice_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["tax_rate_id"], ["tax_rate.id"], name=op.f("invoice_tax_rate_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("invoice_primary")),
        sa.UniqueConstraint("series", "kind", "year", "number", name="invoice_number_unique"),
    )
    op.create_index(
        "invoice_once_unique",
        "invoice",
        [
            "transaction_id",
            "organisation_id",
            sa.text("coalesce(invoice_id, '00000000-0000-0000-0000-000000000000')"),
        ],
        unique=True,
    )
    op.create_index("invoice_organisation_index", "invoice", ["organisation_id", "id"])
    op.create_index("invoice_subject_index", "invoice", ["subject"])
    op.create_index(
        "invoice_credited_index",
        "invoice",
        ["invoice_id"],
        postgresql_where=sa.text("invoice_id IS NOT NULL"),
    )


def create_remittances() -> None:
    op.create_table(
        "tax_remittance",
        *own(
            sa.Column("tax", sa.String(length=32), nullable=False),
            sa.Column("jurisdiction", sqlmodel.AutoString(), nullable=False),
            sa.Column("amount_minor", sa.BigInteger(), nullable=False),
            sa.Column("currency", sqlmodel.AutoString(), nullable=False),
            sa.Column("period_from", sa.Date(), nullable=False),
            sa.Column("period_until", sa.Date(), nullable=False),
            sa.Column("reference", sqlmodel.AutoString(), nullable=False),
            sa.Column("paid_on", sa.Date(), nullable=False),
            sa.Column("bank_entry_id", sa.Uuid(), nullable=False),
            sa.Column("recorded_by", sa.Uuid(), nullable=False),
        ),
        sa.CheckConstraint(
            "tax IN ('vat', 'withholding')", name=op.f("tax_remittance_tax_is_owed_check")
        ),
        sa.CheckConstraint("amount_minor > 0", name=op.f("tax_remittance_amount_positive_check")),
        sa.CheckConstraint("period_until > period_from", name=op.f("tax_remittance_period_check")),
        sa.ForeignKeyConstraint(
            ["bank_entry_id"], ["bank_entry.id"], name=op.f("tax_remittance_bank_entry_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["recorded_by"], ["user_account.id"], name=op.f("tax_remittance_recorded_by_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("tax_remittance_primary")),
        sa.UniqueConstraint("bank_entry_id", name="tax_remittance_bank_entry_unique"),
    )
    op.create_index("tax_remittance_tax_index", "tax_remittance", ["jurisdiction", "tax", "id"])


def create_currencies() -> None:
    op.create_table(
        "exchange_rate",
        *own(
            sa.Column("source", sqlmodel.AutoString(), nullable=False),
            sa.Column("currency", sqlmodel.AutoString(), nullable=False),
            sa.Column("day", sa.Date(), nullable=False),
            sa.Column("units_per_euro", sa.Numeric(20, 10), nullable=False),
        ),
        sa.CheckConstraint("units_per_euro > 0", name=op.f("exchange_rate_rate_positive_check")),
        sa.PrimaryKeyConstraint("id", name=op.f("exchange_rate_primary")),
    )
    op.create_index("exchange_rate_day_index", "exchange_rate", ["day", "currency", "id"])
    op.create_table(
        "conversion",
        *own(
            sa.Column("version", sa.Integer(), nullable=False),
            sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
            sa.Column("organisation_id", sa.Uuid(), nullable=False),
            sa.Column("from_minor", sa.BigInteger(), nullable=False),
            sa.Column("from_currency", sqlmodel.AutoString(), nullable=False),
            sa.Column("to_minor", sa.BigInteger(), nullable=False),
            sa.Column("to_currency", sqlmodel.AutoString(), nullable=False),
            sa.Column("from_per_euro", sa.Numeric(20, 10), nullable=False),
            sa.Column("to_per_euro", sa.Numeric(20, 10), nullable=False),
            sa.Column("from_rate_id", sa.Uuid(), nullable=True),
            sa.Column("to_rate_id", sa.Uuid(), nullable=True),
            sa.Column("source", sqlmodel.AutoString(), nullable=False),
            sa.Column("rate_day", sa.Date(), nullable=False),
            sa.Column("state", sa.String(length=32), nullable=False),
        ),
        sa.CheckConstraint(
            "from_minor > 0 AND to_minor > 0", name=op.f("conversion_amounts_positive_check")
        ),
        sa.CheckConstraint(
            "from_currency <> to_currency", name=op.f("conversion_two_currencies_check")
        ),
        sa.CheckConstraint(
            "from_per_euro > 0 AND to_per_euro > 0", name=op.f("conversion_rates_positive_check")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("conversion_organisation_id_foreign"),
        ),
        sa.ForeignKeyConstraint(
            ["from_rate_id"], ["exchange_rate.id"], name=op.f("conversion_from_rate_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["to_rate_id"], ["exchange_rate.id"], name=op.f("conversion_to_rate_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("conversion_primary")),
    )
    op.create_index("conversion_organisation_index", "conversion", ["organisation_id", "id"])
    op.create_index("conversion_state_index", "conversion", ["state", "id"])
    op.create_index(
        "conversion_due_index",
        "conversion",
        ["due_at"],
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )


def extend_bank_statements() -> None:
    for day in DAYS:
        op.add_column("bank_statement", sa.Column(day, sa.Date(), nullable=True))
    for balance in BALANCES:
        op.add_column("bank_statement", sa.Column(balance, sa.BigInteger(), nullable=True))
    op.create_index(
        "bank_statement_days_index", "bank_statement", ["account", "currency", "closes_on"]
    )


def extend_ledger() -> None:
    replace_overdraft_check(f"{MAY_BE_NEGATIVE} OR address LIKE 'tax:remitted:%'")
    op.create_index(
        "ledger_transaction_time_index",
        "ledger_transaction",
        ["recorded_at"],
        postgresql_using="brin",
    )
    for side in ("source", "destination"):
        op.create_index(
            f"ledger_posting_payee_{side}_index",
            "ledger_posting",
            [side, "transaction_id"],
            postgresql_where=sa.text(f"{side} LIKE 'payable:%'"),
        )


def replace_overdraft_check(condition: str) -> None:
    """Checked for new rows at once and for old ones without keeping writers out."""
    name = "ledger_account_not_overdrawn_check"
    op.drop_constraint(op.f(name), "ledger_account", type_="check")
    op.execute(f"ALTER TABLE ledger_account ADD CONSTRAINT {name} CHECK ({condition}) NOT VALID")
    op.execute(f"ALTER TABLE ledger_account VALIDATE CONSTRAINT {name}")


def downgrade() -> None:
    for side in ("source", "destination"):
        op.drop_index(f"ledger_posting_payee_{side}_index", table_name="ledger_posting")
    op.drop_index("ledger_transaction_time_index", table_name="ledger_transaction")
    replace_overdraft_check(MAY_BE_NEGATIVE)
    op.drop_index("bank_statement_days_index", table_name="bank_statement")
    for column in (*BALANCES, *DAYS):
        op.drop_column("bank_statement", column)
    for table in TABLES_NEWEST_FIRST:
        op.drop_table(table)
