"""Encumbrances: what burdens a right, which the database itself keeps free of conflicts.

Whatever can conflict writes `ip_right.burdened_at` first: that takes the row's lock, so that of
two who conflict the second sees the first, at any isolation level, and it gives each version the
moment from which it is known.
"""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import INT4MULTIRANGE

from marketplace.assets.encumbrances.conflicts import RULES

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

KINDS = """ARRAY['pledge', 'registered_exclusive', 'exclusive', 'sole', 'non_exclusive',
    'open_licence', 'option', 'attachment', 'trust']::text[]"""

TABLES = """
CREATE TABLE encumbrance (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    version integer NOT NULL,
    due_at timestamptz,
    right_id uuid NOT NULL,
    kind varchar(32) NOT NULL,
    kind_range int4range NOT NULL GENERATED ALWAYS AS (int4range(
        array_position(KINDS, kind::text), array_position(KINDS, kind::text), '[]')) STORED,
    subject varchar,
    holder_organisation_id uuid,
    holder_name varchar,
    granted_by uuid,
    claims integer[] NOT NULL,
    territories text[] NOT NULL,
    fields_of_use text[] NOT NULL,
    uses integer NOT NULL,
    starts_at timestamptz NOT NULL,
    ends_at timestamptz,
    claim_range int4multirange NOT NULL,
    territory_range int8multirange NOT NULL,
    field_range int8multirange NOT NULL,
    secured_minor bigint,
    currency varchar,
    registration_number varchar,
    contract_on date,
    effective_on date,
    received_on date,
    receipt_order integer,
    recorded_on date,
    gazetted_on date,
    source varchar NOT NULL,
    source_entry varchar,
    entry_sha256 varchar,
    valid_from timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    state varchar(32) NOT NULL,
    CONSTRAINT encumbrance_primary PRIMARY KEY (id),
    CONSTRAINT encumbrance_right_id_foreign FOREIGN KEY (right_id) REFERENCES ip_right (id),
    CONSTRAINT encumbrance_holder_organisation_id_foreign
        FOREIGN KEY (holder_organisation_id) REFERENCES organisation (id),
    CONSTRAINT encumbrance_granted_by_foreign
        FOREIGN KEY (granted_by) REFERENCES organisation (id),
    CONSTRAINT encumbrance_period_check CHECK (ends_at IS NULL OR ends_at > starts_at),
    CONSTRAINT encumbrance_uses_known_check CHECK (uses BETWEEN 1 AND 63),
    CONSTRAINT encumbrance_holder_check CHECK (
        (kind = 'open_licence') = (num_nonnulls(holder_organisation_id, holder_name) = 0)),
    CONSTRAINT encumbrance_secured_check CHECK (
        num_nulls(secured_minor, currency) <> 1 AND (kind = 'pledge' OR secured_minor IS NULL)
        AND secured_minor > 0),
    CONSTRAINT encumbrance_receipt_whole_check CHECK (
        (received_on IS NULL) = (receipt_order IS NULL)),
    CONSTRAINT encumbrance_constitutive_registration_check CHECK (
        state <> 'active' OR registration_number IS NOT NULL OR kind IN
        ('exclusive', 'sole', 'non_exclusive', 'open_licence', 'option')),
    CONSTRAINT encumbrance_whole_right_check CHECK (
        kind NOT IN ('pledge', 'attachment', 'trust') OR (claim_range = '{(,)}'
        AND territory_range = '{(,)}' AND field_range = '{(,)}' AND uses = 63))
);
-- Ordinary licences are many, alike in scope, and bar nearly nothing: here they would be in the way.
CREATE INDEX encumbrance_scope_index ON encumbrance USING gist (right_id, kind_range, field_range,
    territory_range, claim_range, tstzrange(starts_at, ends_at))
    WHERE state IN ('pending_registration', 'active') AND kind <> 'non_exclusive';
CREATE INDEX encumbrance_right_index ON encumbrance (right_id, id);
CREATE INDEX encumbrance_holder_index ON encumbrance (holder_organisation_id, id);
CREATE INDEX encumbrance_due_index ON encumbrance (due_at) WHERE due_at IS NOT NULL;
CREATE UNIQUE INDEX encumbrance_rank_index ON encumbrance (right_id, received_on, receipt_order)
    WHERE received_on IS NOT NULL AND state IN ('pending_registration', 'active');
CREATE UNIQUE INDEX encumbrance_entry_index ON encumbrance (source, source_entry)
    WHERE source_entry IS NOT NULL;

CREATE TABLE encumbrance_version (
    encumbrance_id uuid NOT NULL,
    number integer NOT NULL,
    right_id uuid NOT NULL,
    valid_from timestamptz NOT NULL,
    known_from timestamptz NOT NULL,
    facts jsonb NOT NULL,
    CONSTRAINT encumbrance_version_primary PRIMARY KEY (encumbrance_id, number),
    CONSTRAINT encumbrance_version_encumbrance_id_foreign
        FOREIGN KEY (encumbrance_id) REFERENCES encumbrance (id),
    CONSTRAINT encumbrance_version_right_id_foreign
        FOREIGN KEY (right_id) REFERENCES ip_right (id)
);
CREATE INDEX encumbrance_version_right_index ON encumbrance_version (right_id, known_from);

CREATE TABLE conflict_rule (
    act varchar NOT NULL,
    standing varchar NOT NULL,
    jurisdiction varchar NOT NULL,
    right_kind varchar NOT NULL,
    valid_from date NOT NULL,
    valid_until date,
    verdict varchar NOT NULL,
    basis varchar NOT NULL,
    CONSTRAINT conflict_rule_primary
        PRIMARY KEY (act, standing, jurisdiction, right_kind, valid_from),
    CONSTRAINT conflict_rule_no_overlap EXCLUDE USING gist (act WITH =, standing WITH =,
        jurisdiction WITH =, right_kind WITH =, daterange(valid_from, valid_until) WITH &&)
);

CREATE TABLE conflict_summary (
    act varchar NOT NULL,
    jurisdiction varchar NOT NULL,
    right_kind varchar NOT NULL,
    valid_from date NOT NULL,
    valid_until date,
    barring int4multirange NOT NULL,
    verdicts jsonb NOT NULL,
    CONSTRAINT conflict_summary_primary PRIMARY KEY (act, jurisdiction, right_kind, valid_from)
);

CREATE TABLE encumbrance_certificate (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    right_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    valid_at timestamptz NOT NULL,
    known_at timestamptz NOT NULL,
    jws varchar NOT NULL,
    CONSTRAINT encumbrance_certificate_primary PRIMARY KEY (id),
    CONSTRAINT encumbrance_certificate_right_id_foreign
        FOREIGN KEY (right_id) REFERENCES ip_right (id),
    CONSTRAINT encumbrance_certificate_organisation_id_foreign
        FOREIGN KEY (organisation_id) REFERENCES organisation (id)
);
CREATE INDEX encumbrance_certificate_right_index ON encumbrance_certificate (right_id, id);

CREATE TABLE encumbrance_consent (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    encumbrance_id uuid NOT NULL,
    act varchar NOT NULL,
    subject varchar NOT NULL,
    price_minor bigint,
    claim_minor bigint,
    currency varchar,
    paid_minor bigint NOT NULL,
    given_by uuid NOT NULL,
    expires_at timestamptz NOT NULL,
    used_at timestamptz,
    revoked_at timestamptz,
    CONSTRAINT encumbrance_consent_primary PRIMARY KEY (id),
    CONSTRAINT encumbrance_consent_encumbrance_id_foreign
        FOREIGN KEY (encumbrance_id) REFERENCES encumbrance (id),
    CONSTRAINT encumbrance_consent_given_by_foreign
        FOREIGN KEY (given_by) REFERENCES user_account (id),
    CONSTRAINT encumbrance_consent_used_or_revoked_check CHECK (
        used_at IS NULL OR revoked_at IS NULL),
    CONSTRAINT encumbrance_consent_amounts_whole_check CHECK (
        num_nulls(price_minor, claim_minor, currency) IN (0, 3)
        AND (act = 'sell') = (currency IS NOT NULL)),
    CONSTRAINT encumbrance_consent_amounts_check CHECK (
        price_minor > 0 AND claim_minor >= 0 AND paid_minor BETWEEN 0 AND claim_minor)
);
CREATE UNIQUE INDEX encumbrance_consent_open_index
    ON encumbrance_consent (encumbrance_id, act, subject) WHERE revoked_at IS NULL;
CREATE INDEX encumbrance_consent_subject_index ON encumbrance_consent (subject);
""".replace("KINDS", KINDS)

