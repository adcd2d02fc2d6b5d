"""Brokers: mandates that exclude each other, their shares of a deal, consents and payments."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects.postgresql import INT8MULTIRANGE, INT8RANGE, ExcludeConstraint

revision = "0029"
down_revision = "0028"
branch_labels = None
depends_on = None

WHOLE = """
-- The shares of a side's brokers are one, in every transaction that touches them.
CREATE FUNCTION refuse_unless_brokers_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    found record := coalesce(NEW, OLD);
BEGIN
    IF (SELECT sum(numerator) <> min(denominator) OR min(denominator) <> max(denominator)
        FROM deal_broker WHERE deal_id = found.deal_id AND side = found.side) THEN
        RAISE EXCEPTION 'the shares of the % brokers of deal % are not one', found.side,
            found.deal_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'deal_broker_whole';
    END IF;
    RETURN NULL;
END $$
"""

FROZEN = """
-- What both sides signed stands: brokers are named and renamed before that.
CREATE FUNCTION refuse_frozen_brokers() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    found record := coalesce(NEW, OLD);
BEGIN
    IF (SELECT state NOT IN ('agreed', 'partly_signed') FROM deal WHERE id = found.deal_id) THEN
        RAISE EXCEPTION 'deal % is signed', found.deal_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'deal_broker_frozen';
    END IF;
    RETURN found;
END $$
"""

DUAL = """
-- Nobody is bound through a broker of both sides without the consent of both to the very text.
CREATE FUNCTION refuse_unconsented_agency() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (NEW.dual_agency OR EXISTS (
            SELECT FROM deal_broker s JOIN deal_broker b ON b.deal_id = s.deal_id
                AND b.broker_organisation_id = s.broker_organisation_id
            WHERE s.deal_id = NEW.id AND s.side = 'sell' AND b.side = 'buy'))
        AND (
            SELECT count(DISTINCT c.organisation_id) FROM broker_consent c
            WHERE c.deal_id = NEW.id AND c.purpose = 'dual_agency'
                AND c.organisation_id IN (NEW.buyer_organisation_id, NEW.seller_organisation_id)
                AND c.sha256 = (SELECT d.sha256 FROM document d WHERE d.subject = 'deal:' || NEW.id
                    ORDER BY d.id DESC LIMIT 1)) < 2 THEN
        RAISE EXCEPTION 'a dual agency in deal % lacks a consent', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'deal_dual_agency';
    END IF;
    RETURN NULL;
