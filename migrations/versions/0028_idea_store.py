"""The idea store, look-alikes of ideas, and what a solicitation may want beside a purchase."""

from alembic import op

revision = "0028"
down_revision = "0027"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE store_rule (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    right_kind varchar(32) NOT NULL,
    months integer NOT NULL,
    window_days integer NOT NULL,
    windows_max integer NOT NULL,
    valid_from date NOT NULL,
    valid_until date,
    source varchar NOT NULL,
    CONSTRAINT store_rule_primary PRIMARY KEY (id),
    CONSTRAINT store_rule_no_overlap EXCLUDE USING gist (
        right_kind WITH =, daterange(valid_from, valid_until) WITH &&),
    CONSTRAINT store_rule_period_check CHECK (valid_until IS NULL OR valid_until > valid_from),
    CONSTRAINT store_rule_positive_check CHECK (
        months > 0 AND window_days > 0 AND windows_max > 0)
);
CREATE TABLE store_entry (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    version integer NOT NULL,
    due_at timestamptz,
    right_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    rule_id uuid NOT NULL,
    filed_on date NOT NULL,
    time_zone varchar NOT NULL,
    teaser varchar NOT NULL,
    language varchar NOT NULL,
    asking_price_minor bigint,
    currency varchar NOT NULL,
    rounds integer NOT NULL,
    state varchar(32) NOT NULL,
    CONSTRAINT store_entry_primary PRIMARY KEY (id),
    CONSTRAINT store_entry_right_id_foreign FOREIGN KEY (right_id) REFERENCES ip_right (id),
    CONSTRAINT store_entry_organisation_id_foreign
        FOREIGN KEY (organisation_id) REFERENCES organisation (id),
    CONSTRAINT store_entry_rule_id_foreign FOREIGN KEY (rule_id) REFERENCES store_rule (id),
    CONSTRAINT store_entry_asking_price_positive_check CHECK (asking_price_minor > 0),
    CONSTRAINT store_entry_rounds_positive_check CHECK (rounds > 0)
);
CREATE UNIQUE INDEX store_entry_one_live_per_right ON store_entry (right_id)
    WHERE state IN ('open', 'selecting', 'selected');
CREATE INDEX store_entry_organisation_index ON store_entry (organisation_id, id);
CREATE INDEX store_entry_open_index ON store_entry (id) WHERE state = 'open';
CREATE INDEX store_entry_due_index ON store_entry (due_at) WHERE due_at IS NOT NULL;
CREATE TABLE store_window (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    entry_id uuid NOT NULL,
    right_id uuid NOT NULL,
    round integer NOT NULL,
    opens_at timestamptz NOT NULL,
    closes_at timestamptz NOT NULL,
    outcome varchar(32),
    CONSTRAINT store_window_primary PRIMARY KEY (id),
    CONSTRAINT store_window_entry_id_foreign FOREIGN KEY (entry_id) REFERENCES store_entry (id),
    CONSTRAINT store_window_right_id_foreign FOREIGN KEY (right_id) REFERENCES ip_right (id),
    CONSTRAINT store_window_round_unique UNIQUE (right_id, round),
    CONSTRAINT store_window_no_overlap EXCLUDE USING gist (
        right_id WITH =, tstzrange(opens_at, closes_at) WITH &&),
    CONSTRAINT store_window_period_check CHECK (closes_at >= opens_at)
);
CREATE INDEX store_window_entry_index ON store_window (entry_id);
CREATE TABLE store_application (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    window_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    price_minor bigint NOT NULL,
    message varchar NOT NULL,
    withdrawn_at timestamptz,
    CONSTRAINT store_application_primary PRIMARY KEY (id),
    CONSTRAINT store_application_window_id_foreign
        FOREIGN KEY (window_id) REFERENCES store_window (id),
    CONSTRAINT store_application_organisation_id_foreign
        FOREIGN KEY (organisation_id) REFERENCES organisation (id),
    CONSTRAINT store_application_price_positive_check CHECK (price_minor > 0)
);
CREATE UNIQUE INDEX store_application_one_live ON store_application (window_id, organisation_id)
    WHERE withdrawn_at IS NULL;