SUMMARY = """
-- What a whole act needs in one row, for each jurisdiction and kind of right that has rules.
CREATE FUNCTION summarize_conflicts() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM conflict_summary;
    WITH boundary AS (
        SELECT valid_from AS day FROM conflict_rule
        UNION SELECT valid_until FROM conflict_rule WHERE valid_until IS NOT NULL
    ), period AS (
        SELECT day AS valid_from, lead(day) OVER (ORDER BY day) AS valid_until FROM boundary
    ), class AS (
        SELECT a.act, j.jurisdiction, k.right_kind, p.valid_from, p.valid_until
        FROM (SELECT DISTINCT act FROM conflict_rule) a,
            (SELECT DISTINCT jurisdiction FROM conflict_rule) j,
            (SELECT DISTINCT right_kind FROM conflict_rule) k, period p
    ), resolved AS (
        SELECT DISTINCT ON (c.act, c.jurisdiction, c.right_kind, c.valid_from, r.standing)
            c.*, r.standing, r.verdict, array_position(KINDS, r.standing::text) AS place
        FROM class c JOIN conflict_rule r ON r.act = c.act
            AND r.jurisdiction IN ('*', c.jurisdiction) AND r.right_kind IN ('*', c.right_kind)
            AND r.valid_from <= c.valid_from
            AND (r.valid_until IS NULL OR r.valid_until > c.valid_from)
        ORDER BY c.act, c.jurisdiction, c.right_kind, c.valid_from, r.standing,
            r.jurisdiction = '*', r.right_kind = '*'
    )
    INSERT INTO conflict_summary
        (act, jurisdiction, right_kind, valid_from, valid_until, barring, verdicts)
    SELECT act, jurisdiction, right_kind, valid_from, valid_until,
        -- Every kind, but for those that a rule lets pass.
        '{(,)}'::int4multirange - coalesce(range_agg(int4range(place, place, '[]')) FILTER (
            WHERE place IS NOT NULL AND verdict IN ('free', 'subject')), '{}'),
        jsonb_object_agg(standing, verdict)
    FROM resolved GROUP BY act, jurisdiction, right_kind, valid_from, valid_until;
    RETURN NULL;
END $$
""".replace("KINDS", KINDS)

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
    itself uuid
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
    SELECT r.legal_status AS status, r.burdens, s.barring, s.verdicts,
        coalesce(s.verdicts ->> r.legal_status, 'refused') AS by_status,
        s.verdicts ->> 'sale' <> ALL (passing) AND EXISTS (
            SELECT FROM right_reservation v WHERE v.right_id = r.id
                AND v.reserved_until IS NULL AND v.subject IS DISTINCT FROM wanted_subject
        ) AS is_reserved
    INTO thing
    FROM ip_right r LEFT JOIN conflict_summary s ON s.act = wanted_act
        AND s.jurisdiction IN ('*', r.office) AND s.right_kind IN ('*', r.kind)
        AND s.valid_from <= day AND (s.valid_until IS NULL OR day < s.valid_until)
    WHERE r.id = wanted_right
    ORDER BY s.jurisdiction = '*', s.right_kind = '*' LIMIT 1;
    IF thing.by_status <> ALL (passing) OR thing.is_reserved THEN
        standing := CASE WHEN thing.by_status = ANY (passing) THEN 'sale' ELSE thing.status END;
        verdict := 'refused';
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
    itself uuid
) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    conflict record;
BEGIN
    SELECT c.standing, c.verdict, c.encumbrance_id INTO conflict FROM conflicts_of(
        wanted_right, wanted_act, wanted_claims, wanted_territory, wanted_field, wanted_uses,
        wanted_period, wanted_subject, wanted_by, wanted_price, wanted_currency, itself
    ) c LIMIT 1;
    IF FOUND THEN
        RAISE EXCEPTION '% is refused: % stands against it', wanted_act, conflict.standing
            USING ERRCODE = 'exclusion_violation', CONSTRAINT = CASE
                WHEN conflict.standing = 'sale' THEN 'conflict_sale'
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

