"""Chains of title, owners' shares, consents, legal events in two times, and rules of law."""

import json

import sqlalchemy as sa
import sqlmodel
from alembic import op
from sqlalchemy.dialects import postgresql

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

RIGHT_DATES = (
    "last_day",
    "fees_paid_until",
    "restrained_since",
    "challenged_since",
    "checked_on",
)
RIGHT_MOMENTS = ("turns_at", "known_at")
EVENT_COLUMNS = (
    ("effective_on", sa.Date()),
    ("claims", sa.ARRAY(sa.Integer())),
    ("fee_year", sa.Integer()),
    ("extension_days", sa.Integer()),
    ("code", sqlmodel.AutoString()),
    ("payload", postgresql.JSONB()),
)
APPEND_ONLY = ("conveyance", "register_check", "retraction")

WHOLE = """
CREATE FUNCTION refuse_unless_owned_whole() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    changed uuid := coalesce(NEW.right_id, OLD.right_id);
    boundary timestamptz;
    one record;
    owned numeric;
    whole numeric;
BEGIN
    FOR boundary IN
        SELECT owned_from FROM ownership WHERE right_id = changed
        UNION SELECT owned_until FROM ownership
            WHERE right_id = changed AND owned_until IS NOT NULL
    LOOP
        owned := 0;
        whole := 1;
        FOR one IN
            SELECT numerator, denominator FROM ownership
            WHERE right_id = changed AND owned_from <= boundary
              AND (owned_until IS NULL OR owned_until > boundary)
        LOOP
            owned := owned * one.denominator + one.numerator * whole;
            whole := whole * one.denominator;
        END LOOP;
        IF owned <> whole THEN
            RAISE EXCEPTION 'the shares of right % at % sum to % / %', changed, boundary, owned,
                whole
                USING ERRCODE = 'check_violation', CONSTRAINT = 'ownership_whole';
        END IF;
    END LOOP;
    RETURN NULL;
END $$
"""

CHAIN = """
INSERT INTO conveyance (id, created_at, right_id, kind, from_organisation_id, to_organisation_id,
    numerator, denominator, passed_at, basis, source)
SELECT o.id, o.created_at, o.right_id,
    CASE WHEN o.giver IS NULL THEN 'declaration' ELSE 'assignment' END, o.giver,
    o.organisation_id, 1, 1, o.owned_from, o.basis,
    CASE WHEN o.giver IS NULL THEN 'declared by the owner' ELSE 'this marketplace' END
FROM (
    SELECT *, lag(organisation_id) OVER (PARTITION BY right_id ORDER BY owned_from) AS giver
    FROM ownership
) o
"""

ORIGINS = """
UPDATE legal_event e SET event_key = e.id::text,
    origin = CASE WHEN e.recorded_by = r.registered_by THEN 'owner' ELSE 'operator' END
FROM ip_right r WHERE r.id = e.right_id
"""

KNOWN = """
UPDATE ip_right r SET known_at = greatest(r.created_at,
    (SELECT max(created_at) FROM legal_event WHERE right_id = r.id),
    (SELECT max(created_at) FROM conveyance WHERE right_id = r.id))
"""

