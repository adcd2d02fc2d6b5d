"""The register's mends: what stands in more ways, and what is told twice.

An attachment told as an event bars like one that is entered; fees that are due and challenges bar
pledges. What an owner of several grants takes the others' consents. A fact is one fact however
often it is told. Fields of use meet in their main group.
"""

import sqlalchemy as sa
from alembic import context, op
from sqlalchemy.dialects.postgresql import insert

from marketplace.assets.encumbrances.conflicts import RULES
from marketplace.assets.encumbrances.kinds import Cloud

revision = "0034"
down_revision = "0033"
branch_labels = None
depends_on = None

KINDS = """ARRAY['pledge', 'registered_exclusive', 'exclusive', 'sole', 'non_exclusive',
    'open_licence', 'option', 'attachment', 'trust']::text[]"""

TOLD = """e.id, e.kind, e.holder_organisation_id, e.registration_number, e.claims,
                e.territories, e.fields_of_use, e.uses, e.starts_at, e.ends_at"""

MATCHES = """e.right_id = wanted_right
            AND e.state IN ('pending_registration', 'active') AND e.kind_range && thing.barring
            AND e.field_range && wanted_field AND e.territory_range && wanted_territory
            AND e.claim_range && wanted_claims
            AND tstzrange(e.starts_at, e.ends_at) && wanted_period
            AND e.uses & wanted_uses <> 0 AND e.id IS DISTINCT FROM itself
            -- What has to be registered keeps nobody from working before it is.
            AND (e.state = 'active' OR wanted_act <> 'work')"""

CONFLICTS = (
    """
-- The first thing that stands against an act; none, and it may be. What no row of the summary
-- speaks of is refused. It is asked before every act on a right, so each step counts: no plan is
-- made twice, and encumbrances are looked for only where the right has one of a kind that bars.
CREATE FUNCTION conflicts_of(
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
DECLARE
    passing CONSTANT text[] := '{free,subject}';
    day CONSTANT date := (lower(wanted_period) AT TIME ZONE 'UTC')::date;
    thing record;
    found_ones refcursor;
    one record;
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
    FROM ip_right r LEFT JOIN conflict_summary s ON s.act = wanted_act
        AND s.jurisdiction IN ('*', r.office) AND s.right_kind IN ('*', r.kind)
        AND s.valid_from <= day AND (s.valid_until IS NULL OR day < s.valid_until)
    WHERE r.id = wanted_right
    ORDER BY s.jurisdiction = '*', s.right_kind = '*' LIMIT 1;
    IF thing.itself_barred_by IS NOT NULL THEN
        standing := thing.itself_barred_by;
        verdict := coalesce(thing.verdicts ->> standing, 'refused');
        RETURN NEXT;
        RETURN;
    END IF;
    IF NOT thing.burdens && thing.barring THEN
        RETURN;
    END IF;
    IF thing.barring @> array_position(KINDS, 'non_exclusive') THEN
        OPEN found_ones FOR
            SELECT TOLD FROM encumbrance e WHERE MATCHES;
    ELSE
        OPEN found_ones FOR
            SELECT TOLD FROM encumbrance e
            WHERE e.kind <> 'non_exclusive' AND MATCHES;
    END IF;
    LOOP
        FETCH found_ones INTO one;
        EXIT WHEN NOT FOUND;
        verdict := coalesce(thing.verdicts ->> one.kind, 'refused');
        CONTINUE WHEN verdict = 'holder' AND one.holder_organisation_id = wanted_by;
        CONTINUE WHEN verdict = 'consent' AND EXISTS (
            SELECT FROM encumbrance_consent c
            WHERE c.encumbrance_id = one.id AND c.subject = wanted_subject
                AND c.revoked_at IS NULL
                -- The signature of a sale used the consent, weeks before the right passes.
                AND CASE wanted_act
                    WHEN 'transfer' THEN c.act = 'sell' AND c.used_at IS NOT NULL
                    ELSE c.act = wanted_act AND c.used_at IS NULL
                        AND c.expires_at > lower(wanted_period) AND (c.act <> 'sell'
                            OR c.currency = wanted_currency AND c.price_minor <= wanted_price)
                    END);
        standing := one.kind;
        encumbrance_id := one.id;
        registration_number := one.registration_number;
        claims := one.claims;
        territories := one.territories;
        fields_of_use := one.fields_of_use;
        uses := one.uses;
        starts_at := one.starts_at;
        ends_at := one.ends_at;
        RETURN NEXT;
        EXIT;
    END LOOP;
    CLOSE found_ones;
END $$
""".replace("TOLD", TOLD)
    .replace("MATCHES", MATCHES)
    .replace("KINDS", KINDS)
)

