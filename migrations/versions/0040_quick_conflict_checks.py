"""The check of an act takes one short look at its rule, and one at what stands."""

from alembic import context, op

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

KINDS = """ARRAY['pledge', 'registered_exclusive', 'exclusive', 'sole', 'non_exclusive',
    'open_licence', 'option', 'attachment', 'trust']::text[]"""

FOUND = """e.kind::text, coalesce(thing.verdicts ->> e.kind, 'refused'), e.id,
            e.registration_number::text, e.claims, e.territories, e.fields_of_use, e.uses,
            e.starts_at, e.ends_at"""

STANDS = """e.right_id = wanted_right
            AND e.state IN ('pending_registration', 'active') AND e.kind_range && thing.barring
            AND e.field_range && wanted_field AND e.territory_range && wanted_territory
            AND e.claim_range && wanted_claims
            AND tstzrange(e.starts_at, e.ends_at) && wanted_period
            AND e.uses & wanted_uses <> 0 AND e.id IS DISTINCT FROM itself
            -- What has to be registered keeps nobody from working before it is.
            AND (e.state = 'active' OR wanted_act <> 'work')
            AND CASE coalesce(thing.verdicts ->> e.kind, 'refused')
                WHEN 'holder' THEN e.holder_organisation_id IS DISTINCT FROM wanted_by
                WHEN 'consent' THEN NOT is_consented(e.id, wanted_act, wanted_subject,
                    lower(wanted_period), wanted_price, wanted_currency)
                ELSE true END"""

RULE = """
            SELECT barring, verdicts FROM conflict_summary s
            WHERE s.act = wanted_act AND s.jurisdiction = {jurisdiction}
                AND s.right_kind = {kind} AND s.valid_from <= day
                AND (s.valid_until IS NULL OR day < s.valid_until)"""
RULES = "\n            UNION ALL".join(
    RULE.format(jurisdiction=jurisdiction, kind=kind)
    for jurisdiction in ("r.office", "'*'")
    for kind in ("r.kind", "'*'")
)

CONSENTED = """
-- Whether the holder of an encumbrance agreed to an act. A function of its own, since the check of
-- an act would otherwise open the table of consents each time, and mostly not read it.
CREATE FUNCTION is_consented(
    wanted_encumbrance uuid, wanted_act text, wanted_subject text, wanted_at timestamptz,
    wanted_price bigint, wanted_currency text
) RETURNS boolean LANGUAGE sql STABLE
RETURN EXISTS (
    SELECT FROM encumbrance_consent c
    WHERE c.encumbrance_id = wanted_encumbrance AND c.subject = wanted_subject
        AND c.revoked_at IS NULL
        -- The signature of a sale used the consent, weeks before the right passes.
        AND CASE wanted_act
            WHEN 'transfer' THEN c.act = 'sell' AND c.used_at IS NOT NULL
            ELSE c.act = wanted_act AND c.used_at IS NULL AND c.expires_at > wanted_at
                AND (c.act <> 'sell'
                    OR c.currency = wanted_currency AND c.price_minor <= wanted_price)
        END
)
"""

CONFLICTS = (
    """
-- The first thing that stands against an act; none, and it may be. What no row of the summary
-- speaks of is refused. It is asked before every act on a right, so each step counts: no plan is
-- made twice, the narrowest rule is looked for first and no other after it, and encumbrances only
-- where the right has one of a kind that bars.
CREATE OR REPLACE FUNCTION conflicts_of(
    wanted_right uuid,
    wanted_act text,
    wanted_claims int4multirange,
    wanted_territory int8multirange,
    wanted_field int8multirange,
    wanted_uses integer,
    wanted_period tstzrange,
    wanted_subject text,
    wanted_by uuid,
    wanted_price bigint,
    wanted_currency text,
    itself uuid,
    challenge_accepted boolean DEFAULT false
) RETURNS TABLE (
    standing text, verdict text, encumbrance_id uuid, registration_number text, claims integer[],
    territories text[], fields_of_use text[], uses integer, starts_at timestamptz,
    ends_at timestamptz
)
LANGUAGE plpgsql STABLE ROWS 1 SET plan_cache_mode = force_generic_plan AS $$
#variable_conflict use_column
DECLARE
    passing CONSTANT text[] := '{free,subject}';
    day CONSTANT date := (lower(wanted_period) AT TIME ZONE 'UTC')::date;
    thing record;
BEGIN
    SELECT r.burdens, s.barring, s.verdicts, CASE
        WHEN coalesce(s.verdicts ->> r.legal_status, 'refused') <> ALL (passing)
            THEN r.legal_status
        WHEN s.verdicts ->> 'sale' <> ALL (passing) AND EXISTS (
            SELECT FROM right_reservation v WHERE v.right_id = r.id
                AND v.reserved_until IS NULL AND v.subject IS DISTINCT FROM wanted_subject
        ) THEN 'sale'
        -- An attachment that a register tells as an event of the right's life is one.
        WHEN r.restrained_since IS NOT NULL
            AND coalesce(s.verdicts ->> 'attachment', 'refused') <> ALL (passing)
            THEN 'attachment'
        WHEN r.fees_paid_until < day
            AND coalesce(s.verdicts ->> 'fees_due', 'refused') <> ALL (passing)
            THEN 'fees_due'
        WHEN r.challenged_since IS NOT NULL
            AND coalesce(s.verdicts ->> 'challenged', 'refused') <> ALL (passing)
            AND NOT (challenge_accepted AND s.verdicts ->> 'challenged' = 'waiver')
            THEN 'challenged'
        END AS itself_barred_by
    INTO thing
    FROM ip_right r LEFT JOIN LATERAL (RULES
            LIMIT 1) s ON true
    WHERE r.id = wanted_right;
    IF thing.itself_barred_by IS NOT NULL THEN
        standing := thing.itself_barred_by;
        verdict := coalesce(thing.verdicts ->> standing, 'refused');
        RETURN NEXT;
    ELSIF NOT thing.burdens && thing.barring THEN
        RETURN;
    ELSIF thing.barring @> array_position(KINDS, 'non_exclusive') THEN
        RETURN QUERY SELECT FOUND_ONE FROM encumbrance e WHERE STANDS LIMIT 1;
    ELSE
        RETURN QUERY SELECT FOUND_ONE FROM encumbrance e
            WHERE e.kind <> 'non_exclusive' AND STANDS LIMIT 1;
    END IF;
END $$
""".replace("FOUND_ONE", FOUND)
    .replace("STANDS", STANDS)
    .replace("RULES", RULES)
    .replace("KINDS", KINDS)
)

SCOPE_INDEX = """
-- Scopes are told apart by their fields first; kinds are few, and to compare them first took longer.
CREATE INDEX encumbrance_scope_index ON encumbrance USING gist (right_id, {columns},
    tstzrange(starts_at, ends_at))
    WHERE state IN ('pending_registration', 'active') AND kind <> 'non_exclusive'
"""


def index_scopes(columns: str) -> None:
    op.execute("DROP INDEX encumbrance_scope_index")
    op.execute(SCOPE_INDEX.format(columns=columns))


def upgrade() -> None:
    index_scopes("field_range, territory_range, claim_range, kind_range")
    op.execute(CONSENTED)
    op.execute(CONFLICTS)


def downgrade() -> None:
    index_scopes("kind_range, field_range, territory_range, claim_range")
    before = context.script.get_revision("0034").module.CONFLICTS
    op.execute(before.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION"))
    op.execute("DROP FUNCTION is_consented")
