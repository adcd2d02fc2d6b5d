"""Taxes, payees, parts of a price, and refunds after the release."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

COUNTS = ("commission_vat_basis_points",)
AMOUNTS = (
    "vat_minor",
    "commission_vat_minor",
    "withheld_minor",
    "released_vat_minor",
    "returned_minor",
    "returned_vat_minor",
)
FLAGS = ("shared", "withholds", "in_parts")
RATES = ("commission_vat_rate_id", "vat_rate_id")

WHOLE = """
CREATE FUNCTION refuse_unless_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    found record := coalesce(NEW, OLD);
    broken boolean;
BEGIN
    IF TG_TABLE_NAME = 'deal_payee' THEN
        SELECT sum(numerator) <> min(denominator) OR min(denominator) <> max(denominator)
        INTO broken FROM deal_payee WHERE deal_id = found.deal_id;
    ELSE
        SELECT sum(p.amount_minor) <> min(d.price_minor)
        INTO broken FROM deal_part p JOIN deal d ON d.id = p.deal_id
        WHERE p.deal_id = found.deal_id;
    END IF;
    IF broken THEN
        RAISE EXCEPTION 'what % has of deal % does not sum to the whole', TG_TABLE_NAME,
            found.deal_id
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_whole';
    END IF;
    RETURN NULL;
END $$
"""

SEED = """
INSERT INTO tax_rate (id, created_at, jurisdiction, kind, party, income, residence,
    taxable_basis_points, rate_basis_points, surtax_basis_points, allowance_minor,
    exempt_up_to_minor, currency, valid_from, source)
VALUES
    ('01890a5d-0000-7000-8000-000000000101', now(), 'KR', 'vat', 'business', 'ip_transfer', 'KR',
        10000, 1000, 0, 0, 0, NULL, '1977-07-01T00:00:00+09:00',
        'Value-Added Tax Act 30: 10 % on what a business supplies'),
    ('01890a5d-0000-7000-8000-000000000102', now(), 'KR', 'vat', 'business', 'commission', 'KR',
        10000, 1000, 0, 0, 0, NULL, '1977-07-01T00:00:00+09:00',
        'Value-Added Tax Act 30: 10 % on what a business supplies'),
    ('01890a5d-0000-7000-8000-000000000103', now(), 'KR', 'withholding', 'individual',
        'ip_transfer', 'KR', 4000, 2000, 1000, 0, 50000, 'KRW', '2019-01-01T00:00:00+09:00',
        'Income Tax Act 21, 84, 129; its Decree 87 (60 % expenses); Local Tax Act 103-13'),
    ('01890a5d-0000-7000-8000-000000000104', now(), 'KR', 'withholding', 'individual',
        'ranked_prize', 'KR', 2000, 2000, 1000, 0, 50000, 'KRW', '2019-01-01T00:00:00+09:00',
        'Income Tax Act 21, 84, 129; its Decree 87 (80 % expenses); Local Tax Act 103-13'),
    ('01890a5d-0000-7000-8000-000000000105', now(), 'CN', 'corporate_income', 'business',
        'ip_transfer', 'CN', 5000, 2500, 0, 500000000, 0, 'CNY', '2008-01-01T00:00:00+08:00',
        'Enterprise Income Tax Law 27; its Regulations 90: 5 million a year free, half on more')
