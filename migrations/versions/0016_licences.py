"""Licences and royalties, bundles and pools."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

TABLES = (
    "royalty_check_policy",
    "royalty_line",
    "royalty_charge",
    "royalty_filing",
    "royalty_report",
    "royalty_payment",
    "royalty_audit",
    "licence_right",
    "licence_offer",
    "licence",
    "deal_item",
    "listing_item",
    "pool_right",
    "pool_member",
    "pool",
    "licence_rule",
    "late_interest_rate",
)
FACTS = ("royalty_filing", "royalty_line", "royalty_charge")
WHOLE = ("deal_item", "pool_member")
LIVE = "state IN ('draft', 'published', 'suspended', 'reserved')"

SUMS = """
CREATE FUNCTION refuse_unless_summed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    found record := coalesce(NEW, OLD);
    broken boolean;
BEGIN
    IF TG_TABLE_NAME = 'pool_member' THEN
        SELECT sum(numerator) <> min(denominator) OR min(denominator) <> max(denominator)
        INTO broken FROM pool_member WHERE pool_id = found.pool_id;
    ELSE
        SELECT sum(i.amount_minor) <> min(d.price_minor)
        INTO broken FROM deal_item i JOIN deal d ON d.id = i.deal_id
        WHERE i.deal_id = found.deal_id;
    END IF;
    IF broken THEN
        RAISE EXCEPTION 'what is in % does not sum to the whole', TG_TABLE_NAME
            USING ERRCODE = 'check_violation', CONSTRAINT = TG_TABLE_NAME || '_whole';
    END IF;
    RETURN NULL;
END $$
"""

RULES = """
INSERT INTO licence_rule (id, created_at, jurisdiction, right_kind, kind, effective_by, valid_from,
    source)
VALUES
    ('01890a5d-0000-7000-8000-000000000201', now(), 'KR', 'patent', 'registered_exclusive',
        'registration', '1961-12-31', 'Patent Act 101(1)2'),
    ('01890a5d-0000-7000-8000-000000000202', now(), 'KR', 'utility_model',
        'registered_exclusive', 'registration', '1961-12-31', 'Utility Model Act 28'),
    ('01890a5d-0000-7000-8000-000000000203', now(), 'KR', 'design', 'registered_exclusive',
        'registration', '1961-12-31', 'Design Protection Act 98(1)2')
"""

THRESHOLDS = """
INSERT INTO royalty_check_policy (id, created_at, declared_shortfall_basis_points,
    earlier_drop_basis_points, peer_distance_hundredths, peers_min, valid_from, source)
VALUES ('01890a5d-0000-7000-8000-000000000221', now(), 4500, 3000, 250, 8, '2000-01-01',
    'the seeded population of benchmarks/royalties.py')
"""

INTEREST = """
INSERT INTO late_interest_rate (id, created_at, currency, rate_basis_points, valid_from, source)
VALUES ('01890a5d-0000-7000-8000-000000000211', now(), 'KRW', 600, '1962-01-20',
    'KR Commercial Act 54: six per cent a year between merchants')
