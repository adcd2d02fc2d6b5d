"""Valuation institutions, orders, draws, cases, reports, and the first policies of assignment."""

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

TABLES = (
    "assignment_policy",
    "sample_survey",
    "institution_profile",
    "institution_standing",
    "valuation_order",
    "institution_interest",
    "realised_price",
    "valuation_decision",
    "valuation_order_right",
    "valuation_party",
    "valuation_payer",
    "valuation_assignment",
    "valuation_report",
    "quality_review",
    "validity_survey",
    "validity_opinion",
)
APPEND_ONLY = ("valuation_decision", "valuation_report", "institution_standing", "realised_price")

LIVE = "('accepted', 'late', 'offered', 'paused')"

# The rules choose; this keeps what they chose true among transactions that do not see each other,
# and whatever program writes. Holding the profile makes two that give to one institution wait.
FIT = f"""
CREATE FUNCTION refuse_unfit_assignment() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    room integer;
    on_day date := (NEW.created_at AT TIME ZONE 'UTC')::date;
BEGIN
    SELECT capacity INTO room FROM institution_profile
    WHERE organisation_id = NEW.institution_id FOR UPDATE;
    IF room IS NULL OR room <= (
        SELECT count(*) FROM valuation_assignment
        WHERE institution_id = NEW.institution_id AND state IN {LIVE}) THEN
        RAISE EXCEPTION 'institution % takes no more cases', NEW.institution_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'valuation_assignment_capacity';
    END IF;
    IF EXISTS (
        WITH RECURSIVE party AS (
            SELECT organisation_id AS id FROM valuation_party WHERE order_id = NEW.order_id
            UNION
            SELECT o.organisation_id FROM valuation_order_right r
            JOIN ownership o ON o.right_id = r.right_id AND o.owned_until IS NULL
            WHERE r.order_id = NEW.order_id
        ), above AS (
            SELECT true AS is_valuer, NEW.institution_id AS id
            UNION
            SELECT false, id FROM party
            UNION
            SELECT above.is_valuer, f.parent_id
            FROM above JOIN affiliation f ON f.affiliate_id = above.id
            WHERE f.valid_from <= on_day AND (f.valid_until IS NULL OR f.valid_until > on_day)
        )
        SELECT FROM above valuer JOIN above other ON other.id = valuer.id
        WHERE valuer.is_valuer AND NOT other.is_valuer
    ) THEN
        RAISE EXCEPTION 'institution % is of a group of order %', NEW.institution_id, NEW.order_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'valuation_assignment_group';
    END IF;
    RETURN NEW;
END $$
"""

HEARD = """
CREATE FUNCTION refuse_unheard_finding() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT count(*) FROM validity_opinion
        WHERE survey_id = NEW.id AND heard_as IN ('institution', 'client', 'requester')
          AND (given_at IS NOT NULL OR NEW.appealable_until - interval '30 days' >= NEW.heard_until)
        ) < 3 THEN
        RAISE EXCEPTION 'not everybody was heard in validity survey %', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'validity_survey_heard';
    END IF;
    RETURN NEW;
END $$
"""

POLICIES = """
INSERT INTO assignment_policy (id, created_at, purpose, client_may_name, answer_hours, work_days,
    pause_days_max, accept_days, top_k, same_client_max, same_client_days, revaluation_months,
    spread_limit_basis_points, valid_from, reason)
SELECT gen_random_uuid(), now(), purpose, may_name, hours, days, 14, 7, 3, max_cases, 365, NULL,
    spread, '2020-01-01', 'the first policy'
FROM (VALUES
    ('loan', false, 24, 14, 5, 3000),
    ('guarantee', false, 24, 14, 5, 3000),
    ('investment', true, 48, 20, 5, 5000),
    ('transaction', true, 48, 20, 5, 4000),
    ('transfer', true, 48, 20, 5, 4000),
    ('contribution_in_kind', true, 48, 30, 3, 3000),
    ('litigation_damages', true, 72, 40, 3, 5000),
    ('misappropriation', true, 72, 40, 3, 5000)
) AS first (purpose, may_name, hours, days, max_cases, spread)
"""