CREATE INDEX store_application_organisation_index ON store_application (organisation_id, id);
CREATE TABLE store_sale (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    entry_id uuid NOT NULL,
    application_id uuid NOT NULL,
    deal_id uuid NOT NULL,
    CONSTRAINT store_sale_primary PRIMARY KEY (id),
    CONSTRAINT store_sale_entry_id_foreign FOREIGN KEY (entry_id) REFERENCES store_entry (id),
    CONSTRAINT store_sale_application_id_foreign
        FOREIGN KEY (application_id) REFERENCES store_application (id),
    CONSTRAINT store_sale_deal_id_foreign FOREIGN KEY (deal_id) REFERENCES deal (id),
    CONSTRAINT store_sale_application_unique UNIQUE (application_id),
    CONSTRAINT store_sale_deal_unique UNIQUE (deal_id)
);
CREATE TABLE future_share (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    idea_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    numerator integer NOT NULL,
    denominator integer NOT NULL,
    subject varchar NOT NULL,
    CONSTRAINT future_share_primary PRIMARY KEY (id),
    CONSTRAINT future_share_idea_id_foreign FOREIGN KEY (idea_id) REFERENCES ip_right (id),
    CONSTRAINT future_share_organisation_id_foreign
        FOREIGN KEY (organisation_id) REFERENCES organisation (id),
    CONSTRAINT future_share_subject_unique UNIQUE (subject),
    CONSTRAINT future_share_range_check CHECK (numerator > 0 AND numerator < denominator)
);
CREATE INDEX future_share_idea_index ON future_share (idea_id);
CREATE TABLE co_development (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    version integer NOT NULL,
    due_at timestamptz,
    award_id uuid NOT NULL,
    right_id uuid NOT NULL,
    organiser_organisation_id uuid NOT NULL,
    share_numerator integer NOT NULL,
    share_denominator integer NOT NULL,
    team jsonb NOT NULL,
    price_minor bigint NOT NULL,
    currency varchar NOT NULL,
    state varchar(32) NOT NULL,
    CONSTRAINT co_development_primary PRIMARY KEY (id),
    CONSTRAINT co_development_award_id_foreign FOREIGN KEY (award_id) REFERENCES award (id),
    CONSTRAINT co_development_right_id_foreign FOREIGN KEY (right_id) REFERENCES ip_right (id),
    CONSTRAINT co_development_organiser_organisation_id_foreign
        FOREIGN KEY (organiser_organisation_id) REFERENCES organisation (id),
    CONSTRAINT co_development_award_unique UNIQUE (award_id),
    CONSTRAINT co_development_price_positive_check CHECK (price_minor > 0),
    CONSTRAINT co_development_share_range_check CHECK (
        share_numerator > 0 AND share_numerator < share_denominator)
);
CREATE INDEX co_development_due_index ON co_development (due_at) WHERE due_at IS NOT NULL;
ALTER TABLE solicitation ADD COLUMN licence_terms jsonb;
ALTER TABLE solicitation ADD COLUMN share_numerator integer;
ALTER TABLE solicitation ADD COLUMN share_denominator integer;
ALTER TABLE solicitation ADD CONSTRAINT solicitation_licence_check CHECK (
    (outcome = 'licence') = (licence_terms IS NOT NULL));
ALTER TABLE solicitation ADD CONSTRAINT solicitation_co_development_check CHECK (
    (outcome = 'co_development') = (share_numerator IS NOT NULL)
    AND (share_numerator IS NULL) = (share_denominator IS NULL));
ALTER TABLE solicitation ADD CONSTRAINT solicitation_share_range_check CHECK (
    share_numerator > 0 AND share_numerator < share_denominator)
"""

# Six months for patents and utility models, three for designs, four windows of thirty days.
RULES = """
INSERT INTO store_rule (id, created_at, right_kind, months, window_days, windows_max, valid_from,
    source)
SELECT id::uuid, now(), kind, months, 30, 4, '2021-07-28', 'rules of the Idea-ro store, 2021'
FROM (VALUES ('01890a5d-0000-7000-8000-000000000301', 'patent', 6),
    ('01890a5d-0000-7000-8000-000000000302', 'utility_model', 6),
    ('01890a5d-0000-7000-8000-000000000303', 'design', 3)) AS r (id, kind, months)
"""

FUNCTIONS = {
    "refuse_window": """
BEGIN
    PERFORM FROM store_entry e
    JOIN store_rule r ON r.id = e.rule_id JOIN ip_right p ON p.id = e.right_id
    WHERE e.id = NEW.entry_id AND e.right_id = NEW.right_id AND r.right_kind = p.kind
        AND p.legal_status = 'pending' AND NEW.round BETWEEN 1 AND r.windows_max
        AND NEW.closes_at <= NEW.opens_at + r.window_days * interval '24 hours'
        AND (NEW.opens_at AT TIME ZONE e.time_zone)::date BETWEEN e.filed_on
            AND (e.filed_on + make_interval(months => r.months))::date;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'no window may open for %', NEW.right_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'store_window_allowed';
    END IF;
    RETURN NEW;
END""",
    # The row lock makes an application and the close of its window wait for each other.
    "refuse_late_application": """
BEGIN
    PERFORM FROM store_entry e JOIN store_window w ON w.entry_id = e.id
    WHERE w.id = NEW.window_id AND e.state = 'open'
        AND coalesce(NEW.withdrawn_at, NEW.created_at) >= w.opens_at
        AND coalesce(NEW.withdrawn_at, NEW.created_at) < w.closes_at
    FOR SHARE OF e;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'window % takes no applications', NEW.window_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'store_application_in_time';
    END IF;
    RETURN NEW;
END""",
}
TRIGGERS = """
CREATE TRIGGER store_window_allowed BEFORE INSERT ON store_window
    FOR EACH ROW EXECUTE FUNCTION refuse_window();
CREATE TRIGGER store_window_not_longer BEFORE UPDATE ON store_window FOR EACH ROW
    WHEN (NEW.opens_at <> OLD.opens_at OR NEW.closes_at > OLD.closes_at
        OR NEW.round <> OLD.round OR NEW.entry_id <> OLD.entry_id)
    EXECUTE FUNCTION refuse_window();
CREATE TRIGGER store_application_in_time BEFORE INSERT OR UPDATE ON store_application
    FOR EACH ROW EXECUTE FUNCTION refuse_late_application()
"""


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        op.execute(statement)
    op.execute(RULES)
    for name, body in FUNCTIONS.items():
        op.execute(f"CREATE FUNCTION {name}() RETURNS trigger LANGUAGE plpgsql AS $$ {body} $$")
    for trigger in TRIGGERS.split(";\n"):
        op.execute(trigger)


def downgrade() -> None:
    """What was asked for beside purchases has no place in the version before."""
    for table in (
        "co_development",
        "future_share",
        "store_sale",
        "store_application",
        "store_window",
        "store_entry",
        "store_rule",
    ):
        op.drop_table(table)
    for name in FUNCTIONS:
        op.execute(f"DROP FUNCTION {name}()")
    for name in ("licence", "co_development", "share_range"):
        op.drop_constraint(f"solicitation_{name}_check", "solicitation")
    for column in ("licence_terms", "share_numerator", "share_denominator"):
        op.drop_column("solicitation", column)
