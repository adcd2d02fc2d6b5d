"""Bundles are refused right by right, and no licence outlives its right."""

from alembic import op

revision = "0025"
down_revision = "0021"
branch_labels = None
depends_on = None

BUNDLES = """
-- As refuse_burdened_deed, of each right of a listing or a deal over several, in locking order.
CREATE FUNCTION refuse_burdened_bundle() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    item record;
    moment timestamptz := greatest(NEW.created_at, clock_timestamp());
    held_from timestamptz;
BEGIN
    IF TG_TABLE_NAME = 'deal' THEN
        FOR item IN SELECT i.right_id, i.amount_minor FROM deal_item i
            WHERE i.deal_id = NEW.id ORDER BY i.right_id
        LOOP
            held_from := take_turns_over_right(item.right_id, moment);
            PERFORM require_no_conflict(item.right_id, 'sell', '{(,)}', '{(,)}', '{(,)}', 63,
                tstzrange(held_from, NULL), 'deal:' || NEW.id, NEW.seller_organisation_id,
                item.amount_minor, NEW.currency, NULL);
        END LOOP;
    ELSE
        FOR item IN SELECT i.right_id FROM listing_item i
            WHERE i.listing_id = NEW.id ORDER BY i.right_id
        LOOP
            held_from := take_turns_over_right(item.right_id, moment);
            PERFORM require_no_conflict(item.right_id, 'list', '{(,)}', '{(,)}', '{(,)}', 63,
                tstzrange(held_from, NULL), NULL, NEW.organisation_id, NULL, NULL, NULL);
        END LOOP;
    END IF;
    RETURN NULL;
END $$
"""

TERMS = """
-- What is granted here ends with the right at the latest (DOMAIN G12). What a register tells is so.
CREATE FUNCTION refuse_outliving_right() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF TG_OP = 'UPDATE' AND NEW.ends_at <= OLD.ends_at THEN
        RETURN NULL;
    END IF;
    IF NEW.ends_at > (SELECT (r.last_day + 1)::timestamp AT TIME ZONE 'UTC'
        FROM ip_right r WHERE r.id = NEW.right_id) THEN
        RAISE EXCEPTION 'it would outlive the right'
            USING ERRCODE = 'check_violation', CONSTRAINT = 'encumbrance_outlives_right';
    END IF;
    RETURN NULL;
END $$
"""

SIGNED = "NEW.state = 'signed' AND OLD.state <> 'signed' AND NEW.type = 'sale'"
SHOWN = "NEW.state = 'published' AND OLD.state <> 'published' AND NEW.bundled"
TRIGGERS = {
    "deal_signed_burdened": (
        "deal",
        (
            f"AFTER UPDATE OF state ON deal FOR EACH ROW WHEN ({SIGNED} AND NOT NEW.bundled)"
            " EXECUTE FUNCTION refuse_burdened_deed('sell')"
        ),
    ),
    "deal_signed_burdened_bundle": (
        "deal",
        (
            f"AFTER UPDATE OF state ON deal FOR EACH ROW WHEN ({SIGNED} AND NEW.bundled)"
            " EXECUTE FUNCTION refuse_burdened_bundle()"
        ),
    ),
    "listing_shown_burdened_bundle": (
        "listing",
        (
            f"AFTER UPDATE OF state ON listing FOR EACH ROW WHEN ({SHOWN})"
            " EXECUTE FUNCTION refuse_burdened_bundle()"
        ),
    ),
    "encumbrance_within_right": (
        "encumbrance",
        (
            "AFTER INSERT OR UPDATE OF ends_at ON encumbrance FOR EACH ROW"
            " WHEN (NEW.granted_by IS NOT NULL AND NEW.ends_at IS NOT NULL)"
            " EXECUTE FUNCTION refuse_outliving_right()"
        ),
    ),
}


def upgrade() -> None:
    op.execute(BUNDLES)
    op.execute(TERMS)
    op.execute("DROP TRIGGER deal_signed_burdened ON deal")
    for name, (_, trigger) in TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} {trigger}")


def downgrade() -> None:
    for name, (table, _) in TRIGGERS.items():
        op.execute(f"DROP TRIGGER {name} ON {table}")
    op.execute(
        f"CREATE TRIGGER deal_signed_burdened AFTER UPDATE OF state ON deal FOR EACH ROW"
        f" WHEN ({SIGNED}) EXECUTE FUNCTION refuse_burdened_deed('sell')"
    )
    op.execute("DROP FUNCTION refuse_outliving_right()")
    op.execute("DROP FUNCTION refuse_burdened_bundle()")