# Whoever comes second waits at this UPDATE, and then sees what the first one left.
BURDEN = """
CREATE FUNCTION take_turns_over_right(wanted_right uuid, moment timestamptz)
RETURNS timestamptz LANGUAGE sql AS $$
    UPDATE ip_right
    SET burdened_at = greatest(moment, burdened_at + interval '1 microsecond')
    WHERE id = wanted_right RETURNING burdened_at
$$
"""

KEEP_VERSIONS = """
CREATE FUNCTION keep_encumbrances() RETURNS trigger LANGUAGE plpgsql AS $$
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
            NEW.granted_by, NULL, NULL, NEW.id);
    END IF;
    INSERT INTO encumbrance_version
        (encumbrance_id, number, right_id, valid_from, known_from, facts)
    SELECT NEW.id, 1 + count(*), NEW.right_id, NEW.valid_from, known, present
    FROM encumbrance_version v WHERE v.encumbrance_id = NEW.id;
    RETURN NULL;
END $$
"""

DEEDS = """
CREATE FUNCTION refuse_burdened_deed() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wanted_right uuid := NEW.right_id;
    wanted_act text := TG_ARGV[0];
    moment timestamptz;
    wanted_subject text;
    wanted_by uuid;
    wanted_price bigint;
    wanted_currency text;
BEGIN
    CASE TG_TABLE_NAME
    WHEN 'listing' THEN
        moment := greatest(NEW.published_at, NEW.created_at, clock_timestamp());
        wanted_by := NEW.organisation_id;
    WHEN 'right_reservation' THEN
        moment := NEW.reserved_from;
        wanted_subject := NEW.subject;
    WHEN 'deal' THEN
        moment := greatest(NEW.created_at, clock_timestamp());
        wanted_subject := 'deal:' || NEW.id;
        wanted_by := NEW.seller_organisation_id;
        wanted_price := NEW.price_minor;
        wanted_currency := NEW.currency;
    WHEN 'conveyance' THEN
        IF NEW.basis NOT LIKE 'deal:%' THEN
            RETURN NULL;  -- the first owners, and what a register tells: facts, and no deeds
        END IF;
        moment := NEW.passed_at;
        wanted_subject := NEW.basis;
        wanted_by := NEW.from_organisation_id;
    WHEN 'legal_event' THEN
        moment := NEW.created_at;
        wanted_subject := 'right:' || NEW.right_id;
    END CASE;
    moment := take_turns_over_right(wanted_right, moment);
    IF wanted_by IS NULL THEN
        SELECT o.organisation_id INTO wanted_by FROM ownership o
        WHERE o.right_id = wanted_right AND o.owned_until IS NULL LIMIT 1;
    END IF;
    PERFORM require_no_conflict(wanted_right, wanted_act, '{(,)}', '{(,)}', '{(,)}', 63,
        tstzrange(moment, NULL), wanted_subject, wanted_by, wanted_price, wanted_currency, NULL);
    RETURN NULL;
END $$
"""

