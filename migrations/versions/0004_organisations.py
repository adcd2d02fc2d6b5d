"""Organisations with numbers, invitations, suspensions, groups; designations as intervals."""

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES_NEWEST_FIRST = (
    "designation_step",
    "designation_period",
    "designation",
    "affiliation",
    "affiliation_proposal",
    "organisation_suspension",
    "invitation",
    "organisation_number",
)
FUNCTIONS = ("keep_an_owner", "keep_groups_trees")

ORGANISATIONS = """
ALTER TABLE organisation
    ADD COLUMN industry varchar,
    ADD COLUMN version integer DEFAULT 1 NOT NULL;

CREATE TABLE organisation_number (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    organisation_id uuid NOT NULL,
    scheme varchar(32) NOT NULL,
    number varchar NOT NULL,
    CONSTRAINT organisation_number_primary PRIMARY KEY (id),
    CONSTRAINT organisation_number_unique UNIQUE (scheme, number),
    CONSTRAINT organisation_number_one_of_a_scheme UNIQUE (organisation_id, scheme),
    CONSTRAINT organisation_number_organisation_id_foreign
        FOREIGN KEY (organisation_id) REFERENCES organisation (id)
);

CREATE TABLE organisation_suspension (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    organisation_id uuid NOT NULL,
    reason varchar NOT NULL,
    suspended_by uuid NOT NULL,
    lifted_at timestamptz,
    lifted_by uuid,
    lifted_because varchar,
    CONSTRAINT organisation_suspension_primary PRIMARY KEY (id),
    CONSTRAINT organisation_suspension_organisation_id_foreign
        FOREIGN KEY (organisation_id) REFERENCES organisation (id),
    CONSTRAINT organisation_suspension_suspended_by_foreign
        FOREIGN KEY (suspended_by) REFERENCES user_account (id),
    CONSTRAINT organisation_suspension_lifted_by_foreign
        FOREIGN KEY (lifted_by) REFERENCES user_account (id)
);
CREATE UNIQUE INDEX organisation_suspension_one_at_a_time
    ON organisation_suspension (organisation_id) WHERE lifted_at IS NULL;
CREATE INDEX organisation_suspension_organisation_index
    ON organisation_suspension (organisation_id, id);

CREATE TABLE invitation (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    version integer NOT NULL,
    due_at timestamptz,
    organisation_id uuid NOT NULL,
    email varchar NOT NULL,
    role varchar(32) NOT NULL,
    token_hash bytea NOT NULL,
    invited_by uuid NOT NULL,
    state varchar(32) NOT NULL,
    CONSTRAINT invitation_primary PRIMARY KEY (id),
    CONSTRAINT invitation_token_unique UNIQUE (token_hash),
    CONSTRAINT invitation_organisation_id_foreign
        FOREIGN KEY (organisation_id) REFERENCES organisation (id),
    CONSTRAINT invitation_invited_by_foreign
        FOREIGN KEY (invited_by) REFERENCES user_account (id)
);
CREATE UNIQUE INDEX invitation_one_pending
    ON invitation (organisation_id, email) WHERE state = 'pending';
CREATE INDEX invitation_organisation_index ON invitation (organisation_id, id);
CREATE INDEX invitation_due_index ON invitation (due_at) WHERE due_at IS NOT NULL;
"""

