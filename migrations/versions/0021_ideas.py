"""Ideas: confidential files, withdrawal, holds, and leave to read that the database checks."""

from alembic import op

revision = "0021"
down_revision = "0020"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE confidential_file (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    right_id uuid NOT NULL,
    replaces_id uuid,
    version integer NOT NULL,
    name_ciphertext bytea NOT NULL,
    media_type varchar NOT NULL,
    size_bytes bigint NOT NULL,
    sha256_ciphertext bytea,
    attempt_id uuid,
    expires_at timestamptz NOT NULL,
    stored_at timestamptz,
    shredded_at timestamptz,
    destroyed_at timestamptz,
    CONSTRAINT confidential_file_primary PRIMARY KEY (id),
    CONSTRAINT confidential_file_right_id_foreign FOREIGN KEY (right_id) REFERENCES ip_right (id),
    CONSTRAINT confidential_file_replaces_id_foreign
        FOREIGN KEY (replaces_id) REFERENCES confidential_file (id),
    CONSTRAINT confidential_file_replaced_once_unique UNIQUE (replaces_id),
    CONSTRAINT confidential_file_size_check CHECK (size_bytes >= 0),
    CONSTRAINT confidential_file_stored_whole_check CHECK (
        stored_at IS NULL OR (attempt_id IS NOT NULL AND sha256_ciphertext IS NOT NULL))
);
CREATE INDEX confidential_file_right_index ON confidential_file (right_id, id);
CREATE INDEX confidential_file_doomed_index ON confidential_file (id)
    WHERE shredded_at IS NOT NULL AND destroyed_at IS NULL;
CREATE INDEX confidential_file_unfinished_index ON confidential_file (expires_at)
    WHERE stored_at IS NULL AND shredded_at IS NULL;
CREATE TABLE confidential_hold (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    right_id uuid NOT NULL,
    subject varchar NOT NULL,
    sealed_until timestamptz,
    released_at timestamptz,
    CONSTRAINT confidential_hold_primary PRIMARY KEY (id),
    CONSTRAINT confidential_hold_right_id_foreign FOREIGN KEY (right_id) REFERENCES ip_right (id)
);
CREATE UNIQUE INDEX confidential_hold_one_live ON confidential_hold (right_id, subject)
    WHERE released_at IS NULL;
CREATE INDEX confidential_hold_subject_index ON confidential_hold (subject);
CREATE TABLE proof_batch (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    root bytea NOT NULL,
    leaves integer NOT NULL,
    answer bytea,
    timestamped_at timestamptz,
    received_at timestamptz,
    accuracy_ms bigint NOT NULL,
    CONSTRAINT proof_batch_primary PRIMARY KEY (id),
    CONSTRAINT proof_batch_whole_check CHECK (
        num_nulls(answer, timestamped_at, received_at) IN (0, 3)),
    CONSTRAINT proof_batch_time_check CHECK (
        timestamped_at <= received_at + accuracy_ms * interval '1 millisecond')
);
CREATE INDEX proof_batch_open_index ON proof_batch (id) WHERE answer IS NULL;
CREATE TABLE existence_proof (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    right_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    kind varchar(32) NOT NULL,
    document_id uuid NOT NULL,
    version integer NOT NULL,
    commitment bytea NOT NULL,
    opening_ciphertext bytea NOT NULL,
    batch_id uuid,
    position integer,
    CONSTRAINT existence_proof_primary PRIMARY KEY (id),
    CONSTRAINT existence_proof_right_id_foreign FOREIGN KEY (right_id) REFERENCES ip_right (id),
    CONSTRAINT existence_proof_organisation_id_foreign
        FOREIGN KEY (organisation_id) REFERENCES organisation (id),
    CONSTRAINT existence_proof_batch_id_foreign
        FOREIGN KEY (batch_id) REFERENCES proof_batch (id),
    CONSTRAINT existence_proof_document_unique UNIQUE (document_id),
    CONSTRAINT existence_proof_position_unique UNIQUE (batch_id, position),
    CONSTRAINT existence_proof_commitment_sha256_check CHECK (octet_length(commitment) = 32),
    CONSTRAINT existence_proof_placed_whole_check CHECK (num_nulls(batch_id, position) <> 1)
);
CREATE INDEX existence_proof_right_index ON existence_proof (right_id, id);
CREATE INDEX existence_proof_open_index ON existence_proof (id) WHERE batch_id IS NULL;
CREATE TABLE disclosure (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    version integer NOT NULL,
    due_at timestamptz,
    right_id uuid NOT NULL,
    owner_organisation_id uuid NOT NULL,
    recipient_organisation_id uuid NOT NULL,
    recipient_user_id uuid,
    purpose varchar NOT NULL,
    expires_at timestamptz NOT NULL,
    known_days integer NOT NULL,
    state varchar(32) NOT NULL,
    CONSTRAINT disclosure_primary PRIMARY KEY (id),
    CONSTRAINT disclosure_right_id_foreign FOREIGN KEY (right_id) REFERENCES ip_right (id),
    CONSTRAINT disclosure_owner_organisation_id_foreign
        FOREIGN KEY (owner_organisation_id) REFERENCES organisation (id),
    CONSTRAINT disclosure_recipient_organisation_id_foreign
        FOREIGN KEY (recipient_organisation_id) REFERENCES organisation (id),
    CONSTRAINT disclosure_recipient_user_id_foreign
        FOREIGN KEY (recipient_user_id) REFERENCES user_account (id),
    CONSTRAINT disclosure_two_sides_check CHECK (
        owner_organisation_id <> recipient_organisation_id),
    CONSTRAINT disclosure_known_days_range_check CHECK (known_days BETWEEN 1 AND 90)
);
CREATE UNIQUE INDEX disclosure_one_live ON disclosure (right_id, recipient_organisation_id,
    coalesce(recipient_user_id, recipient_organisation_id))
    WHERE state IN ('proposed', 'partly_signed', 'active');