MAY = """
-- Refuse an act that something stands against; else note when it was, and use up its consents.
CREATE FUNCTION require_no_conflict(
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
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    conflict record;
BEGIN
    SELECT c.standing, c.verdict, c.encumbrance_id INTO conflict FROM conflicts_of(
        wanted_right, wanted_act, wanted_claims, wanted_territory, wanted_field, wanted_uses,
        wanted_period, wanted_subject, wanted_by, wanted_price, wanted_currency, itself,
        challenge_accepted
    ) c LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '% is refused: % stands against it', wanted_act, conflict.standing
            USING ERRCODE = 'exclusion_violation', CONSTRAINT = CASE
                WHEN conflict.standing = 'sale' THEN 'conflict_sale'
                WHEN conflict.standing = 'fees_due' THEN 'conflict_fees_due'
                WHEN conflict.standing = 'challenged' THEN 'conflict_challenged'
                WHEN conflict.standing = 'attachment' AND conflict.encumbrance_id IS NULL
                    THEN 'conflict_restrained'
                WHEN conflict.encumbrance_id IS NULL THEN 'conflict_status'
                WHEN conflict.verdict = 'consent' THEN 'conflict_consent'
                WHEN conflict.verdict = 'holder' THEN 'conflict_holder'
                ELSE 'conflict_refused' END;
    END IF;
    UPDATE encumbrance_consent c SET used_at = lower(wanted_period)
    FROM encumbrance e
    WHERE e.id = c.encumbrance_id AND e.right_id = wanted_right AND c.act = wanted_act
        AND c.subject = wanted_subject AND c.used_at IS NULL AND c.revoked_at IS NULL;
END $$
"""

KEEP_VERSIONS = """
CREATE OR REPLACE FUNCTION keep_encumbrances() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    inner_facts CONSTANT text[] := ARRAY['version', 'due_at', 'changed_at', 'claim_range',
        'territory_range', 'field_range', 'kind_range', 'entry_sha256', 'created_at'];
    present CONSTANT jsonb := to_jsonb(NEW) - inner_facts;
    known timestamptz;
BEGIN
    IF TG_OP = 'UPDATE' AND present = to_jsonb(OLD) - inner_facts THEN
        RETURN NULL;
    END IF;
    known := take_turns_over_right(NEW.right_id, NEW.changed_at);
    UPDATE ip_right SET burdens = CASE
        WHEN NEW.state IN ('pending_registration', 'active')
            THEN coalesce(burdens, '{}') + int4multirange(NEW.kind_range)
        ELSE (SELECT range_agg(e.kind_range) FROM encumbrance e
            WHERE e.right_id = NEW.right_id AND e.state IN ('pending_registration', 'active'))
        END
    WHERE id = NEW.right_id;
    -- What stood already, and burdens no more than before, is not granted anew.
    IF NEW.state IN ('pending_registration', 'active') AND NOT (TG_OP = 'UPDATE'
        AND OLD.state IN ('pending_registration', 'active')
        AND (NEW.right_id, NEW.kind) = (OLD.right_id, OLD.kind)
        AND NEW.claim_range <@ OLD.claim_range AND NEW.territory_range <@ OLD.territory_range
        AND NEW.field_range <@ OLD.field_range AND NEW.uses & ~OLD.uses = 0
        AND tstzrange(NEW.starts_at, NEW.ends_at) <@ tstzrange(OLD.starts_at, OLD.ends_at)
    ) THEN
        PERFORM require_no_conflict(NEW.right_id, NEW.kind, NEW.claim_range, NEW.territory_range,
            NEW.field_range, NEW.uses, tstzrange(NEW.starts_at, NEW.ends_at), NEW.subject,
            NEW.granted_by, NULL, NULL, NEW.id, NEW.challenge_accepted);
    END IF;
    INSERT INTO encumbrance_version
        (encumbrance_id, number, right_id, valid_from, known_from, facts)
    SELECT NEW.id, 1 + count(*), NEW.right_id, NEW.valid_from, known, present
    FROM encumbrance_version v WHERE v.encumbrance_id = NEW.id;
    RETURN NULL;
END $$
"""