"""


def upgrade() -> None:
    create_tax_tables()
    op.add_column("fee_policy", sa.Column("vat_country", sqlmodel.AutoString(), nullable=True))
    extend_deal()
    create_payees_and_parts()
    op.execute(SEED)
    op.execute(
        "CREATE TRIGGER withholding_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON withholding"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
    op.execute(WHOLE)
    for table in ("deal_payee", "deal_part"):
        op.execute(
            f"CREATE CONSTRAINT TRIGGER {table}_whole AFTER INSERT OR DELETE OR UPDATE ON {table}"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_unless_whole()"
        )


def create_tax_tables() -> None:
    op.create_table(
        "tax_rate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("jurisdiction", sqlmodel.AutoString(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("party", sa.String(length=32), nullable=False),
        sa.Column("income", sa.String(length=32), nullable=False),
        sa.Column("residence", sqlmodel.AutoString(), nullable=False),
        sa.Column("taxable_basis_points", sa.Integer(), nullable=False),
        sa.Column("rate_basis_points", sa.Integer(), nullable=False),
        sa.Column("surtax_basis_points", sa.Integer(), nullable=False),
        sa.Column("allowance_minor", sa.BigInteger(), nullable=False),
        sa.Column("exempt_up_to_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sqlmodel.AutoString(), nullable=True),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("source", sqlmodel.AutoString(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("jurisdiction"), "="),
            (sa.column("kind"), "="),
            (sa.column("party"), "="),
            (sa.column("income"), "="),
            (sa.column("residence"), "="),
            (sa.text("tstzrange(valid_from, valid_until)"), "&&"),
            using="gist",
            name="tax_rate_no_overlap",
        ),
        sa.CheckConstraint(
            "taxable_basis_points BETWEEN 0 AND 10000 AND rate_basis_points BETWEEN 0 AND 10000"
            " AND surtax_basis_points BETWEEN 0 AND 10000"
            " AND rate_basis_points * (10000 + surtax_basis_points) <= 100000000",
            name=op.f("tax_rate_rates_check"),
        ),
        sa.CheckConstraint(
            "allowance_minor >= 0 AND exempt_up_to_minor >= 0"
            " AND (allowance_minor + exempt_up_to_minor = 0 OR currency IS NOT NULL)",
            name=op.f("tax_rate_reliefs_check"),
        ),
        sa.CheckConstraint(
            "kind <> 'vat' OR taxable_basis_points = 10000 AND surtax_basis_points = 0"
            " AND allowance_minor = 0 AND exempt_up_to_minor = 0",
            name=op.f("tax_rate_vat_is_plain_check"),
        ),
        sa.CheckConstraint(
            "valid_until IS NULL OR valid_until > valid_from", name=op.f("tax_rate_period_check")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("tax_rate_primary")),
    )
    op.create_table(
        "tax_profile",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("residence", sqlmodel.AutoString(), nullable=False),
        sa.Column("party", sa.String(length=32), nullable=False),
        sa.Column("vat_number", sqlmodel.AutoString(), nullable=True),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("tax_profile_organisation_id_foreign"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("tax_profile_primary")),
        sa.UniqueConstraint("organisation_id", name="tax_profile_organisation_unique"),
    )
    op.create_table(
        "withholding",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("subject", sqlmodel.AutoString(), nullable=False),
        sa.Column("held_for", sqlmodel.AutoString(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("tax_rate_id", sa.Uuid(), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.Column("tax_minor", sa.BigInteger(), nullable=False),
        sa.Column("surtax_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sqlmodel.AutoString(), nullable=False),
        sa.CheckConstraint(
            "tax_minor >= 0 AND surtax_minor >= 0 AND tax_minor + surtax_minor > 0"
            " AND tax_minor + surtax_minor <= gross_minor",
            name=op.f("withholding_amounts_check"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("withholding_organisation_id_foreign"),
        ),
        sa.ForeignKeyConstraint(
            ["tax_rate_id"], ["tax_rate.id"], name=op.f("withholding_tax_rate_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("withholding_primary")),
        sa.UniqueConstraint("held_for", "organisation_id", name="withholding_once_unique"),
    )
    op.create_index("withholding_organisation_index", "withholding", ["organisation_id", "id"])
    op.create_index("withholding_subject_index", "withholding", ["subject"])


def extend_deal() -> None:
    """A constant default makes the old rows without rewriting them; the model sets new ones."""
    for names, kind, default in (
        (COUNTS, sa.Integer(), "0"),
        (AMOUNTS, sa.BigInteger(), "0"),
        (FLAGS, sa.Boolean(), "false"),
    ):
        for name in names:
            op.add_column("deal", sa.Column(name, kind, nullable=False, server_default=default))
            op.alter_column("deal", name, server_default=None)
    op.add_column("deal", sa.Column("commission_vat_country", sqlmodel.AutoString(), nullable=True))
    for name in RATES:
        op.add_column("deal", sa.Column(name, sa.Uuid(), nullable=True))
        op.create_foreign_key(op.f(f"deal_{name}_foreign"), "deal", "tax_rate", [name], ["id"])
    op.execute("UPDATE deal SET returned_minor = released_minor WHERE state = 'reversed'")
    op.create_check_constraint(
        op.f("deal_returned_range_check"),
        "deal",
        "returned_minor BETWEEN 0 AND released_minor"
        " AND returned_vat_minor BETWEEN 0 AND released_vat_minor",
    )
    op.create_check_constraint(
        op.f("deal_deductions_check"),
        "deal",
        "vat_minor >= 0 AND released_vat_minor BETWEEN 0 AND vat_minor"
        " AND commission_minor >= 0 AND commission_vat_minor >= 0 AND withheld_minor >= 0"
        " AND commission_minor + commission_vat_minor + withheld_minor <= released_minor",
    )


def create_payees_and_parts() -> None:
    op.create_table(
        "deal_payee",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deal_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.Column("numerator", sa.BigInteger(), nullable=False),
        sa.Column("denominator", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "numerator > 0 AND numerator <= denominator", name=op.f("deal_payee_share_check")
        ),
        sa.ForeignKeyConstraint(["deal_id"], ["deal.id"], name=op.f("deal_payee_deal_id_foreign")),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("deal_payee_organisation_id_foreign"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("deal_payee_primary")),
        sa.UniqueConstraint("deal_id", "organisation_id", name="deal_payee_once_unique"),
        sa.UniqueConstraint("deal_id", "position", name="deal_payee_position_unique"),
    )
    op.create_table(
        "deal_part",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deal_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("vat_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sqlmodel.AutoString(), nullable=False),
        sa.Column("after_days", sa.Integer(), nullable=True),
        sa.Column("milestone", sqlmodel.AutoString(), nullable=True),
        sa.Column("before_transfer", sa.Boolean(), nullable=False),
        sa.Column("released_minor", sa.BigInteger(), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.CheckConstraint(
            "amount_minor > 0 AND vat_minor >= 0", name=op.f("deal_part_amount_positive_check")
        ),
        sa.CheckConstraint(
            "(after_days IS NULL) <> (milestone IS NULL)", name=op.f("deal_part_due_once_check")
        ),
        sa.CheckConstraint(
            "released_minor >= 0 AND refunded_minor >= 0"
            " AND released_minor + refunded_minor <= amount_minor",
            name=op.f("deal_part_distribution_check"),
        ),
        sa.ForeignKeyConstraint(["deal_id"], ["deal.id"], name=op.f("deal_part_deal_id_foreign")),
        sa.PrimaryKeyConstraint("id", name=op.f("deal_part_primary")),
        sa.UniqueConstraint("deal_id", "number", name="deal_part_number_unique"),
    )
    op.create_index(
        "deal_part_due_index",
        "deal_part",
        ["due_at"],
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )


def downgrade() -> None:
    op.drop_table("deal_part")
    op.drop_table("deal_payee")
    op.execute("DROP FUNCTION refuse_unless_whole()")
    op.drop_constraint(op.f("deal_deductions_check"), "deal")
    op.drop_constraint(op.f("deal_returned_range_check"), "deal")
    for name in (*COUNTS, *AMOUNTS, *FLAGS, *RATES, "commission_vat_country"):
        op.drop_column("deal", name)
    op.drop_column("fee_policy", "vat_country")
    op.drop_table("withholding")
    op.drop_table("tax_profile")
    op.drop_table("tax_rate")