CREATE INDEX disclosure_owner_index ON disclosure (owner_organisation_id, id);
CREATE INDEX disclosure_recipient_index ON disclosure (recipient_organisation_id, id);
CREATE INDEX disclosure_due_index ON disclosure (due_at) WHERE due_at IS NOT NULL;
CREATE TABLE known_declaration (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    disclosure_id uuid NOT NULL,
    proof_id uuid NOT NULL,
    timestamped_at timestamptz NOT NULL,
    first_read_at timestamptz NOT NULL,
    declared_by uuid NOT NULL,
    CONSTRAINT known_declaration_primary PRIMARY KEY (id),
    CONSTRAINT known_declaration_disclosure_id_foreign
        FOREIGN KEY (disclosure_id) REFERENCES disclosure (id),
    CONSTRAINT known_declaration_proof_id_foreign
        FOREIGN KEY (proof_id) REFERENCES existence_proof (id),
    CONSTRAINT known_declaration_declared_by_foreign
        FOREIGN KEY (declared_by) REFERENCES user_account (id),
    CONSTRAINT known_declaration_once_unique UNIQUE (disclosure_id, proof_id)
);
CREATE TABLE unwanted_idea (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    organisation_id uuid NOT NULL,
    classification varchar,
    author_organisation_id uuid,
    CONSTRAINT unwanted_idea_primary PRIMARY KEY (id),
    CONSTRAINT unwanted_idea_organisation_id_foreign
        FOREIGN KEY (organisation_id) REFERENCES organisation (id),
    CONSTRAINT unwanted_idea_author_organisation_id_foreign
        FOREIGN KEY (author_organisation_id) REFERENCES organisation (id),
    CONSTRAINT unwanted_idea_one_reason_check CHECK (
        num_nonnulls(classification, author_organisation_id) = 1)
);
CREATE INDEX unwanted_idea_organisation_index ON unwanted_idea (organisation_id, id);
CREATE TABLE solicitation (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    version integer NOT NULL,
    due_at timestamptz,
    organiser_organisation_id uuid NOT NULL,
    title varchar NOT NULL,
    task varchar NOT NULL,
    language varchar NOT NULL,
    outcome varchar(32) NOT NULL,
    budget_minor bigint NOT NULL,
    currency varchar NOT NULL,
    awards_max integer NOT NULL,
    compensation_minor bigint NOT NULL,
    criteria jsonb NOT NULL,
    closes_at timestamptz NOT NULL,
    opened_at timestamptz,
    state varchar(32) NOT NULL,
    CONSTRAINT solicitation_primary PRIMARY KEY (id),
    CONSTRAINT solicitation_organiser_organisation_id_foreign
        FOREIGN KEY (organiser_organisation_id) REFERENCES organisation (id),
    CONSTRAINT solicitation_amounts_positive_check CHECK (
        budget_minor > 0 AND compensation_minor > 0),
    CONSTRAINT solicitation_awards_positive_check CHECK (awards_max > 0)
);
CREATE INDEX solicitation_organiser_index ON solicitation (organiser_organisation_id, id);
CREATE INDEX solicitation_public_index ON solicitation (id) WHERE opened_at IS NOT NULL;
CREATE INDEX solicitation_due_index ON solicitation (due_at) WHERE due_at IS NOT NULL;
CREATE TABLE submission (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    solicitation_id uuid NOT NULL,
    number integer NOT NULL,
    right_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    sha256 varchar NOT NULL,
    shares jsonb NOT NULL,
    withdrawn_at timestamptz,
    CONSTRAINT submission_primary PRIMARY KEY (id),
    CONSTRAINT submission_solicitation_id_foreign
        FOREIGN KEY (solicitation_id) REFERENCES solicitation (id),
    CONSTRAINT submission_right_id_foreign FOREIGN KEY (right_id) REFERENCES ip_right (id),
    CONSTRAINT submission_organisation_id_foreign
        FOREIGN KEY (organisation_id) REFERENCES organisation (id),
    CONSTRAINT submission_number_unique UNIQUE (solicitation_id, number)
);
CREATE UNIQUE INDEX submission_one_live_per_right ON submission (solicitation_id, right_id)
    WHERE withdrawn_at IS NULL;