KR_TERM = {"time_zone": "Asia/Seoul"}
CN_TERM = {"first_day_counts": True, "time_zone": "Asia/Shanghai"}
US_TERM = {"time_zone": "America/New_York"}
ALL = "all"
NOBODY = "nobody"
ACTS = (
    "list",
    "sell",
    "sell_share",
    "license",
    "license_sole",
    "license_exclusive",
    "pledge",
    "pledge_share",
    "surrender",
)
EVERY_ACT = dict.fromkeys(ACTS, ALL)
RULES = (
    (
        "KR",
        "patent",
        "term",
        {"years": 20, "extension_years_max": 5, **KR_TERM},
        "1996-07-01",
        None,
        "Patent Act 88(1): until 20 years after the filing date; 89: extended up to 5 years",
    ),
    (
        "KR",
        "utility_model",
        "term",
        {"years": 10, **KR_TERM},
        "1999-07-01",
        None,
        "Utility Model Act 22: until 10 years after the filing date",
    ),
    (
        "KR",
        "design",
        "term",
        {"years": 15, "counted_from": "grant", **KR_TERM},
        "1998-03-01",
        "2014-07-01",
        "Design Act before the revision of 2013: 15 years from registration",
    ),
    (
        "KR",
        "design",
        "term",
        {"years": 20, **KR_TERM},
        "2014-07-01",
        None,
        "Design Act 91: until 20 years after the filing date",
    ),
    (
        "CN",
        "patent",
        "term",
        {"years": 20, "extension_years_max": 5, **CN_TERM},
        "1993-01-01",
        None,
        "Patent Law 42: 20 years counted from the filing date, which is the first day",
    ),
    (
        "CN",
        "utility_model",
        "term",
        {"years": 10, **CN_TERM},
        "1993-01-01",
        None,
        "Patent Law 42: 10 years counted from the filing date",
    ),
    (
        "CN",
        "design",
        "term",
        {"years": 10, **CN_TERM},
        "1993-01-01",
        "2021-06-01",
        "Patent Law 42 before the fourth amendment: 10 years, for filings before 2021-06-01",
    ),
    (
        "CN",
        "design",
        "term",
        {"years": 15, **CN_TERM},
        "2021-06-01",
        None,
        "Patent Law 42 after the fourth amendment: 15 years, for filings since 2021-06-01",
    ),
    (
        "US",
        "patent",
        "term",
        {"years": 20, "extension_years_max": 10, **US_TERM},
        "1995-06-08",
        None,
        "35 USC 154(a)(2): 20 years from the earliest filing, adjusted by 154(b) and 156",
    ),
    (
        "US",
        "design",
        "term",
        {"years": 14, "counted_from": "grant", **US_TERM},
        "1982-08-27",
        "2015-05-13",
        "35 USC 173 before the Hague implementation: 14 years from grant",
    ),
    (
        "US",
        "design",
        "term",
        {"years": 15, "counted_from": "grant", **US_TERM},
        "2015-05-13",
        None,
        "35 USC 173: 15 years from grant",
    ),
    *(
        (
            "KR",
            kind,
            "fees",
            {"counted_from": "grant", "years_at_grant": 3, "grace_months": 6},
            "1990-09-01",
            None,
            (
                "Patent Act 79, 81(1), 81(3): three years at registration, then"
                " yearly; six months of grace; unpaid, extinguished since the day after the paid years"
            ),
        )
        for kind in ("patent", "utility_model", "design")
    ),
    *(
        (
            "CN",
            kind,
            "fees",
            {"counted_from": "filing", "first_day_counts": True, "grace_months": 6},
            "1985-04-01",
            None,
            (
                "Patent Law 43, 44; Implementing Regulations 98: yearly by the"
                " filing date, six months of grace"
            ),
        )
        for kind in ("patent", "utility_model", "design")
    ),
    (
        "US",
        "patent",
        "fees",
        {"counted_from": "grant", "years_at_grant": 4, "grace_months": 0},
        "1980-12-12",
        None,
        (
            "35 USC 41(b): due 3.5, 7.5 and 11.5 years after grant; the six months"
            " of grace end with years 4, 8 and 12"
        ),
    ),
    *(
        (office, kind, "invalidation", {"ex_tunc": True}, "1985-04-01", None, source)
        for office, source in (
            ("KR", "Patent Act 133(3): deemed never to have existed; 133(1)4 from the event's day"),
            ("CN", "Patent Law 47: deemed non-existent from the beginning"),
            ("US", "35 USC 318(b), 328(b) and case law: void from the beginning"),
        )
        for kind in ("patent", "utility_model", "design")
    ),
    *(
        (
            "KR",
            kind,
            "title",
            {"otherwise": "receipt", "by_kind": {"succession": "effective"}},
            "1990-09-01",
            None,
            (
                "Patent Act 101: effective on registration, except succession;"
                " Registration Decree 4, 5: from receipt, ranked by receipt"
            ),
        )
        for kind in ("patent", "utility_model", "design")
    ),
    *(
        (
            "CN",
            kind,
            "title",
            {"otherwise": "recordal", "by_kind": {"succession": "effective"}},
            "1985-04-01",
            None,
            "Patent Law 10: effective on registration",
        )
        for kind in ("patent", "utility_model", "design")
    ),
    *(
        (
            "US",
            kind,
            "title",
            {"otherwise": "effective"},
            "1952-07-19",
            None,
            "35 USC 261: effective between the parties; recording protects against later buyers",
        )
        for kind in ("patent", "design")
    ),
    *(
        (
            "KR",
            kind,
            "consents",
            {"acts": EVERY_ACT},
            "1990-09-01",
            None,
            "Patent Act 99(2), (4): a share, a pledge of it and any licence take all owners",
        )
        for kind in ("patent", "utility_model", "design")
    ),
    *(
        (
            "CN",
            kind,
            "consents",
            {"acts": EVERY_ACT | {"license": NOBODY}, "fees_shared": True},
            "2009-10-01",
            None,
            (
                "Patent Law 14: an ordinary licence is free and its fees are"
                " shared; every other disposal takes all owners"
            ),
        )
        for kind in ("patent", "utility_model", "design")
    ),
    *(
        (
            "US",
            kind,
            "consents",
            {"acts": EVERY_ACT | dict.fromkeys(("license", "sell_share", "pledge_share"), NOBODY)},
            "1952-07-19",
            None,
            "35 USC 262: each owner may licence and assign their share alone; the whole takes all",
        )
        for kind in ("patent", "design")
    ),
)
"""Jurisdiction, kind, topic, terms, the days from and until which it is in force, source."""