CONSENTED = """
-- What one of several owners grants by a contract of their own takes the consents that the rule of
-- the jurisdiction names. Deals and listings ask for theirs by the texts that they are.
CREATE FUNCTION refuse_unconsented_grant() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wanted_act CONSTANT text := CASE NEW.kind
        WHEN 'pledge' THEN 'pledge'
        WHEN 'sole' THEN 'license_sole'
        WHEN 'non_exclusive' THEN 'license'
        WHEN 'open_licence' THEN 'list'
        WHEN 'option' THEN 'sell'
        ELSE 'license_exclusive' END;
    day CONSTANT date := (NEW.created_at AT TIME ZONE 'UTC')::date;
BEGIN
    IF EXISTS (
        SELECT FROM ownership o
        WHERE o.right_id = NEW.right_id AND o.owned_until IS NULL
            AND o.organisation_id <> NEW.granted_by
            AND NOT EXISTS (SELECT FROM consent c
                WHERE c.right_id = NEW.right_id AND c.act = wanted_act
                    AND c.organisation_id = o.organisation_id AND c.asked_by = NEW.granted_by
                    AND (c.counterparty_organisation_id IS NULL
                        OR c.counterparty_organisation_id = NEW.holder_organisation_id)
                    AND (c.used_for IN (NEW.subject, 'encumbrance:' || NEW.id)
                        OR c.state = 'given' AND NOT c.single_use))
    ) AND coalesce((
        SELECT l.terms -> 'acts' ->> wanted_act
        FROM ip_right r JOIN legal_rule l ON l.jurisdiction = r.office
            AND l.right_kind = r.kind AND l.topic = 'consents' AND l.valid_from <= day
            AND (l.valid_until IS NULL OR day < l.valid_until)
        WHERE r.id = NEW.right_id
    ), 'all') = 'all' THEN
        RAISE EXCEPTION 'other owners have not consented to this: %', wanted_act
            USING ERRCODE = 'check_violation', CONSTRAINT = 'encumbrance_owners_consent';
    END IF;
    RETURN NULL;
END $$
"""

CONSENTED_TRIGGER = """
CREATE TRIGGER encumbrance_consented AFTER INSERT ON encumbrance FOR EACH ROW
    WHEN (NEW.granted_by IS NOT NULL
        AND coalesce(NEW.subject, '') NOT LIKE ALL ('{deal:%,listing:%}'))
    EXECUTE FUNCTION refuse_unconsented_grant()
"""

# The dots of the scheme that nest subgroups are not in their digits, so within one main group any
# two may overlap.
WIDER_FIELDS = """
UPDATE encumbrance SET field_range = (
    SELECT range_agg(int8range(lower(one) / 1000000 * 1000000,
        (upper(one) + 999999) / 1000000 * 1000000))
    FROM unnest(field_range) one)
WHERE field_range <> '{(,)}'
"""


def upgrade() -> None:
    op.add_column(
        "encumbrance",
        sa.Column("challenge_accepted", sa.Boolean(), server_default=sa.false(), nullable=False),
    )
    op.alter_column("encumbrance", "challenge_accepted", server_default=None)
    op.add_column("conveyance", sa.Column("content_sha256", sa.String(), nullable=True))
    op.create_unique_constraint(
        "conveyance_content_unique", "conveyance", ["right_id", "content_sha256"]
    )
    op.create_index(
        "encumbrance_number_index",
        "encumbrance",
        ["right_id", "registration_number", "received_on"],
        unique=True,
        postgresql_where=sa.text(
            "registration_number IS NOT NULL AND state IN ('pending_registration', 'active')"
        ),
    )
    define(CONFLICTS, MAY, KEEP_VERSIONS)
    op.execute(CONSENTED)
    op.execute(CONSENTED_TRIGGER)
    op.execute(WIDER_FIELDS)
    load_rules()


def define(*functions: str) -> None:
    """Anew, since their arguments change; who calls them finds them by name."""
    op.execute("DROP FUNCTION conflicts_of")
    op.execute("DROP FUNCTION require_no_conflict")
    for function in functions:
        op.execute(function)


def load_rules() -> None:
    columns = ("act", "standing", "jurisdiction", "right_kind", "valid_from", "valid_until")
    table = sa.table("conflict_rule", *map(sa.column, (*columns, "verdict", "basis")))
    rows = [
        {name: getattr(rule, name) for name in (*columns, "verdict", "basis")}
        for rule in RULES
        if rule.standing in list(Cloud)
    ]
    op.execute(insert(table).values(rows).on_conflict_do_nothing())


def downgrade() -> None:
    op.execute("DELETE FROM conflict_rule WHERE standing IN ('fees_due', 'challenged')")
    op.execute("DROP TRIGGER encumbrance_consented ON encumbrance")
    op.execute("DROP FUNCTION refuse_unconsented_grant")
    before = context.script.get_revision("0014").module
    replaced = before.KEEP_VERSIONS.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
    define(before.CONFLICTS, before.MAY, replaced)
    op.drop_index("encumbrance_number_index", "encumbrance")
    op.drop_constraint("conveyance_content_unique", "conveyance")
    op.drop_column("conveyance", "content_sha256")
    op.drop_column("encumbrance", "challenge_accepted")