CREATE INDEX submission_organisation_index ON submission (organisation_id, id);
CREATE TABLE evaluator (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    solicitation_id uuid NOT NULL,
    user_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    declared_at timestamptz,
    conflicts uuid[] NOT NULL,
    CONSTRAINT evaluator_primary PRIMARY KEY (id),
    CONSTRAINT evaluator_solicitation_id_foreign
        FOREIGN KEY (solicitation_id) REFERENCES solicitation (id),
    CONSTRAINT evaluator_user_id_foreign FOREIGN KEY (user_id) REFERENCES user_account (id),
    CONSTRAINT evaluator_organisation_id_foreign
        FOREIGN KEY (organisation_id) REFERENCES organisation (id),
    CONSTRAINT evaluator_once_unique UNIQUE (solicitation_id, user_id)
);
CREATE INDEX evaluator_user_index ON evaluator (user_id, id);
CREATE TABLE evaluation (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    submission_id uuid NOT NULL,
    evaluator_id uuid NOT NULL,
    scores integer[],
    points integer,
    CONSTRAINT evaluation_primary PRIMARY KEY (id),
    CONSTRAINT evaluation_submission_id_foreign
        FOREIGN KEY (submission_id) REFERENCES submission (id),
    CONSTRAINT evaluation_evaluator_id_foreign
        FOREIGN KEY (evaluator_id) REFERENCES evaluator (id),
    CONSTRAINT evaluation_once_unique UNIQUE (submission_id, evaluator_id),
    CONSTRAINT evaluation_scored_whole_check CHECK (num_nonnulls(scores, points) IN (0, 2)),
    CONSTRAINT evaluation_points_range_check CHECK (points BETWEEN 0 AND 1000000)
);
CREATE TABLE award (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    solicitation_id uuid NOT NULL,
    submission_id uuid NOT NULL,
    amount_minor bigint NOT NULL,
    CONSTRAINT award_primary PRIMARY KEY (id),
    CONSTRAINT award_solicitation_id_foreign
        FOREIGN KEY (solicitation_id) REFERENCES solicitation (id),
    CONSTRAINT award_submission_id_foreign FOREIGN KEY (submission_id) REFERENCES submission (id),
    CONSTRAINT award_once_unique UNIQUE (submission_id),
    CONSTRAINT award_amount_positive_check CHECK (amount_minor > 0)
);
CREATE INDEX award_solicitation_index ON award (solicitation_id);
CREATE TABLE awarded_deal (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    award_id uuid NOT NULL,
    deal_id uuid NOT NULL,
    CONSTRAINT awarded_deal_primary PRIMARY KEY (id),
    CONSTRAINT awarded_deal_award_id_foreign FOREIGN KEY (award_id) REFERENCES award (id),
    CONSTRAINT awarded_deal_deal_id_foreign FOREIGN KEY (deal_id) REFERENCES deal (id),
    CONSTRAINT awarded_deal_award_unique UNIQUE (award_id),
    CONSTRAINT awarded_deal_deal_unique UNIQUE (deal_id)
);
CREATE TABLE filed_idea (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    idea_id uuid NOT NULL,
    right_id uuid NOT NULL,
    filed_by uuid NOT NULL,
    CONSTRAINT filed_idea_primary PRIMARY KEY (id),
    CONSTRAINT filed_idea_idea_id_foreign FOREIGN KEY (idea_id) REFERENCES ip_right (id),
    CONSTRAINT filed_idea_right_id_foreign FOREIGN KEY (right_id) REFERENCES ip_right (id),
    CONSTRAINT filed_idea_filed_by_foreign FOREIGN KEY (filed_by) REFERENCES organisation (id),
    CONSTRAINT filed_idea_right_unique UNIQUE (right_id)
);
CREATE INDEX filed_idea_idea_index ON filed_idea (idea_id, id)
"""

COLUMNS = """
ALTER TABLE confidential_body ALTER COLUMN key_id DROP NOT NULL;
ALTER TABLE confidential_body ALTER COLUMN wrapped_key DROP NOT NULL;
ALTER TABLE confidential_body ADD COLUMN shredded_at timestamptz;
ALTER TABLE confidential_body ADD COLUMN destroyed_at timestamptz;
CREATE INDEX confidential_body_doomed_index ON confidential_body (id)
    WHERE shredded_at IS NOT NULL AND destroyed_at IS NULL;