TRIGGERS = {
    "conflict_rule_summarized": (
        "conflict_rule",
        (
            "AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON conflict_rule"
            " FOR EACH STATEMENT EXECUTE FUNCTION summarize_conflicts()"
        ),
    ),
    "encumbrance_kept": (
        "encumbrance",
        "AFTER INSERT OR UPDATE ON encumbrance FOR EACH ROW EXECUTE FUNCTION keep_encumbrances()",
    ),
    "encumbrance_never_deleted": (
        "encumbrance",
        (
            "BEFORE DELETE OR TRUNCATE ON encumbrance"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        ),
    ),
    "encumbrance_version_append_only": (
        "encumbrance_version",
        (
            "BEFORE UPDATE OR DELETE OR TRUNCATE ON encumbrance_version"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        ),
    ),
    "encumbrance_certificate_append_only": (
        "encumbrance_certificate",
        (
            "BEFORE UPDATE OR DELETE OR TRUNCATE ON encumbrance_certificate"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        ),
    ),
    "listing_published_burdened": (
        "listing",
        (
            "AFTER INSERT ON listing FOR EACH ROW WHEN (NEW.state = 'published')"
            " EXECUTE FUNCTION refuse_burdened_deed('list')"
        ),
    ),
    "listing_shown_burdened": (
        "listing",
        (
            "AFTER UPDATE OF state ON listing FOR EACH ROW"
            " WHEN (NEW.state = 'published' AND OLD.state <> 'published')"
            " EXECUTE FUNCTION refuse_burdened_deed('list')"
        ),
    ),
    "right_reservation_burdened": (
        "right_reservation",
        (
            "AFTER INSERT OR UPDATE ON right_reservation FOR EACH ROW"
            " WHEN (NEW.reserved_until IS NULL) EXECUTE FUNCTION refuse_burdened_deed('list')"
        ),
    ),
    "deal_signed_burdened": (
        "deal",
        (
            "AFTER UPDATE OF state ON deal FOR EACH ROW"
            " WHEN (NEW.state = 'signed' AND OLD.state <> 'signed' AND NEW.type = 'sale')"
            " EXECUTE FUNCTION refuse_burdened_deed('sell')"
        ),
    ),
    "conveyance_burdened": (
        "conveyance",
        "AFTER INSERT ON conveyance FOR EACH ROW EXECUTE FUNCTION refuse_burdened_deed('transfer')",
    ),
    "legal_event_surrender_burdened": (
        "legal_event",
        (
            "AFTER INSERT ON legal_event FOR EACH ROW WHEN"
            " (NEW.kind = 'surrendered' AND NEW.origin IN ('owner', 'operator'))"
            " EXECUTE FUNCTION refuse_burdened_deed('surrender')"
        ),
    ),
}