AFFILIATIONS = """
CREATE TABLE affiliation_proposal (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    version integer NOT NULL,
    due_at timestamptz,
    proposer_id uuid NOT NULL,
    parent_id uuid NOT NULL,
    affiliate_id uuid NOT NULL,
    share_basis_points integer NOT NULL,
    valid_from date NOT NULL,
    valid_until date,
    state varchar(32) NOT NULL,
    CONSTRAINT affiliation_proposal_primary PRIMARY KEY (id),
    CONSTRAINT affiliation_proposal_proposer_id_foreign
        FOREIGN KEY (proposer_id) REFERENCES organisation (id),
    CONSTRAINT affiliation_proposal_parent_id_foreign
        FOREIGN KEY (parent_id) REFERENCES organisation (id),
    CONSTRAINT affiliation_proposal_affiliate_id_foreign
        FOREIGN KEY (affiliate_id) REFERENCES organisation (id),
    CONSTRAINT affiliation_proposal_two_organisations_check CHECK (parent_id <> affiliate_id),
    CONSTRAINT affiliation_proposal_share_range_check
        CHECK (share_basis_points BETWEEN 1 AND 10000),
    CONSTRAINT affiliation_proposal_period_check
        CHECK (valid_until IS NULL OR valid_until >= valid_from)
);
CREATE UNIQUE INDEX affiliation_proposal_one_pending
    ON affiliation_proposal (parent_id, affiliate_id) WHERE state = 'proposed';
CREATE INDEX affiliation_proposal_affiliate_index ON affiliation_proposal (affiliate_id, id);
CREATE INDEX affiliation_proposal_parent_index ON affiliation_proposal (parent_id, id);
CREATE INDEX affiliation_proposal_due_index
    ON affiliation_proposal (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE affiliation (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    parent_id uuid NOT NULL,
    affiliate_id uuid NOT NULL,
    share_basis_points integer NOT NULL,
    valid_from date NOT NULL,
    valid_until date,
    proposal_id uuid,
    evidence varchar,
    recorded_by uuid NOT NULL,
    CONSTRAINT affiliation_primary PRIMARY KEY (id),
    CONSTRAINT affiliation_parent_id_foreign
        FOREIGN KEY (parent_id) REFERENCES organisation (id),
    CONSTRAINT affiliation_affiliate_id_foreign
        FOREIGN KEY (affiliate_id) REFERENCES organisation (id),
    CONSTRAINT affiliation_proposal_id_foreign
        FOREIGN KEY (proposal_id) REFERENCES affiliation_proposal (id),
    CONSTRAINT affiliation_recorded_by_foreign
        FOREIGN KEY (recorded_by) REFERENCES user_account (id),
    CONSTRAINT affiliation_two_organisations_check CHECK (parent_id <> affiliate_id),
    CONSTRAINT affiliation_share_range_check CHECK (share_basis_points BETWEEN 1 AND 10000),
    CONSTRAINT affiliation_period_check CHECK (valid_until IS NULL OR valid_until >= valid_from),
    CONSTRAINT affiliation_one_basis_check CHECK ((proposal_id IS NULL) <> (evidence IS NULL)),
    CONSTRAINT affiliation_one_parent
        EXCLUDE USING gist (affiliate_id WITH =, daterange(valid_from, valid_until) WITH &&)
);
CREATE INDEX affiliation_parent_index ON affiliation (parent_id, id);
CREATE INDEX affiliation_affiliate_index ON affiliation (affiliate_id, id);
"""

DESIGNATIONS = """
CREATE TABLE designation (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    version integer NOT NULL,
    due_at timestamptz,
    organisation_id uuid NOT NULL,
    sector varchar(32) NOT NULL,
    designated_on date,
    suspended_until date,
    withdrawn_on date,
    source varchar,
    reference varchar,
    state varchar(32) NOT NULL,
    CONSTRAINT designation_primary PRIMARY KEY (id),
    CONSTRAINT designation_reference_unique UNIQUE (source, reference),
    CONSTRAINT designation_organisation_id_foreign
        FOREIGN KEY (organisation_id) REFERENCES organisation (id),
    CONSTRAINT designation_published_check CHECK ((source IS NULL) = (reference IS NULL))
);
CREATE UNIQUE INDEX designation_one_live ON designation (organisation_id)
    WHERE state IN ('applied', 'inspected', 'reviewed', 'designated', 'suspended');
CREATE INDEX designation_organisation_index ON designation (organisation_id, id);
CREATE INDEX designation_due_index ON designation (due_at) WHERE due_at IS NOT NULL;

CREATE TABLE designation_period (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    designation_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    sector varchar(32) NOT NULL,
    status varchar(32) NOT NULL,
    valid_from date NOT NULL,
    valid_until date,
    CONSTRAINT designation_period_primary PRIMARY KEY (id),
    CONSTRAINT designation_period_designation_id_foreign
        FOREIGN KEY (designation_id) REFERENCES designation (id),
    CONSTRAINT designation_period_organisation_id_foreign
        FOREIGN KEY (organisation_id) REFERENCES organisation (id),
    CONSTRAINT designation_period_period_check
        CHECK (valid_until IS NULL OR valid_until >= valid_from),
    CONSTRAINT designation_period_no_overlap
        EXCLUDE USING gist (organisation_id WITH =, daterange(valid_from, valid_until) WITH &&)
);
CREATE INDEX designation_period_from_index ON designation_period (valid_from);
CREATE INDEX designation_period_designation_index ON designation_period (designation_id, id);

CREATE TABLE designation_step (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    designation_id uuid NOT NULL,
    name varchar NOT NULL,
    taken_on date NOT NULL,
    evidence varchar NOT NULL,
    taken_by uuid,
    CONSTRAINT designation_step_primary PRIMARY KEY (id),
    CONSTRAINT designation_step_designation_id_foreign
        FOREIGN KEY (designation_id) REFERENCES designation (id),
    CONSTRAINT designation_step_taken_by_foreign
        FOREIGN KEY (taken_by) REFERENCES user_account (id)
);
CREATE INDEX designation_step_designation_index ON designation_step (designation_id, id);
"""