CODES = (
    ("ST27", "*", "A10", "filed", "application"),
    ("ST27", "*", "D10", "published", "publication"),
    ("ST27", "*", "F10-F11", "granted", "grant or registration"),
    ("ST27", "*", "H10-H13", "lapsed", "lapse for unpaid fees"),
    ("ST27", "KR", "PA0109", "filed", "patent application"),
    ("ST27", "KR", "PG1501", "published", "laid open"),
    ("ST27", "KR", "PR0701", "granted", "registration of establishment"),
    ("ST27", "KR", "PC1903", "lapsed", "extinction for unpaid annuity"),
    ("ST27", "KR", "PN2301", "other", "change of applicant"),
    ("INPADOC", "CN", "GR01", "granted", "patent grant"),
    ("INPADOC", "CN", "CF01", "lapsed", "termination for unpaid annuity"),
    ("INPADOC", "CN", "CX01", "expired", "expiry of the term"),
    ("INPADOC", "CN", "IW01", "invalidated", "invalidation of the whole"),
    ("INPADOC", "CN", "PP01", "attached", "preservation of the right"),
    ("INPADOC", "CN", "PD01", "attachment_lifted", "end of the preservation"),
)
"""What is known of codes; offices' own lists are loaded by `marketplace register import-codes`."""


def upgrade() -> None:
    extend_rights()
    create_title()
    create_register()
    create_rules_and_consents()
    op.add_column(
        "deal", sa.Column("co_owned", sa.Boolean(), nullable=False, server_default="false")
    )
    op.alter_column("deal", "co_owned", server_default=None)
    op.execute(KNOWN)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def extend_rights() -> None:
    for name in RIGHT_DATES:
        op.add_column("ip_right", sa.Column(name, sa.Date(), nullable=True))
    for name in RIGHT_MOMENTS:
        op.add_column("ip_right", sa.Column(name, sa.DateTime(timezone=True), nullable=True))
    op.create_index(
        "ip_right_turns_index",
        "ip_right",
        ["turns_at"],
        postgresql_where=sa.text("turns_at IS NOT NULL"),
    )
    for name, kind in EVENT_COLUMNS:
        op.add_column("legal_event", sa.Column(name, kind, nullable=True))
    for name in ("origin", "event_key"):
        op.add_column("legal_event", sa.Column(name, sqlmodel.AutoString(), nullable=True))
    op.execute("ALTER TABLE legal_event DISABLE TRIGGER legal_event_append_only")
    op.execute(ORIGINS)
    op.execute("ALTER TABLE legal_event ENABLE TRIGGER legal_event_append_only")
    for name in ("origin", "event_key"):
        op.alter_column("legal_event", name, nullable=False)
    op.alter_column("legal_event", "recorded_by", nullable=True)
    op.create_unique_constraint(
        "legal_event_once_unique", "legal_event", ["right_id", "origin", "event_key"]
    )
    for name, rule in (
        ("fee_year", "(kind = 'fee_paid') = (fee_year IS NOT NULL)"),
        ("extension", "(kind = 'extended') = (extension_days IS NOT NULL)"),
        ("claims", "claims IS NULL OR kind = 'invalidated'"),
    ):
        op.create_check_constraint(op.f(f"legal_event_{name}_check"), "legal_event", rule)