def upgrade() -> None:
    create_assignment_policy()
    create_sample_survey()
    create_institution_profile()
    create_institution_standing()
    create_valuation_order()
    create_institution_interest()
    create_realised_price()
    create_valuation_decision()
    create_valuation_order_right()
    create_valuation_party()
    create_valuation_payer()
    create_valuation_assignment()
    create_valuation_report()
    create_quality_review()
    create_validity_survey()
    create_validity_opinion()
    op.execute(FIT)
    op.execute(
        "CREATE TRIGGER valuation_assignment_fit BEFORE INSERT ON valuation_assignment"
        " FOR EACH ROW EXECUTE FUNCTION refuse_unfit_assignment()"
    )
    op.execute(HEARD)
    op.execute(
        "CREATE TRIGGER validity_survey_heard BEFORE UPDATE ON validity_survey FOR EACH ROW"
        " WHEN (OLD.outcome IS NULL AND NEW.outcome IS NOT NULL)"
        " EXECUTE FUNCTION refuse_unheard_finding()"
    )
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    op.execute(POLICIES)


def create_assignment_policy() -> None:
    op.create_table(
        "assignment_policy",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("client_may_name", sa.Boolean(), nullable=False),
        sa.Column("answer_hours", sa.Integer(), nullable=False),
        sa.Column("work_days", sa.Integer(), nullable=False),
        sa.Column("pause_days_max", sa.Integer(), nullable=False),
        sa.Column("accept_days", sa.Integer(), nullable=False),
        sa.Column("top_k", sa.Integer(), nullable=False),
        sa.Column("same_client_max", sa.Integer(), nullable=False),
        sa.Column("same_client_days", sa.Integer(), nullable=False),
        sa.Column("revaluation_months", sa.Integer(), nullable=True),
        sa.Column("spread_limit_basis_points", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("reason", sqlmodel.AutoString(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("purpose"), "="),
            (sa.text("tstzrange(valid_from, valid_until)"), "&&"),
            using="gist",
            name="assignment_policy_no_overlap",
        ),
        sa.CheckConstraint(
            "answer_hours BETWEEN 1 AND 720 AND work_days BETWEEN 1 AND 365 AND pause_days_max BETWEEN 0 AND 365 AND accept_days BETWEEN 1 AND 90",
            name=op.f("assignment_policy_times_check"),
        ),
        sa.CheckConstraint(
            "top_k BETWEEN 1 AND 100 AND same_client_max >= 1 AND same_client_days >= 1 AND revaluation_months >= 0 AND spread_limit_basis_points >= 0",
            name=op.f("assignment_policy_limits_check"),
        ),
        sa.CheckConstraint(
            "valid_until IS NULL OR valid_until > valid_from",
            name=op.f("assignment_policy_period_check"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("assignment_policy_primary")),
    )


def create_sample_survey() -> None:
    op.create_table(
        "sample_survey",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("period_from", sa.Date(), nullable=False),
        sa.Column("period_until", sa.Date(), nullable=False),
        sa.Column("proportion", sa.Float(), nullable=False),
        sa.Column("margin", sa.Float(), nullable=False),
        sa.Column("z", sa.Float(), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("sample", sa.Integer(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("concluded_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("results", postgresql.JSONB(), nullable=True),
        sa.CheckConstraint("period_until > period_from", name=op.f("sample_survey_period_check")),
        sa.CheckConstraint(
            "population >= 0 AND sample >= 0 AND seed >= 0", name=op.f("sample_survey_counts_check")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("sample_survey_primary")),
    )


def create_institution_profile() -> None:
    op.create_table(
        "institution_profile",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("fields", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("purposes", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("regions", sa.ARRAY(sa.Text()), nullable=False),
        sa.Column("capacity", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint(
            "capacity BETWEEN 0 AND 10000", name=op.f("institution_profile_capacity_range_check")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("institution_profile_organisation_id_foreign"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("institution_profile_primary")),
        sa.UniqueConstraint("organisation_id", name="institution_profile_organisation_unique"),
    )


def create_institution_standing() -> None:
    op.create_table(
        "institution_standing",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("tier", sa.String(length=32), nullable=False),
        sa.Column("weight", sa.Integer(), nullable=False),
        sa.Column("basis", sqlmodel.AutoString(), nullable=False),
        sa.Column("reason", sqlmodel.AutoString(), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "weight BETWEEN 1 AND 100000", name=op.f("institution_standing_weight_range_check")
        ),
        sa.ForeignKeyConstraint(
            ["decided_by"],
            ["user_account.id"],
            name=op.f("institution_standing_decided_by_foreign"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["organisation.id"],
            name=op.f("institution_standing_institution_id_foreign"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("institution_standing_primary")),
    )
    op.create_index(
        "institution_standing_institution_index",
        "institution_standing",
        ["institution_id", "id"],
        unique=False,
    )


def create_valuation_order() -> None:
    op.create_table(
        "valuation_order",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("client_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("client_role", sa.String(length=32), nullable=False),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("base_date", sa.Date(), nullable=False),
        sa.Column("deadline", sa.Date(), nullable=False),
        sa.Column("policy_id", sa.Uuid(), nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), nullable=False),
        sa.Column("total_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sqlmodel.AutoString(), nullable=False),
        sa.Column("valuations", sa.Integer(), nullable=False),
        sa.Column("wanted", sa.Integer(), nullable=False),
        sa.Column("named_institution_id", sa.Uuid(), nullable=True),
        sa.Column("fields", sa.ARRAY(sa.Integer()), nullable=False),
        sa.Column("region", sqlmodel.AutoString(), nullable=True),
        sa.Column("seek_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("spread_basis_points", sa.Integer(), nullable=True),
        sa.Column("objection", sqlmodel.AutoString(), nullable=True),
        sa.Column("released_minor", sa.BigInteger(), nullable=False),
        sa.Column("refunded_minor", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.CheckConstraint(
            "fee_minor > 0 AND total_minor >= fee_minor",
            name=op.f("valuation_order_fee_positive_check"),
        ),
        sa.CheckConstraint(
            "released_minor >= 0 AND refunded_minor >= 0 AND released_minor + refunded_minor <= total_minor",
            name=op.f("valuation_order_distribution_check"),
        ),
        sa.CheckConstraint(
            "valuations BETWEEN 1 AND 3 AND wanted BETWEEN valuations AND 3",
            name=op.f("valuation_order_valuations_check"),
        ),
        sa.ForeignKeyConstraint(
            ["client_organisation_id"],
            ["organisation.id"],
            name=op.f("valuation_order_client_organisation_id_foreign"),
        ),
        sa.ForeignKeyConstraint(
            ["named_institution_id"],
            ["organisation.id"],
            name=op.f("valuation_order_named_institution_id_foreign"),
        ),
        sa.ForeignKeyConstraint(
            ["policy_id"], ["assignment_policy.id"], name=op.f("valuation_order_policy_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("valuation_order_primary")),
    )
    op.create_index(
        "valuation_order_client_index",
        "valuation_order",
        ["client_organisation_id", "id"],
        unique=False,
    )
    op.create_index(
        "valuation_order_due_index",
        "valuation_order",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "valuation_order_seek_index",
        "valuation_order",
        ["seek_at"],
        unique=False,
        postgresql_where=sa.text("seek_at IS NOT NULL"),
    )


def create_institution_interest() -> None:
    op.create_table(
        "institution_interest",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("counterpart_id", sa.Uuid(), nullable=True),
        sa.Column("right_id", sa.Uuid(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("note", sqlmodel.AutoString(), nullable=False),
        sa.CheckConstraint(
            "(counterpart_id IS NULL) <> (right_id IS NULL)",
            name=op.f("institution_interest_about_one_thing_check"),
        ),
        sa.CheckConstraint(
            "valid_until IS NULL OR valid_until >= valid_from",
            name=op.f("institution_interest_period_check"),
        ),
        sa.ForeignKeyConstraint(
            ["counterpart_id"],
            ["organisation.id"],
            name=op.f("institution_interest_counterpart_id_foreign"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["organisation.id"],
            name=op.f("institution_interest_institution_id_foreign"),
        ),
        sa.ForeignKeyConstraint(
            ["right_id"], ["ip_right.id"], name=op.f("institution_interest_right_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("institution_interest_primary")),
    )
    op.create_index(
        "institution_interest_counterpart_index",
        "institution_interest",
        ["counterpart_id"],
        unique=False,
    )
    op.create_index(
        "institution_interest_institution_index",
        "institution_interest",
        ["institution_id", "id"],
        unique=False,
    )
    op.create_index(
        "institution_interest_right_index", "institution_interest", ["right_id"], unique=False
    )


def create_realised_price() -> None:
    op.create_table(
        "realised_price",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("right_id", sa.Uuid(), nullable=False),
        sa.Column("price_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sqlmodel.AutoString(), nullable=False),
        sa.Column("sold_on", sa.Date(), nullable=False),
        sa.Column("basis", sqlmodel.AutoString(), nullable=False),
        sa.CheckConstraint("price_minor > 0", name=op.f("realised_price_price_positive_check")),
        sa.ForeignKeyConstraint(
            ["right_id"], ["ip_right.id"], name=op.f("realised_price_right_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("realised_price_primary")),
        sa.UniqueConstraint("basis", name="realised_price_basis_unique"),
    )
    op.create_index(
        "realised_price_right_index", "realised_price", ["right_id", "sold_on"], unique=False
    )


def create_valuation_decision() -> None:
    op.create_table(
        "valuation_decision",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("policy_id", sa.Uuid(), nullable=False),
        sa.Column("seed", sa.BigInteger(), nullable=False),
        sa.Column("facts", postgresql.JSONB(), nullable=False),
        sa.Column("candidates", postgresql.JSONB(), nullable=False),
        sa.Column("judgements", postgresql.JSONB(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("seed >= 0", name=op.f("valuation_decision_seed_check")),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["organisation.id"],
            name=op.f("valuation_decision_institution_id_foreign"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["valuation_order.id"], name=op.f("valuation_decision_order_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["policy_id"],
            ["assignment_policy.id"],
            name=op.f("valuation_decision_policy_id_foreign"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("valuation_decision_primary")),
    )
    op.create_index(
        "valuation_decision_order_index", "valuation_decision", ["order_id", "id"], unique=False
    )


def create_valuation_order_right() -> None:
    op.create_table(
        "valuation_order_right",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("right_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"],
            ["valuation_order.id"],
            name=op.f("valuation_order_right_order_id_foreign"),
        ),
        sa.ForeignKeyConstraint(
            ["right_id"], ["ip_right.id"], name=op.f("valuation_order_right_right_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("valuation_order_right_primary")),
        sa.UniqueConstraint("order_id", "right_id", name="valuation_order_right_unique"),
    )
    op.create_index(
        "valuation_order_right_index",
        "valuation_order_right",
        ["right_id", "order_id"],
        unique=False,
    )


def create_valuation_party() -> None:
    op.create_table(
        "valuation_party",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("role", sa.String(length=32), nullable=False),
        sa.ForeignKeyConstraint(
            ["order_id"], ["valuation_order.id"], name=op.f("valuation_party_order_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("valuation_party_organisation_id_foreign"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("valuation_party_primary")),
        sa.UniqueConstraint("order_id", "organisation_id", "role", name="valuation_party_unique"),
    )
    op.create_index(
        "valuation_party_organisation_index", "valuation_party", ["organisation_id"], unique=False
    )


def create_valuation_payer() -> None:
    op.create_table(
        "valuation_payer",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.Integer(), nullable=False),
        sa.Column("numerator", sa.BigInteger(), nullable=False),
        sa.Column("denominator", sa.BigInteger(), nullable=False),
        sa.Column("amount_minor", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_minor > 0", name=op.f("valuation_payer_amount_positive_check")),
        sa.CheckConstraint(
            "numerator > 0 AND numerator <= denominator", name=op.f("valuation_payer_share_check")
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["valuation_order.id"], name=op.f("valuation_payer_order_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("valuation_payer_organisation_id_foreign"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("valuation_payer_primary")),
        sa.UniqueConstraint("order_id", "organisation_id", name="valuation_payer_unique"),
        sa.UniqueConstraint("order_id", "position", name="valuation_payer_position_unique"),
    )
    op.create_index(
        "valuation_payer_organisation_index", "valuation_payer", ["organisation_id"], unique=False
    )


def create_valuation_assignment() -> None:
    op.create_table(
        "valuation_assignment",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("slot", sa.Integer(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("decision_id", sa.Uuid(), nullable=False),
        sa.Column("fee_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sqlmodel.AutoString(), nullable=False),
        sa.Column("work_due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("paused_seconds", sa.Integer(), nullable=False),
        sa.Column("reason", sqlmodel.AutoString(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.CheckConstraint(
            "fee_minor > 0 AND paused_seconds >= 0", name=op.f("valuation_assignment_amounts_check")
        ),
        sa.ForeignKeyConstraint(
            ["decision_id"],
            ["valuation_decision.id"],
            name=op.f("valuation_assignment_decision_id_foreign"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["organisation.id"],
            name=op.f("valuation_assignment_institution_id_foreign"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["valuation_order.id"], name=op.f("valuation_assignment_order_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("valuation_assignment_primary")),
        sa.UniqueConstraint("order_id", "institution_id", name="valuation_assignment_once_unique"),
    )
    op.create_index(
        "valuation_assignment_due_index",
        "valuation_assignment",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "valuation_assignment_institution_index",
        "valuation_assignment",
        ["institution_id", "id"],
        unique=False,
    )
    op.create_index(
        "valuation_assignment_live_index",
        "valuation_assignment",
        ["institution_id"],
        unique=False,
        postgresql_where=sa.text("state IN ('accepted', 'late', 'offered', 'paused')"),
    )
    op.create_index(
        "valuation_assignment_one_filled",
        "valuation_assignment",
        ["order_id", "slot"],
        unique=True,
        postgresql_where=sa.text(
            "state IN ('accepted', 'late', 'offered', 'paused', 'released', 'reported', 'unpaid')"
        ),
    )


def create_valuation_report() -> None:
    op.create_table(
        "valuation_report",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("order_id", sa.Uuid(), nullable=False),
        sa.Column("assignment_id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("previous_id", sa.Uuid(), nullable=True),
        sa.Column("purpose", sa.String(length=32), nullable=False),
        sa.Column("base_date", sa.Date(), nullable=False),
        sa.Column("report_date", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("point_minor", sa.BigInteger(), nullable=False),
        sa.Column("low_minor", sa.BigInteger(), nullable=False),
        sa.Column("high_minor", sa.BigInteger(), nullable=False),
        sa.Column("currency", sqlmodel.AutoString(), nullable=False),
        sa.Column("grade", sqlmodel.AutoString(), nullable=True),
        sa.Column("content_sha256", sqlmodel.AutoString(), nullable=False),
        sa.Column("jws", sqlmodel.AutoString(), nullable=False),
        sa.CheckConstraint(
            "(version = 1) = (previous_id IS NULL)",
            name=op.f("valuation_report_corrects_another_check"),
        ),
        sa.CheckConstraint(
            "low_minor BETWEEN 0 AND point_minor AND point_minor <= high_minor",
            name=op.f("valuation_report_value_range_check"),
        ),
        sa.CheckConstraint(
            "valid_until > report_date AND base_date <= report_date",
            name=op.f("valuation_report_dates_check"),
        ),
        sa.ForeignKeyConstraint(
            ["assignment_id"],
            ["valuation_assignment.id"],
            name=op.f("valuation_report_assignment_id_foreign"),
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["organisation.id"],
            name=op.f("valuation_report_institution_id_foreign"),
        ),
        sa.ForeignKeyConstraint(
            ["order_id"], ["valuation_order.id"], name=op.f("valuation_report_order_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["previous_id"],
            ["valuation_report.id"],
            name=op.f("valuation_report_previous_id_foreign"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("valuation_report_primary")),
        sa.UniqueConstraint("assignment_id", "version", name="valuation_report_version_unique"),
        sa.UniqueConstraint("previous_id", name="valuation_report_previous_unique"),
    )
    op.create_index(
        "valuation_report_institution_index",
        "valuation_report",
        ["institution_id", "id"],
        unique=False,
    )
    op.create_index(
        "valuation_report_order_index", "valuation_report", ["order_id", "id"], unique=False
    )


def create_quality_review() -> None:
    op.create_table(
        "quality_review",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("survey_id", sa.Uuid(), nullable=False),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("reviewer_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sqlmodel.AutoString(), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("sample", sa.Integer(), nullable=False),
        sa.Column("checklist", postgresql.JSONB(), nullable=True),
        sa.Column("second_value_minor", sa.BigInteger(), nullable=True),
        sa.Column("deviation_basis_points", sa.BigInteger(), nullable=True),
        sa.Column("remarks", sqlmodel.AutoString(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.CheckConstraint(
            "(state = 'submitted') = (second_value_minor IS NOT NULL)",
            name=op.f("quality_review_submitted_whole_check"),
        ),
        sa.CheckConstraint(
            "population >= sample AND sample >= 1", name=op.f("quality_review_weight_check")
        ),
        sa.CheckConstraint(
            "reviewer_id <> institution_id", name=op.f("quality_review_from_elsewhere_check")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["organisation.id"],
            name=op.f("quality_review_institution_id_foreign"),
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["valuation_report.id"], name=op.f("quality_review_report_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["reviewer_id"], ["organisation.id"], name=op.f("quality_review_reviewer_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["survey_id"], ["sample_survey.id"], name=op.f("quality_review_survey_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("quality_review_primary")),
        sa.UniqueConstraint("survey_id", "report_id", name="quality_review_report_unique"),
    )
    op.create_index(
        "quality_review_due_index",
        "quality_review",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "quality_review_reviewer_index", "quality_review", ["reviewer_id", "id"], unique=False
    )


def create_validity_survey() -> None:
    op.create_table(
        "validity_survey",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("report_id", sa.Uuid(), nullable=False),
        sa.Column("institution_id", sa.Uuid(), nullable=False),
        sa.Column("client_id", sa.Uuid(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("ground", sqlmodel.AutoString(), nullable=False),
        sa.Column("heard_until", sa.DateTime(timezone=True), nullable=False),
        sa.Column("outcome", sa.String(length=32), nullable=True),
        sa.Column("finding", sqlmodel.AutoString(), nullable=True),
        sa.Column("sanction", sa.String(length=32), nullable=False),
        sa.Column("suspend_until", sa.Date(), nullable=True),
        sa.Column("appealable_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("appeal", sqlmodel.AutoString(), nullable=True),
        sa.Column("decision", sqlmodel.AutoString(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.CheckConstraint(
            "(sanction = 'suspension') = (suspend_until IS NOT NULL)",
            name=op.f("validity_survey_suspension_dated_check"),
        ),
        sa.CheckConstraint(
            "coalesce(outcome, '') = 'standard_breached' OR sanction = 'none'",
            name=op.f("validity_survey_sanction_for_breach_check"),
        ),
        sa.CheckConstraint(
            "(outcome IS NULL) = (finding IS NULL)",
            name=op.f("validity_survey_finding_whole_check"),
        ),
        sa.ForeignKeyConstraint(
            ["client_id"], ["organisation.id"], name=op.f("validity_survey_client_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["institution_id"],
            ["organisation.id"],
            name=op.f("validity_survey_institution_id_foreign"),
        ),
        sa.ForeignKeyConstraint(
            ["report_id"], ["valuation_report.id"], name=op.f("validity_survey_report_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["requested_by"], ["organisation.id"], name=op.f("validity_survey_requested_by_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("validity_survey_primary")),
    )
    op.create_index(
        "validity_survey_client_index", "validity_survey", ["client_id", "id"], unique=False
    )
    op.create_index(
        "validity_survey_due_index",
        "validity_survey",
        ["due_at"],
        unique=False,
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index(
        "validity_survey_institution_index",
        "validity_survey",
        ["institution_id", "id"],
        unique=False,
    )
    op.create_index(
        "validity_survey_one_open",
        "validity_survey",
        ["report_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('hearing', 'found', 'appealed')"),
    )
    op.create_index(
        "validity_survey_requester_index", "validity_survey", ["requested_by", "id"], unique=False
    )


def create_validity_opinion() -> None:
    op.create_table(
        "validity_opinion",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("survey_id", sa.Uuid(), nullable=False),
        sa.Column("heard_as", sa.String(length=32), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("opinion", sqlmodel.AutoString(), nullable=True),
        sa.Column("given_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint(
            "(opinion IS NULL) = (given_at IS NULL)",
            name=op.f("validity_opinion_given_whole_check"),
        ),
        sa.ForeignKeyConstraint(
            ["organisation_id"],
            ["organisation.id"],
            name=op.f("validity_opinion_organisation_id_foreign"),
        ),
        sa.ForeignKeyConstraint(
            ["survey_id"], ["validity_survey.id"], name=op.f("validity_opinion_survey_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("validity_opinion_primary")),
        sa.UniqueConstraint("survey_id", "heard_as", name="validity_opinion_once_unique"),
    )
    op.create_index(
        "validity_opinion_organisation_index", "validity_opinion", ["organisation_id"], unique=False
    )


def downgrade() -> None:
    for table in reversed(TABLES):
        op.drop_table(table)
    op.execute("DROP FUNCTION refuse_unheard_finding()")
    op.execute("DROP FUNCTION refuse_unfit_assignment()")
