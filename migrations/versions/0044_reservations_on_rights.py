"""Rights say for what they are reserved, so that the check of an act need not look elsewhere."""

import sqlalchemy as sa
from alembic import context, op

revision = "0044"
down_revision = "0040"
branch_labels = None
depends_on = None

KEEPING = """
CREATE FUNCTION keep_reservation() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE ip_right
    SET reserved_for = CASE WHEN NEW.reserved_until IS NULL THEN NEW.subject END
    WHERE id = NEW.right_id AND (NEW.reserved_until IS NULL OR reserved_for = NEW.subject);
    RETURN NULL;
END $$
"""
KEPT = """
CREATE TRIGGER right_reservation_kept
    AFTER INSERT OR UPDATE OF reserved_until ON right_reservation
    FOR EACH ROW EXECUTE FUNCTION keep_reservation()
"""
HELD = """
UPDATE ip_right r SET reserved_for = v.subject
FROM right_reservation v WHERE v.right_id = r.id AND v.reserved_until IS NULL
"""

ELSEWHERE = """AND EXISTS (
            SELECT FROM right_reservation v WHERE v.right_id = r.id
                AND v.reserved_until IS NULL AND v.subject IS DISTINCT FROM wanted_subject
        ) THEN 'sale'"""
HERE = """AND r.reserved_for IS NOT NULL
            AND r.reserved_for IS DISTINCT FROM wanted_subject
            THEN 'sale'"""
RULE = """
            SELECT barring, verdicts FROM conflict_summary s
            WHERE s.act = wanted_act
                AND s.jurisdiction = ANY (ARRAY[r.office, '*'] COLLATE "C")
                AND s.right_kind = ANY (ARRAY[r.kind, '*'] COLLATE "C")
                AND s.valid_from <= day AND (s.valid_until IS NULL OR day < s.valid_until)
            -- By their bytes, in the order of the index: what speaks of everything comes last.
            ORDER BY s.jurisdiction DESC, s.right_kind DESC
"""


def collate(collation: str) -> None:
    for column in ("jurisdiction", "right_kind"):
        op.execute(f"ALTER TABLE conflict_summary ALTER {column} TYPE varchar COLLATE {collation}")


def upgrade() -> None:
    collate('"C"')
    op.add_column("ip_right", sa.Column("reserved_for", sa.String(), nullable=True))
    op.execute(HELD)
    op.execute(KEEPING)
    op.execute(KEPT)
    before = context.script.get_revision("0040").module
    check = before.CONFLICTS.replace(ELSEWHERE, HERE).replace(before.RULES, RULE)
    op.execute(check)


def downgrade() -> None:
    collate("pg_catalog.default")
    op.execute(context.script.get_revision("0040").module.CONFLICTS)
    op.execute("DROP TRIGGER right_reservation_kept ON right_reservation")
    op.execute("DROP FUNCTION keep_reservation")
    op.drop_column("ip_right", "reserved_for")