END $$
"""

TRIGGERS = (
    (
        "CREATE CONSTRAINT TRIGGER deal_broker_whole AFTER INSERT OR DELETE OR UPDATE ON deal_broker"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_unless_brokers_whole()"
    ),
    (
        "CREATE TRIGGER deal_broker_frozen BEFORE INSERT OR DELETE OR UPDATE ON deal_broker"
        " FOR EACH ROW EXECUTE FUNCTION refuse_frozen_brokers()"
    ),
    (
        "CREATE TRIGGER deal_dual_agency AFTER UPDATE OF state ON deal FOR EACH ROW"
        " WHEN (NEW.state = 'signed' AND OLD.state <> 'signed' AND NEW.brokered)"
        " EXECUTE FUNCTION refuse_unconsented_agency()"
    ),
)
APPEND_ONLY = ("broker_consent", "broker_payment")
FLAGS = ("brokered", "dual_agency")
DEDUCTIONS = (
    "vat_minor >= 0 AND released_vat_minor BETWEEN 0 AND vat_minor"
    " AND commission_minor >= 0 AND commission_vat_minor >= 0 AND withheld_minor >= 0"
)
BEFORE = " AND commission_minor + commission_vat_minor + withheld_minor <= released_minor"
AFTER = (
    " AND brokerage_minor >= 0 AND commission_minor + commission_vat_minor"
    " + withheld_minor + brokerage_minor <= released_minor"
)


def upgrade() -> None:
    create_mandates()
    op.add_column("offer", sa.Column("mandate_id", sa.Uuid(), nullable=True))
    op.create_foreign_key(
        op.f("offer_mandate_id_foreign"), "offer", "mandate", ["mandate_id"], ["id"]
    )
    for name in FLAGS:
        column = sa.Column(name, sa.Boolean(), nullable=False, server_default=sa.false())
        op.add_column("deal", column)
        op.alter_column("deal", name, server_default=None)
    amount = sa.Column("brokerage_minor", sa.BigInteger(), nullable=False, server_default="0")
    op.add_column("deal", amount)
    op.alter_column("deal", "brokerage_minor", server_default=None)
    op.drop_constraint(op.f("deal_deductions_check"), "deal")
    op.create_check_constraint(op.f("deal_deductions_check"), "deal", DEDUCTIONS + AFTER)
    create_deal_brokers()
    for statement in (WHOLE, FROZEN, DUAL, *TRIGGERS):
        op.execute(statement)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def create_mandates() -> None:
    op.create_table(
        "mandate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("principal_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("broker_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.String(length=32), nullable=False),
        sa.Column("exclusive", sa.Boolean(), nullable=False),
        sa.Column("everything", sa.Boolean(), nullable=False),
        sa.Column("right_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("listing_ids", sa.ARRAY(sa.Uuid()), nullable=False),
        sa.Column("territories", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("places", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("commission_ppm", sa.Integer(), nullable=False),
        sa.Column("starts_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("ends_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("right_range", INT8MULTIRANGE(), nullable=False),
        sa.Column("territory_range", INT8MULTIRANGE(), nullable=False),
        sa.Column("hold_range", INT8RANGE(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.CheckConstraint(
            "principal_organisation_id <> broker_organisation_id",
            name=op.f("mandate_two_parties_check"),
        ),
        sa.CheckConstraint("ends_at > starts_at", name=op.f("mandate_term_check")),
        sa.CheckConstraint(
            "commission_ppm BETWEEN 1 AND 350000", name=op.f("mandate_commission_check")
        ),
        sa.CheckConstraint(
            "everything = (cardinality(right_ids) + cardinality(listing_ids) = 0)",
            name=op.f("mandate_scope_check"),
        ),
        sa.ForeignKeyConstraint(
            ["principal_organisation_id"],
            ["organisation.id"],
            name=op.f("mandate_principal_organisation_id_foreign"),
        ),
        sa.ForeignKeyConstraint(
            ["broker_organisation_id"],
            ["organisation.id"],
            name=op.f("mandate_broker_organisation_id_foreign"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("mandate_primary")),
        ExcludeConstraint(
            ("principal_organisation_id", "="),
            ("side", "="),
            ("right_range", "&&"),
            ("territory_range", "&&"),
            (sa.text("tstzrange(starts_at, ends_at)"), "&&"),
            ("hold_range", "&&"),
            name="mandate_exclusive",
            using="gist",
            where=sa.text("state = 'active'"),
        ),
    )
    op.create_index("mandate_principal_index", "mandate", ["principal_organisation_id", "id"])
    op.create_index("mandate_broker_index", "mandate", ["broker_organisation_id", "id"])
    op.create_index(
        "mandate_due_index",
        "mandate",
        ["due_at"],
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )


def create_deal_brokers() -> None:
    op.create_table(
        "deal_broker",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deal_id", sa.Uuid(), nullable=False),
        sa.Column("side", sa.String(length=32), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("mandate_id", sa.Uuid(), nullable=False),
        sa.Column("broker_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("commission_ppm", sa.Integer(), nullable=False),
        sa.Column("numerator", sa.BigInteger(), nullable=False),
        sa.Column("denominator", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "numerator > 0 AND numerator <= denominator", name=op.f("deal_broker_share_check")
        ),
        sa.ForeignKeyConstraint(["deal_id"], ["deal.id"], name=op.f("deal_broker_deal_id_foreign")),
        sa.ForeignKeyConstraint(
            ["mandate_id"], ["mandate.id"], name=op.f("deal_broker_mandate_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["broker_organisation_id"],
            ["organisation.id"],
            name=op.f("deal_broker_broker_organisation_id_foreign"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("deal_broker_primary")),
        sa.UniqueConstraint("deal_id", "mandate_id", name="deal_broker_once_unique"),
        sa.UniqueConstraint("deal_id", "side", "position", name="deal_broker_position_unique"),
    )
    op.create_index(
        "deal_broker_organisation_index", "deal_broker", ["broker_organisation_id", "deal_id"]
    )
    op.create_table(
        "broker_consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deal_id", sa.Uuid(), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("user_id", sa.Uuid(), nullable=False),
        sa.Column("sha256", sqlmodel.AutoString(), nullable=False),
        sa.ForeignKeyConstraint(
            ["deal_id"], ["deal.id"], name=op.f("broker_consent_deal_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("broker_consent_organisation_id_foreign"),
        ),
        sa.ForeignKeyConstraint(
            ["user_id"], ["user_account.id"], name=op.f("broker_consent_user_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("broker_consent_primary")),
        sa.UniqueConstraint(
            "deal_id", "purpose", "organisation_id", "sha256", name="broker_consent_once_unique"
        ),
    )
    op.create_table(
        "broker_payment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("deal_id", sa.Uuid(), nullable=False),
        sa.Column("held_for", sqlmodel.AutoString(), nullable=False),
        sa.Column("broker_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sqlmodel.AutoString(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("broker_payment_amount_positive_check")),
        sa.ForeignKeyConstraint(
            ["deal_id"], ["deal.id"], name=op.f("broker_payment_deal_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["broker_organisation_id"],
            ["organisation.id"],
            name=op.f("broker_payment_broker_organisation_id_foreign"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("broker_payment_primary")),
        sa.UniqueConstraint(
            "held_for", "broker_organisation_id", name="broker_payment_once_unique"
        ),
    )
    op.create_index("broker_payment_deal_index", "broker_payment", ["deal_id"])


def downgrade() -> None:
    op.execute("DROP TRIGGER deal_dual_agency ON deal")
    for table in ("broker_payment", "broker_consent", "deal_broker"):
        op.drop_table(table)
    for name in (
        "refuse_unless_brokers_whole",
        "refuse_frozen_brokers",
        "refuse_unconsented_agency",
    ):
        op.execute(f"DROP FUNCTION {name}()")
    op.drop_constraint(op.f("deal_deductions_check"), "deal")
    op.create_check_constraint(op.f("deal_deductions_check"), "deal", DEDUCTIONS + BEFORE)
    for name in (*FLAGS, "brokerage_minor"):
        op.drop_column("deal", name)
    op.drop_constraint(op.f("offer_mandate_id_foreign"), "offer")
    op.drop_column("offer", "mandate_id")
    op.drop_table("mandate")