def upgrade() -> None:
    op.add_column("ip_right", sa.Column("burdened_at", sa.DateTime(timezone=True), nullable=True))
    op.add_column("ip_right", sa.Column("burdens", INT4MULTIRANGE(), nullable=True))
    op.add_column(
        "deal", sa.Column("pledged", sa.Boolean(), server_default=sa.false(), nullable=False)
    )
    op.alter_column("deal", "pledged", server_default=None)
    for statement in (*TABLES.split(";\n"), SUMMARY, CONFLICTS, MAY, BURDEN, KEEP_VERSIONS, DEEDS):
        if statement.strip():
            op.execute(statement)
    for name, (_, trigger) in TRIGGERS.items():
        op.execute(f"CREATE TRIGGER {name} {trigger}")
    load_rules()
    op.drop_index("signing_key_signs_index", "signing_key")
    op.add_column(
        "signing_key",
        sa.Column("purpose", sa.String(32), server_default="tokens", nullable=False),
    )
    op.alter_column("signing_key", "purpose", server_default=None)
    key_index("purpose")


def key_index(column: str) -> None:
    signs = sa.text("signs")
    op.create_index(
        "signing_key_signs_index", "signing_key", [column], unique=True, postgresql_where=signs
    )


def load_rules() -> None:
    columns = ("act", "standing", "jurisdiction", "right_kind", "valid_from", "valid_until")
    table = sa.table("conflict_rule", *map(sa.column, (*columns, "verdict", "basis")))
    rows = [
        {name: getattr(rule, name) for name in (*columns, "verdict", "basis")} for rule in RULES
    ]
    op.bulk_insert(table, rows)


def downgrade() -> None:
    op.drop_index("signing_key_signs_index", "signing_key")
    op.execute("DELETE FROM signing_key WHERE purpose <> 'tokens'")
    op.drop_column("signing_key", "purpose")
    key_index("signs")
    for name, (table, _) in TRIGGERS.items():
        op.execute(f"DROP TRIGGER {name} ON {table}")
    for name in (
        "refuse_burdened_deed",
        "keep_encumbrances",
        "take_turns_over_right",
        "require_no_conflict",
        "conflicts_of",
        "summarize_conflicts",
    ):
        op.execute(f"DROP FUNCTION {name}")
    for table in (
        "encumbrance_certificate",
        "encumbrance_consent",
        "conflict_summary",
        "conflict_rule",
        "encumbrance_version",
        "encumbrance",
    ):
        op.drop_table(table)
    op.drop_column("deal", "pledged")
    op.drop_column("ip_right", "burdens")
    op.drop_column("ip_right", "burdened_at")
