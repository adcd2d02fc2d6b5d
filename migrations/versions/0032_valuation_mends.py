"""The trigger behind the draw refuses who is of a group wherever it is day

Revision ID: 0032
Revises: 0031
"""

from alembic import op

revision = "0032"
down_revision = "0031"
branch_labels = None
depends_on = None

LIVE = "('accepted', 'late', 'offered', 'paused')"
UTC_DAY = "(NEW.created_at AT TIME ZONE 'UTC')::date"

# The rules count days in the reporting time zone, which the database does not know. The trigger is
# behind them for what surely is so: a group that is one on the first and on the last date that it
# is anywhere. Were it stricter, one row would be refused for hours, and its whole batch with it.
FIT = """
CREATE OR REPLACE FUNCTION refuse_unfit_assignment() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    room integer;
    first_day date := {first_day};
    last_day date := {last_day};
BEGIN
    SELECT capacity INTO room FROM institution_profile
    WHERE organisation_id = NEW.institution_id FOR UPDATE;
    IF room IS NULL OR room <= (
        SELECT count(*) FROM valuation_assignment
        WHERE institution_id = NEW.institution_id AND state IN {live}) THEN
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
            WHERE f.valid_from <= first_day AND (f.valid_until IS NULL OR f.valid_until > last_day)
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


def upgrade() -> None:
    earliest = "((NEW.created_at AT TIME ZONE 'UTC') - interval '12 hours')::date"
    latest = "((NEW.created_at AT TIME ZONE 'UTC') + interval '14 hours')::date"
    op.execute(FIT.format(first_day=earliest, last_day=latest, live=LIVE))


def downgrade() -> None:
    op.execute(FIT.format(first_day=UTC_DAY, last_day=UTC_DAY, live=LIVE))