def create_title() -> None:
    op.create_table(
        "conveyance",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("right_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("from_organisation_id", sa.Uuid(), nullable=True),
        sa.Column("to_organisation_id", sa.Uuid(), nullable=False),
        sa.Column("numerator", sa.BigInteger(), nullable=False),
        sa.Column("denominator", sa.BigInteger(), nullable=False),
        sa.Column("contract_on", sa.Date(), nullable=True),
        sa.Column("effective_on", sa.Date(), nullable=True),
        sa.Column("received_on", sa.Date(), nullable=True),
        sa.Column("receipt_order", sa.Integer(), nullable=True),
        sa.Column("recorded_on", sa.Date(), nullable=True),
        sa.Column("gazetted_on", sa.Date(), nullable=True),
        sa.Column("passed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recordal_number", sqlmodel.AutoString(), nullable=True),
        sa.Column("basis", sqlmodel.AutoString(), nullable=False),
        sa.Column("source", sqlmodel.AutoString(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "numerator > 0 AND numerator <= denominator", name=op.f("conveyance_share_check")
        ),
        sa.CheckConstraint(
            "(kind IN ('declaration', 'grant')) = (from_organisation_id IS NULL)",
            name=op.f("conveyance_giver_check"),
        ),
        sa.CheckConstraint(
            "from_organisation_id <> to_organisation_id", name=op.f("conveyance_two_parties_check")
        ),
        sa.CheckConstraint(
            "received_on <= recorded_on AND recorded_on <= gazetted_on"
            " AND received_on <= gazetted_on",
            name=op.f("conveyance_office_dates_check"),
        ),
        sa.CheckConstraint(
            "receipt_order IS NULL OR received_on IS NOT NULL",
            name=op.f("conveyance_receipt_check"),
        ),
        sa.ForeignKeyConstraint(
            ["right_id"], ["ip_right.id"], name=op.f("conveyance_right_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["from_organisation_id"],
            ["organisation.id"],
            name=op.f("conveyance_from_organisation_id_foreign"),
        ),
        sa.ForeignKeyConstraint(
            ["to_organisation_id"],
            ["organisation.id"],
            name=op.f("conveyance_to_organisation_id_foreign"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("conveyance_primary")),
        sa.UniqueConstraint(
            "right_id",
            "recordal_number",
            "from_organisation_id",
            "to_organisation_id",
            name="conveyance_recordal_unique",
        ),
    )
    op.create_index("conveyance_right_index", "conveyance", ["right_id", "id"])
    op.create_index("conveyance_basis_index", "conveyance", ["basis"])
    op.execute(CHAIN)
    for name in ("numerator", "denominator"):
        op.add_column(
            "ownership", sa.Column(name, sa.BigInteger(), nullable=False, server_default="1")
        )
        op.alter_column("ownership", name, server_default=None)
    op.create_check_constraint(
        op.f("ownership_share_check"), "ownership", "numerator > 0 AND numerator <= denominator"
    )
    exclude_overlaps("right_id", "organisation_id")
    op.execute(WHOLE)
    op.execute(
        "CREATE CONSTRAINT TRIGGER ownership_whole AFTER INSERT OR UPDATE OR DELETE ON ownership"
        " DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION refuse_unless_owned_whole()"
    )


def exclude_overlaps(*same: str) -> None:
    op.drop_constraint("ownership_no_overlap", "ownership")
    equal = ", ".join(f"{name} WITH =" for name in same)
    op.execute(
        "ALTER TABLE ownership ADD CONSTRAINT ownership_no_overlap EXCLUDE USING gist"
        f" ({equal}, tstzrange(owned_from, owned_until) WITH &&)"
    )


def create_register() -> None:
    op.create_table(
        "register_check",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("right_id", sa.Uuid(), nullable=False),
        sa.Column("origin", sqlmodel.AutoString(), nullable=False),
        sa.Column("as_of", sa.Date(), nullable=False),
        sa.Column("source", sqlmodel.AutoString(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(
            ["right_id"], ["ip_right.id"], name=op.f("register_check_right_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("register_check_primary")),
        sa.UniqueConstraint("right_id", "origin", "as_of", name="register_check_once_unique"),
    )
    op.create_table(
        "retraction",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("right_id", sa.Uuid(), nullable=False),
        sa.Column("legal_event_id", sa.Uuid(), nullable=True),
        sa.Column("conveyance_id", sa.Uuid(), nullable=True),
        sa.Column("source", sqlmodel.AutoString(), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
        sa.CheckConstraint(
            "num_nonnulls(legal_event_id, conveyance_id) = 1",
            name=op.f("retraction_one_fact_check"),
        ),
        sa.ForeignKeyConstraint(
            ["right_id"], ["ip_right.id"], name=op.f("retraction_right_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["legal_event_id"], ["legal_event.id"], name=op.f("retraction_legal_event_id_foreign")
        ),
        sa.ForeignKeyConstraint(
            ["conveyance_id"], ["conveyance.id"], name=op.f("retraction_conveyance_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("retraction_primary")),
        sa.UniqueConstraint("legal_event_id", name="retraction_legal_event_unique"),
        sa.UniqueConstraint("conveyance_id", name="retraction_conveyance_unique"),
    )
    op.create_index("retraction_right_index", "retraction", ["right_id"])
    op.create_table(
        "event_code",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("scheme", sqlmodel.AutoString(), nullable=False),
        sa.Column("office", sqlmodel.AutoString(), nullable=False),
        sa.Column("code", sqlmodel.AutoString(), nullable=False),
        sa.Column("kind", sa.String(length=32), nullable=False),
        sa.Column("meaning", sqlmodel.AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("event_code_primary")),
        sa.UniqueConstraint("scheme", "office", "code", name="event_code_once_unique"),
    )
    insert = sa.text(
        "INSERT INTO event_code (id, created_at, scheme, office, code, kind, meaning)"
        " VALUES (gen_random_uuid(), now(), :scheme, :office, :code, :kind, :meaning)"
    )
    for scheme, office, code, kind, meaning in CODES:
        op.execute(
            insert.bindparams(scheme=scheme, office=office, code=code, kind=kind, meaning=meaning)
        )


def create_rules_and_consents() -> None:
    op.create_table(
        "legal_rule",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("jurisdiction", sqlmodel.AutoString(), nullable=False),
        sa.Column("right_kind", sa.String(length=32), nullable=False),
        sa.Column("topic", sa.String(length=32), nullable=False),
        sa.Column("terms", postgresql.JSONB(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("source", sqlmodel.AutoString(), nullable=False),
        postgresql.ExcludeConstraint(
            (sa.column("jurisdiction"), "="),
            (sa.column("right_kind"), "="),
            (sa.column("topic"), "="),
            (sa.text("daterange(valid_from, valid_until)"), "&&"),
            using="gist",
            name="legal_rule_no_overlap",
        ),
        sa.CheckConstraint(
            "valid_until IS NULL OR valid_until > valid_from", name=op.f("legal_rule_period_check")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("legal_rule_primary")),
    )
    insert = sa.text(
        "INSERT INTO legal_rule (id, created_at, jurisdiction, right_kind, topic, terms,"
        " valid_from, valid_until, source) VALUES (gen_random_uuid(), now(), :jurisdiction, :kind,"
        " :topic, CAST(:terms AS jsonb), CAST(:begins AS date), CAST(:ends AS date), :source)"
    )
    for jurisdiction, kind, topic, terms, begins, ends, source in RULES:
        op.execute(
            insert.bindparams(
                sa.bindparam("begins", begins, sa.Text()),
                sa.bindparam("ends", ends, sa.Text()),
                jurisdiction=jurisdiction,
                kind=kind,
                topic=topic,
                terms=json.dumps(terms),
                source=source,
            )
        )
    op.create_table(
        "consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("created_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("right_id", sa.Uuid(), nullable=False),
        sa.Column("act", sa.String(length=32), nullable=False),
        sa.Column("asked_by", sa.Uuid(), nullable=False),
        sa.Column("organisation_id", sa.Uuid(), nullable=False),
        sa.Column("counterparty_organisation_id", sa.Uuid(), nullable=True),
        sa.Column("terms", sqlmodel.AutoString(), nullable=False),
        sa.Column("terms_sha256", sqlmodel.AutoString(), nullable=False),
        sa.Column("rule_id", sa.Uuid(), nullable=True),
        sa.Column("limit_minor", sa.BigInteger(), nullable=True),
        sa.Column("currency", sqlmodel.AutoString(), nullable=True),
        sa.Column("single_use", sa.Boolean(), nullable=False),
        sa.Column("used_for", sqlmodel.AutoString(), nullable=True),
        sa.Column("state", sa.String(length=32), nullable=False),
        sa.CheckConstraint("organisation_id <> asked_by", name=op.f("consent_two_owners_check")),
        sa.CheckConstraint(
            "(limit_minor IS NULL) = (currency IS NULL)", name=op.f("consent_limit_check")
        ),
        sa.CheckConstraint("limit_minor > 0", name=op.f("consent_limit_positive_check")),
        sa.CheckConstraint(
            "(state = 'used') = (used_for IS NOT NULL)", name=op.f("consent_used_check")
        ),
        sa.ForeignKeyConstraint(
            ["right_id"], ["ip_right.id"], name=op.f("consent_right_id_foreign")
        ),
        *(
            sa.ForeignKeyConstraint(
                [name], ["organisation.id"], name=op.f(f"consent_{name}_foreign")
            )
            for name in ("asked_by", "organisation_id", "counterparty_organisation_id")
        ),
        sa.ForeignKeyConstraint(
            ["rule_id"], ["legal_rule.id"], name=op.f("consent_rule_id_foreign")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("consent_primary")),
    )
    op.create_index(
        "consent_one_open",
        "consent",
        ["right_id", "act", "organisation_id", "terms_sha256", "counterparty_organisation_id"],
        unique=True,
        postgresql_nulls_not_distinct=True,
        postgresql_where=sa.text("state IN ('asked', 'given')"),
    )
    op.create_index("consent_organisation_index", "consent", ["organisation_id", "id"])
    op.create_index("consent_asker_index", "consent", ["asked_by", "id"])
    for name, column in (("used", "used_for"), ("due", "due_at")):
        op.create_index(
            f"consent_{name}_index",
            "consent",
            [column],
            postgresql_where=sa.text(f"{column} IS NOT NULL"),
        )


def downgrade() -> None:
    op.drop_column("deal", "co_owned")
    for table in ("consent", "legal_rule", "event_code", "retraction", "register_check"):
        op.drop_table(table)
    op.execute("DROP TRIGGER ownership_whole ON ownership")
    op.execute("DROP FUNCTION refuse_unless_owned_whole()")
    exclude_overlaps("right_id")
    op.drop_constraint(op.f("ownership_share_check"), "ownership")
    for name in ("numerator", "denominator"):
        op.drop_column("ownership", name)
    op.drop_table("conveyance")
    for name in ("fee_year", "extension", "claims"):
        op.drop_constraint(op.f(f"legal_event_{name}_check"), "legal_event")
    op.drop_constraint("legal_event_once_unique", "legal_event")
    op.alter_column("legal_event", "recorded_by", nullable=False)
    for name in ("origin", "event_key", *(name for name, _ in EVENT_COLUMNS)):
        op.drop_column("legal_event", name)
    op.drop_index("ip_right_turns_index", "ip_right")
    for name in (*RIGHT_DATES, *RIGHT_MOMENTS):
        op.drop_column("ip_right", name)