ALTER TABLE disclosure_grant ADD COLUMN user_id uuid;
ALTER TABLE disclosure_grant ADD COLUMN expires_at timestamptz;
ALTER TABLE disclosure_grant ADD CONSTRAINT disclosure_grant_user_id_foreign
    FOREIGN KEY (user_id) REFERENCES user_account (id);
CREATE INDEX disclosure_grant_purpose_index ON disclosure_grant (purpose);
ALTER TABLE disclosure_view ADD COLUMN file_id uuid;
ALTER TABLE disclosure_view ADD COLUMN grant_id uuid;
ALTER TABLE disclosure_view ADD CONSTRAINT disclosure_view_file_id_foreign
    FOREIGN KEY (file_id) REFERENCES confidential_file (id);
ALTER TABLE disclosure_view ADD CONSTRAINT disclosure_view_grant_id_foreign
    FOREIGN KEY (grant_id) REFERENCES disclosure_grant (id)
"""

RULES = {
    # Row locks make a reading and a revocation wait for each other, whichever came first.
    "refuse_unless_granted": """
BEGIN
    IF NEW.grant_id IS NULL THEN
        PERFORM FROM ownership WHERE right_id = NEW.right_id
            AND organisation_id = NEW.organisation_id AND owned_until IS NULL;
    ELSE
        PERFORM FROM disclosure_grant g WHERE g.id = NEW.grant_id
            AND g.right_id = NEW.right_id AND g.organisation_id = NEW.organisation_id
            AND (g.user_id IS NULL OR g.user_id = NEW.user_id)
            AND g.revoked_at IS NULL AND (g.expires_at IS NULL OR g.expires_at > NEW.created_at)
            AND EXISTS (SELECT FROM ownership o WHERE o.right_id = g.right_id
                AND o.organisation_id = g.granted_by AND o.owned_until IS NULL)
            AND NOT EXISTS (SELECT FROM confidential_hold h WHERE h.right_id = NEW.right_id
                AND h.released_at IS NULL AND h.sealed_until > NEW.created_at)
            FOR SHARE OF g;
    END IF;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no leave to read %', NEW.right_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'disclosure_view_granted';
    END IF;
    RETURN NEW;
END""",
    # The row lock makes a submission and the close wait for each other.
    "refuse_late_submission": """
BEGIN
    PERFORM FROM solicitation s WHERE s.id = NEW.solicitation_id AND s.state = 'open'
        AND coalesce(NEW.withdrawn_at, NEW.created_at)
            < date_trunc('second', s.closes_at) + interval '1 second' FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'solicitation % takes no submissions', NEW.solicitation_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'submission_in_time';
    END IF;
    RETURN NEW;
END""",
    "refuse_over_budget": """