"""


def upgrade() -> None:
    create_late_interest_rate()
    create_royalty_check_policy()
    create_licence_rule()
    create_pool()
    create_pool_member()
    create_pool_right()
    create_listing_item()
    create_deal_item()
    create_licence()
    create_licence_offer()
    create_licence_right()
    create_royalty_audit()
    create_royalty_payment()
    create_royalty_report()
    create_royalty_filing()
    create_royalty_charge()
    create_royalty_line()
    extend_deals()
    extend_listings()
    for table in FACTS:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    op.execute(SUMS)
    for table in WHOLE:
        op.execute(
            f"CREATE CONSTRAINT TRIGGER {table}_whole AFTER INSERT OR UPDATE OR DELETE ON {table}"
            " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_unless_summed()"
        )
    op.execute(RULES)
    op.execute(INTEREST)
    op.execute(THRESHOLDS)


def extend_deals() -> None:
    op.add_column(
        "deal", sa.Column("bundled", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.alter_column("deal", "bundled", server_default=None)
    op.alter_column("deal", "negotiation_id", nullable=True)
    for table, rule in (
        ("deal", "price_minor > 0 OR price_minor = 0 AND type <> 'sale'"),
        ("offer", "price_minor >= 0"),
    ):
        op.drop_constraint(f"{table}_price_positive_check", table)
        op.create_check_constraint(op.f(f"{table}_price_positive_check"), table, rule)
    op.drop_constraint("right_reservation_subject_unique", "right_reservation")
    op.create_unique_constraint(
        "right_reservation_subject_unique", "right_reservation", ["subject", "right_id"]
    )


def extend_listings() -> None:
    op.add_column(
        "listing", sa.Column("deal_type", sa.String(32), nullable=False, server_default="sale")
    )
    op.add_column(
        "listing", sa.Column("bundled", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.alter_column("listing", "deal_type", server_default=None)
    op.alter_column("listing", "bundled", server_default=None)
    op.execute(
        """
        UPDATE listing_card SET
            card = (card::jsonb || '{"deal_type": "sale"}')::text,
            detail = (detail::jsonb || '{"deal_type": "sale", "licence": null,
                "licence_sha256": null, "items": []}')::text
        """
    )
    op.drop_index("listing_one_live_per_right", table_name="listing")
    op.create_index(
        "listing_one_live_per_right",
        "listing",
        ["right_id", "deal_type"],
        unique=True,
        postgresql_where=sa.text(f"{LIVE} AND NOT bundled AND deal_type <> 'sub'"),
    )


def create_late_interest_rate() -> None:
    op.create_table(
        "late_interest_rate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("currency", sqlmodel.AutoString(), nullable=False),
        sa.Column("rate_basis_points", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("source", sqlmodel.AutoString(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("currency"), "="),
            (sa.text("daterange(valid_from, valid_until)"), "&&"),
            using="gist",
            name="late_interest_rate_no_overlap",
        ),
        sa.CheckConstraint(
            "rate_basis_points BETWEEN 0 AND 10000", name=op.f("late_interest_rate_rate_check")
        ),
        sa.CheckConstraint(
            "valid_until IS NULL OR valid_until > valid_from",
            name=op.f("late_interest_rate_period_check"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("late_interest_rate_primary")),
    )


def create_royalty_check_policy() -> None:
    op.create_table(
        "royalty_check_policy",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("declared_shortfall_basis_points", sa.Integer(), nullable=False),
        sa.Column("earlier_drop_basis_points", sa.Integer(), nullable=False),
        sa.Column("peer_distance_hundredths", sa.Integer(), nullable=False),
        sa.Column("peers_min", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("source", sqlmodel.AutoString(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.text("daterange(valid_from, valid_until)"), "&&"),
            using="gist",
            name="royalty_check_policy_no_overlap",
        ),
        sa.CheckConstraint(
            "declared_shortfall_basis_points BETWEEN 0 AND 10000"
            " AND earlier_drop_basis_points BETWEEN 0 AND 10000"
            " AND peer_distance_hundredths > 0 AND peers_min >= 5",
            name=op.f("royalty_check_policy_thresholds_check"),
        ),
        sa.CheckConstraint(
            "valid_until IS NULL OR valid_until > valid_from",
            name=op.f("royalty_check_policy_period_check"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("royalty_check_policy_primary")),
    )


def create_licence_rule() -> None:
    op.create_table(
        "licence_rule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("jurisdiction", sqlmodel.AutoString(), nullable=False),
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
            "kind",
            sa.Enum(
                "registered_exclusive",
                "exclusive",
                "sole",
                "non_exclusive",
                "open",
                name="licencekind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column(
            "effective_by",
            sa.Enum("contract", "registration", name="effectiveby", native_enum=False, length=32),
            nullable=False,
        ),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("source", sqlmodel.AutoString(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("jurisdiction"), "="),
            (sa.column("right_kind"), "="),
            (sa.column("kind"), "="),
            (sa.text("daterange(valid_from, valid_until)"), "&&"),
            using="gist",
            name="licence_rule_no_overlap",
        ),
        sa.CheckConstraint(
            "valid_until IS NULL OR valid_until > valid_from",
            name=op.f("licence_rule_period_check"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("licence_rule_primary")),
    )


def create_pool() -> None:
    op.create_table(
        "pool",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("name", sqlmodel.AutoString(), nullable=False),
        sa.Column("administrator_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("fee_basis_points", sa.Integer(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "forming",
                "open",
                "closed",
                "dissolved",
                name="poolstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.CheckConstraint("fee_basis_points BETWEEN 0 AND 5000", name=op.f("pool_fee_check")),
        sa.ForeignKeyConstraint(
            ["administrator_organisation_id"],
            ["organisation.id"],
            name=op.f("pool_administrator_organisation_id_foreign"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pool_primary")),
    )
    op.create_index(
        "pool_administrator_index", "pool", ["administrator_organisation_id", "id"], unique=False
    )
    op.create_index(
        "pool_due_index",
        "pool",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )


def create_pool_member() -> None:
    op.create_table(
        "pool_member",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pool_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("numerator", sa.BigInteger(), nullable=False),
        sa.Column("denominator", sa.BigInteger(), nullable=False),
        sa.Column("agreed_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "numerator > 0 AND numerator <= denominator", name=op.f("pool_member_share_check")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("pool_member_organisation_id_foreign"),
        ),
        sa.ForeignKeyConstraint(["pool_id"], ["pool.id"], name=op.f("pool_member_pool_id_foreign")),
        sa.PrimaryKeyConstraint("id", name=op.f("pool_member_primary")),
        sa.UniqueConstraint("pool_id", "organisation_id", name="pool_member_once_unique"),
        sa.UniqueConstraint("pool_id", "position", name="pool_member_position_unique"),
    )
    op.create_index(
        "pool_member_organisation_index", "pool_member", ["organisation_id"], unique=False
    )


def create_pool_right() -> None:
    op.create_table(
        "pool_right",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("pool_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("right_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("pool_right_organisation_id_foreign"),
        ),
        sa.ForeignKeyConstraint(["pool_id"], ["pool.id"], name=op.f("pool_right_pool_id_foreign")),
        sa.ForeignKeyConstraint(
            ["right_id"], ["ip_right.id"], name=op.f("pool_right_right_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pool_right_primary")),
        sa.UniqueConstraint("pool_id", "position", name="pool_right_position_unique"),
        sa.UniqueConstraint("pool_id", "right_id", name="pool_right_once_unique"),
    )
    op.create_index("pool_right_right_index", "pool_right", ["right_id"], unique=False)


def create_listing_item() -> None:
    op.create_table(
        "listing_item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("right_id", sa.Uuid(), nullable=False),
        sa.Column("weight", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("weight > 0", name=op.f("listing_item_weight_check")),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listing.id"], name=op.f("listing_item_listing_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["right_id"], ["ip_right.id"], name=op.f("listing_item_right_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("listing_item_primary")),
        sa.UniqueConstraint("listing_id", "position", name="listing_item_position_unique"),
        sa.UniqueConstraint("listing_id", "right_id", name="listing_item_once_unique"),
    )
    op.create_index("listing_item_right_index", "listing_item", ["right_id"], unique=False)


def create_deal_item() -> None:
    op.create_table(
        "deal_item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deal_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("right_id", sa.Uuid(), nullable=False),
        sa.Column("weight", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("weight > 0 AND amount_minor >= 0", name=op.f("deal_item_amount_check")),
        sa.ForeignKeyConstraint(["deal_id"], ["deal.id"], name=op.f("deal_item_deal_id_foreign")),
        sa.ForeignKeyConstraint(
            ["right_id"], ["ip_right.id"], name=op.f("deal_item_right_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("deal_item_primary")),
        sa.UniqueConstraint("deal_id", "position", name="deal_item_position_unique"),
        sa.UniqueConstraint("deal_id", "right_id", name="deal_item_once_unique"),
    )
    op.create_index("deal_item_right_index", "deal_item", ["right_id"], unique=False)


def create_licence() -> None:
    op.create_table(
        "licence",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("deal_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("licensor_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("licensee_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("head_licence_id", sa.Uuid(), nullable=True),
        sa.Column(
            "kind",
            sa.Enum(
                "registered_exclusive",
                "exclusive",
                "sole",
                "non_exclusive",
                "open",
                name="licencekind",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.Column("terms", postgresql.JSONB(), nullable=False),
        sa.Column("currency", sqlmodel.AutoString(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=True),
        sa.Column("ends_on", sa.Date(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("notice_reason", sqlmodel.AutoString(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "drafted",
                "active",
                "in_notice",
                "expired",
                "terminated",
                "ceased",
                "void",
                name="licencestate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(starts_on IS NULL) = (ends_on IS NULL)", name=op.f("licence_term_check")
        ),
        sa.CheckConstraint(
            "ends_on > starts_on AND ended_on <= ends_on", name=op.f("licence_period_check")
        ),
        sa.CheckConstraint(
            "licensor_organisation_id <> licensee_organisation_id",
            name=op.f("licence_two_parties_check"),
        ),
        sa.ForeignKeyConstraint(["deal_id"], ["deal.id"], name=op.f("licence_deal_id_foreign")),
        sa.ForeignKeyConstraint(
            ["head_licence_id"], ["licence.id"], name=op.f("licence_head_licence_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["licensee_organisation_id"],
            ["organisation.id"],
            name=op.f("licence_licensee_organisation_id_foreign"),
        ),
        sa.ForeignKeyConstraint(
            ["licensor_organisation_id"],
            ["organisation.id"],
            name=op.f("licence_licensor_organisation_id_foreign"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("licence_primary")),
        sa.UniqueConstraint("deal_id", "position", name="licence_position_unique"),
    )
    op.create_index(
        "licence_due_index",
        "licence",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "licence_head_index",
        "licence",
        ["head_licence_id"],
        unique=False,
        postgresql_where=sa.text("head_licence_id IS NOT NULL"),
    )
    op.create_index(
        "licence_licensee_index", "licence", ["licensee_organisation_id", "id"], unique=False
    )
    op.create_index(
        "licence_licensor_index", "licence", ["licensor_organisation_id", "id"], unique=False
    )


def create_licence_offer() -> None:
    op.create_table(
        "licence_offer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("listing_id", sa.Uuid(), nullable=False),
        sa.Column("terms", postgresql.JSONB(), nullable=False),
        sa.Column("sha256", sqlmodel.AutoString(), nullable=False),
        sa.Column("head_licence_id", sa.Uuid(), nullable=True),
        sa.Column("pool_id", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["head_licence_id"], ["licence.id"], name=op.f("licence_offer_head_licence_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["listing_id"], ["listing.id"], name=op.f("licence_offer_listing_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["pool_id"], ["pool.id"], name=op.f("licence_offer_pool_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("licence_offer_primary")),
        sa.UniqueConstraint("listing_id", name="licence_offer_listing_unique"),
    )


def create_licence_right() -> None:
    op.create_table(
        "licence_right",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("licence_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("right_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["licence_id"], ["licence.id"], name=op.f("licence_right_licence_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["right_id"], ["ip_right.id"], name=op.f("licence_right_right_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("licence_right_primary")),
        sa.UniqueConstraint("licence_id", "position", name="licence_right_position_unique"),
        sa.UniqueConstraint("licence_id", "right_id", name="licence_right_once_unique"),
    )
    op.create_index("licence_right_right_index", "licence_right", ["right_id"], unique=False)


def create_royalty_audit() -> None:
    op.create_table(
        "royalty_audit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("licence_id", sa.Uuid(), nullable=False),
        sa.Column("statement", sqlmodel.AutoString(), nullable=False),
        sa.Column("findings", postgresql.JSONB(), nullable=False),
        sa.Column("cost_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sqlmodel.AutoString(), nullable=False),
        sa.Column("answer", sqlmodel.AutoString(), nullable=True),
        sa.Column("under_minor", sa.BigInteger(), nullable=True),
        sa.Column("correct_minor", sa.BigInteger(), nullable=True),
        sa.Column("licensee_bears_cost", sa.Boolean(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "claimed",
                "answered",
                "settled",
                "dismissed",
                "withdrawn",
                name="auditstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.CheckConstraint("cost_minor >= 0", name=op.f("royalty_audit_cost_check")),
        sa.ForeignKeyConstraint(
            ["licence_id"], ["licence.id"], name=op.f("royalty_audit_licence_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("royalty_audit_primary")),
    )
    op.create_index(
        "royalty_audit_due_index",
        "royalty_audit",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "royalty_audit_licence_index", "royalty_audit", ["licence_id", "id"], unique=False
    )
    op.create_index(
        "royalty_audit_one_open",
        "royalty_audit",
        ["licence_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('claimed', 'answered')"),
    )


def create_royalty_payment() -> None:
    op.create_table(
        "royalty_payment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("licence_id", sa.Uuid(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("vat_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sqlmodel.AutoString(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("claims", postgresql.JSONB(), nullable=False),
        sa.Column("paid_on", sa.Date(), nullable=True),
        sa.Column("released_minor", sa.BigInteger(), nullable=False),
        sa.Column("commission_minor", sa.BigInteger(), nullable=False),
        sa.Column("commission_vat_minor", sa.BigInteger(), nullable=False),
        sa.Column("withheld_minor", sa.BigInteger(), nullable=False),
        sa.Column(
            "state",
            sa.Enum(
                "requested",
                "unpaid",
                "released",
                "waived",
                "superseded",
                name="paymentstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.CheckConstraint(
            "(state = 'released') = (paid_on IS NOT NULL)", name=op.f("royalty_payment_paid_check")
        ),
        sa.CheckConstraint(
            "amount_minor > 0 AND vat_minor >= 0",
            name=op.f("royalty_payment_amount_positive_check"),
        ),
        sa.CheckConstraint(
            "released_minor IN (0, amount_minor) AND commission_minor >= 0 AND commission_vat_minor >= 0 AND withheld_minor >= 0 AND commission_minor + commission_vat_minor + withheld_minor <= released_minor",
            name=op.f("royalty_payment_deductions_check"),
        ),
        sa.ForeignKeyConstraint(
            ["licence_id"], ["licence.id"], name=op.f("royalty_payment_licence_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("royalty_payment_primary")),
    )
    op.create_index(
        "royalty_payment_due_index",
        "royalty_payment",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "royalty_payment_licence_index", "royalty_payment", ["licence_id", "id"], unique=False
    )


def create_royalty_report() -> None:
    op.create_table(
        "royalty_report",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("licence_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("starts_on", sa.Date(), nullable=False),
        sa.Column("ends_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("year", sa.Integer(), nullable=False),
        sa.Column("year_days", sa.Integer(), nullable=False),
        sa.Column("full_year_days", sa.Integer(), nullable=False),
        sa.Column("ends_year", sa.Boolean(), nullable=False),
        sa.Column("filing_version", sa.Integer(), nullable=False),
        sa.Column("currency", sqlmodel.AutoString(), nullable=False),
        sa.Column("earned_minor", sa.BigInteger(), nullable=False),
        sa.Column("shortfall_minor", sa.BigInteger(), nullable=False),
        sa.Column("credited_minor", sa.BigInteger(), nullable=False),
        sa.Column("due_minor", sa.BigInteger(), nullable=False),
        sa.Column("dispute_reason", sqlmodel.AutoString(), nullable=True),
        sa.Column(
            "state",
            sa.Enum(
                "running",
                "awaited",
                "late",
                "filed",
                "disputed",
                "accepted",
                "closed",
                "cancelled",
                name="reportstate",
                native_enum=False,
                length=32,
            ),
            nullable=False,
        ),
        sa.CheckConstraint(
            "due_minor = earned_minor + shortfall_minor - credited_minor",
            name=op.f("royalty_report_due_check"),
        ),
        sa.CheckConstraint(
            "number > 0 AND ends_on > starts_on AND due_on >= ends_on",
            name=op.f("royalty_report_period_check"),
        ),
        sa.ForeignKeyConstraint(
            ["licence_id"], ["licence.id"], name=op.f("royalty_report_licence_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("royalty_report_primary")),
        sa.UniqueConstraint("licence_id", "number", name="royalty_report_number_unique"),
    )
    op.create_index(
        "royalty_report_due_index",
        "royalty_report",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )


def create_royalty_filing() -> None:
    op.create_table(
        "royalty_filing",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("corrects_id", sa.Uuid(), nullable=True),
        sa.Column(
            "cause",
            sa.Enum(
                "first", "correction", "audit", name="filingcause", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column("base", sa.BigInteger(), nullable=False),
        sa.Column("third_party_basis_points", sa.Integer(), nullable=False),
        sa.Column("reason", sqlmodel.AutoString(), nullable=True),
        sa.Column("filed_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(version = 1) = (corrects_id IS NULL)", name=op.f("royalty_filing_corrects_one_check")
        ),
        sa.CheckConstraint(
            "base >= 0 AND third_party_basis_points BETWEEN 0 AND 10000",
            name=op.f("royalty_filing_base_check"),
        ),
        sa.ForeignKeyConstraint(
            ["corrects_id"], ["royalty_filing.id"], name=op.f("royalty_filing_corrects_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["filed_by"], ["organisation.id"], name=op.f("royalty_filing_filed_by_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["royalty_report.id"], name=op.f("royalty_filing_report_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("royalty_filing_primary")),
        sa.UniqueConstraint("report_id", "version", name="royalty_filing_version_unique"),
    )


def create_royalty_charge() -> None:
    op.create_table(
        "royalty_charge",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("licence_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column(
            "kind",
            sa.Enum(
                "royalty", "interest", "audit_cost", name="chargekind", native_enum=False, length=32
            ),
            nullable=False,
        ),
        sa.Column("report_id", sa.Uuid(), nullable=True),
        sa.Column("filing_id", sa.Uuid(), nullable=True),
        sa.Column("audit_id", sa.Uuid(), nullable=True),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sqlmodel.AutoString(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.CheckConstraint(
            "(kind = 'royalty') = (filing_id IS NOT NULL)", name=op.f("royalty_charge_filing_check")
        ),
        sa.CheckConstraint("amount_minor <> 0", name=op.f("royalty_charge_amount_check")),
        sa.ForeignKeyConstraint(
            ["audit_id"], ["royalty_audit.id"], name=op.f("royalty_charge_audit_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["filing_id"], ["royalty_filing.id"], name=op.f("royalty_charge_filing_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["licence_id"], ["licence.id"], name=op.f("royalty_charge_licence_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["royalty_report.id"], name=op.f("royalty_charge_report_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("royalty_charge_primary")),
        sa.UniqueConstraint("licence_id", "number", name="royalty_charge_number_unique"),
    )


def create_royalty_line() -> None:
    op.create_table(
        "royalty_line",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("filing_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("right_id", sa.Uuid(), nullable=False),
        sa.Column("territory", sqlmodel.AutoString(), nullable=False),
        sa.Column("quantity", sa.BigInteger(), nullable=False),
        sa.Column("gross_minor", sa.BigInteger(), nullable=False),
        sa.Column("returns_minor", sa.BigInteger(), nullable=False),
        sa.Column("freight_minor", sa.BigInteger(), nullable=False),
        sa.Column("taxes_minor", sa.BigInteger(), nullable=False),
        sa.Column("base", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "quantity >= 0 AND gross_minor >= 0 AND returns_minor >= 0 AND freight_minor >= 0 AND taxes_minor >= 0 AND base >= 0",
            name=op.f("royalty_line_amounts_check"),
        ),
        sa.ForeignKeyConstraint(
            ["filing_id"], ["royalty_filing.id"], name=op.f("royalty_line_filing_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["right_id"], ["ip_right.id"], name=op.f("royalty_line_right_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("royalty_line_primary")),
        sa.UniqueConstraint("filing_id", "position", name="royalty_line_position_unique"),
        sa.UniqueConstraint("filing_id", "right_id", "territory", name="royalty_line_once_unique"),
    )


def downgrade() -> None:
    op.drop_index("listing_one_live_per_right", table_name="listing")
    op.create_index(
        "listing_one_live_per_right",
        "listing",
        ["right_id"],
        unique=True,
        postgresql_where=sa.text(LIVE),
    )
    op.drop_column("listing", "bundled")
    op.drop_column("listing", "deal_type")
    op.execute(
        """
        UPDATE listing_card SET
            card = (card::jsonb - 'deal_type')::text,
            detail = (detail::jsonb - '{deal_type,licence,licence_sha256,items}'::text[])::text
        """
    )
    op.drop_constraint("right_reservation_subject_unique", "right_reservation")
    op.create_unique_constraint(
        "right_reservation_subject_unique", "right_reservation", ["subject"]
    )
    for table in ("deal", "offer"):
        op.drop_constraint(f"{table}_price_positive_check", table)
        op.create_check_constraint(op.f(f"{table}_price_positive_check"), table, "price_minor > 0")
    op.alter_column("deal", "negotiation_id", nullable=False)
    op.drop_column("deal", "bundled")
    for table in TABLES:
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_unless_summed()")