KEEP_AN_OWNER = """
CREATE FUNCTION keep_an_owner() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    -- Whoever comes second waits here, and then sees what the first one left.
    PERFORM FROM organisation WHERE id = OLD.organisation_id FOR NO KEY UPDATE;
    IF NOT EXISTS (
        SELECT FROM membership WHERE organisation_id = OLD.organisation_id AND role = 'owner'
    ) THEN
        RAISE EXCEPTION 'an organisation keeps an owner'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'membership_keeps_an_owner';
    END IF;
    RETURN NULL;
END $$
"""
ON_OWNER_REMOVED = """
CREATE TRIGGER membership_owner_removed AFTER DELETE ON membership
FOR EACH ROW WHEN (OLD.role = 'owner') EXECUTE FUNCTION keep_an_owner()
"""
ON_OWNER_CHANGED = """
CREATE TRIGGER membership_owner_changed AFTER UPDATE OF role, organisation_id ON membership
FOR EACH ROW WHEN (OLD.role = 'owner') EXECUTE FUNCTION keep_an_owner()
"""

KEEP_GROUPS_TREES = """
CREATE FUNCTION keep_groups_trees() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    is_cycle boolean;
    levels_above integer;
    levels_below integer;
BEGIN
    -- Two that would close a cycle together take turns, so that the second sees the first.
    PERFORM pg_advisory_xact_lock(x'0AFF111A'::integer);
    WITH RECURSIVE above AS (
        SELECT NEW.parent_id AS id, daterange(NEW.valid_from, NEW.valid_until) AS days, 1 AS level
        UNION ALL
        SELECT f.parent_id, above.days * daterange(f.valid_from, f.valid_until), above.level + 1
        FROM above JOIN affiliation f ON f.affiliate_id = above.id
            AND daterange(f.valid_from, f.valid_until) && above.days
        WHERE above.id <> NEW.affiliate_id
    )
    SELECT bool_or(id = NEW.affiliate_id), max(level) INTO is_cycle, levels_above FROM above;
    IF is_cycle THEN
        RAISE EXCEPTION 'an organisation would be its own ancestor'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'affiliation_no_cycle';
    END IF;
    WITH RECURSIVE below AS (
        SELECT NEW.affiliate_id AS id, daterange(NEW.valid_from, NEW.valid_until) AS days,
            1 AS level
        UNION ALL
        SELECT f.affiliate_id, below.days * daterange(f.valid_from, f.valid_until), below.level + 1
        FROM below JOIN affiliation f ON f.parent_id = below.id
            AND daterange(f.valid_from, f.valid_until) && below.days
    )
    SELECT max(level) INTO levels_below FROM below;
    IF levels_above + levels_below > 20 THEN
        RAISE EXCEPTION 'a group has at most twenty levels'
            USING ERRCODE = 'restrict_violation', CONSTRAINT = 'affiliation_depth';
    END IF;
    RETURN NULL;
END $$
"""
ON_AFFILIATION = """
CREATE TRIGGER affiliation_tree
AFTER INSERT OR UPDATE OF parent_id, affiliate_id, valid_from, valid_until ON affiliation
FOR EACH ROW WHEN (NOT isempty(daterange(NEW.valid_from, NEW.valid_until)))
EXECUTE FUNCTION keep_groups_trees()
"""
STEPS_ARE_FACTS = """
CREATE TRIGGER designation_step_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON designation_step
FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    for script in (ORGANISATIONS, AFFILIATIONS, DESIGNATIONS):
        for statement in script.split(";\n"):
            if statement.strip():
                op.execute(statement)
    for statement in (
        KEEP_AN_OWNER,
        ON_OWNER_REMOVED,
        ON_OWNER_CHANGED,
        KEEP_GROUPS_TREES,
        ON_AFFILIATION,
        STEPS_ARE_FACTS,
    ):
        op.execute(statement)


def downgrade() -> None:
    op.execute("DROP TRIGGER membership_owner_removed ON membership")
    op.execute("DROP TRIGGER membership_owner_changed ON membership")
    for table in TABLES_NEWEST_FIRST:
        op.drop_table(table)
    for function in FUNCTIONS:
        op.execute(f"DROP FUNCTION {function}()")
    op.drop_column("organisation", "version")
    op.drop_column("organisation", "industry")