BEGIN
    PERFORM FROM solicitation s WHERE s.id = NEW.solicitation_id FOR UPDATE;
    IF EXISTS (SELECT FROM solicitation s JOIN award a ON a.solicitation_id = s.id
        WHERE s.id = NEW.solicitation_id GROUP BY s.id
        HAVING sum(a.amount_minor) > s.budget_minor OR count(*) > s.awards_max) THEN
        RAISE EXCEPTION 'the awards of % are more than its budget', NEW.solicitation_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'award_within_budget';
    END IF;
    RETURN NEW;
END""",
    "refuse_change_of_held": """
BEGIN
    IF EXISTS (SELECT FROM confidential_hold
        WHERE right_id = NEW.right_id AND released_at IS NULL) THEN
        RAISE EXCEPTION 'the confidential body of % is bound', NEW.right_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'confidential_body_held';
    END IF;
    RETURN NEW;
END""",
}
TRIGGERS = """
CREATE TRIGGER disclosure_view_granted BEFORE INSERT ON disclosure_view
    FOR EACH ROW EXECUTE FUNCTION refuse_unless_granted();
CREATE TRIGGER confidential_body_put_held BEFORE INSERT ON confidential_body
    FOR EACH ROW EXECUTE FUNCTION refuse_change_of_held();
CREATE TRIGGER confidential_body_shred_held BEFORE UPDATE ON confidential_body FOR EACH ROW
    WHEN (OLD.shredded_at IS NULL AND NEW.shredded_at IS NOT NULL)
    EXECUTE FUNCTION refuse_change_of_held();
CREATE TRIGGER confidential_file_change_held BEFORE UPDATE ON confidential_file FOR EACH ROW
    WHEN (OLD.stored_at IS NULL AND NEW.stored_at IS NOT NULL
        OR OLD.stored_at IS NOT NULL AND OLD.shredded_at IS NULL AND NEW.shredded_at IS NOT NULL)
    EXECUTE FUNCTION refuse_change_of_held();
CREATE TRIGGER submission_in_time BEFORE INSERT OR UPDATE ON submission
    FOR EACH ROW EXECUTE FUNCTION refuse_late_submission();
CREATE TRIGGER award_within_budget AFTER INSERT OR UPDATE ON award
    FOR EACH ROW EXECUTE FUNCTION refuse_over_budget();
CREATE TRIGGER known_declaration_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON known_declaration
    FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()
"""


def upgrade() -> None:
    for statement in (*TABLES.split(";\n"), *COLUMNS.split(";\n")):
        op.execute(statement)
    for name, body in RULES.items():
        op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
    for trigger in TRIGGERS.split(";\n"):
        op.execute(trigger)


def downgrade() -> None:
    """What lies in the vault stays there; its texts cannot be read by the version before."""
    op.execute("DROP TRIGGER disclosure_view_granted ON disclosure_view")
    op.execute("DROP TRIGGER confidential_body_put_held ON confidential_body")
    op.execute("DROP TRIGGER confidential_body_shred_held ON confidential_body")
    op.execute("DROP TRIGGER submission_in_time ON submission")
    op.execute("DROP TRIGGER award_within_budget ON award")
    op.execute("DROP TRIGGER confidential_file_change_held ON confidential_file")
    for name in RULES:
        op.execute(f"DROP FUNCTION {name}()")
    for column in ("file_id", "grant_id"):
        op.drop_column("disclosure_view", column)
    op.drop_index("disclosure_grant_purpose_index", "disclosure_grant")
    for column in ("user_id", "expires_at"):
        op.drop_column("disclosure_grant", column)
    op.drop_index("confidential_body_doomed_index", "confidential_body")
    for column in ("shredded_at", "destroyed_at"):
        op.drop_column("confidential_body", column)
    op.execute("DELETE FROM confidential_body WHERE wrapped_key IS NULL")
    for column in ("key_id", "wrapped_key"):
        op.alter_column("confidential_body", column, nullable=False)
    for table in (
        "filed_idea",
        "awarded_deal",
        "award",
        "evaluation",
        "evaluator",
        "submission",
        "solicitation",
        "unwanted_idea",
        "known_declaration",
        "disclosure",
        "existence_proof",
        "proof_batch",
        "confidential_hold",
        "confidential_file",
    ):
        op.drop_table(table)
