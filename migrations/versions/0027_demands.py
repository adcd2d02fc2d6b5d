"""Demands of other products than loans; collateral is valued by orders of the valuation domain.

The figures that institutions stated before are dropped; offers and pledges keep theirs. A request
that waits for such a figure is open to a new order.
"""

from alembic import op

revision = "0027"
down_revision = "0026"
branch_labels = None
depends_on = None

VALUATIONS = """
CREATE TABLE financing_valuation (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    request_id uuid NOT NULL,
    order_id uuid NOT NULL,
    CONSTRAINT financing_valuation_primary PRIMARY KEY (id),
    CONSTRAINT financing_valuation_order_unique UNIQUE (order_id),
    CONSTRAINT financing_valuation_request_id_foreign FOREIGN KEY (request_id) REFERENCES financing_request (id),
    CONSTRAINT financing_valuation_order_id_foreign FOREIGN KEY (order_id) REFERENCES valuation_order (id)
);
CREATE INDEX financing_valuation_request_index ON financing_valuation (request_id, id);
ALTER TABLE loan_offer ADD COLUMN valuation_order_id uuid;
ALTER TABLE loan_offer ADD CONSTRAINT loan_offer_valuation_order_id_foreign
    FOREIGN KEY (valuation_order_id) REFERENCES valuation_order (id);
UPDATE financing_request SET state = 'prescreened' WHERE state = 'valuation_ordered';
ALTER TABLE financing_request DROP COLUMN valuer_organisation_id;
DROP TABLE appraisal;
"""
APPRAISALS = """
CREATE TABLE appraisal (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    request_id uuid NOT NULL,
    right_id uuid NOT NULL,
    institution_organisation_id uuid NOT NULL,
    value_minor bigint NOT NULL,
    currency varchar NOT NULL,
    valued_on date NOT NULL,
    report_reference varchar NOT NULL,
    grade varchar,
    CONSTRAINT appraisal_primary PRIMARY KEY (id),
    CONSTRAINT appraisal_value_check CHECK (value_minor > 0),
    CONSTRAINT appraisal_request_id_foreign FOREIGN KEY (request_id) REFERENCES financing_request (id),
    CONSTRAINT appraisal_right_id_foreign FOREIGN KEY (right_id) REFERENCES ip_right (id),
    CONSTRAINT appraisal_institution_organisation_id_foreign FOREIGN KEY (institution_organisation_id) REFERENCES organisation (id)
);
CREATE INDEX appraisal_request_index ON appraisal (request_id, id);
CREATE INDEX appraisal_right_index ON appraisal (right_id, valued_on, id);
ALTER TABLE financing_request ADD COLUMN valuer_organisation_id uuid;
ALTER TABLE financing_request ADD CONSTRAINT financing_request_valuer_organisation_id_foreign
    FOREIGN KEY (valuer_organisation_id) REFERENCES organisation (id);
ALTER TABLE loan_offer DROP COLUMN valuation_order_id;
DROP TABLE financing_valuation;
"""
DEMANDS = """
CREATE TABLE demand (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    version integer NOT NULL,
    due_at timestamptz,
    company_organisation_id uuid NOT NULL,
    product varchar(32) NOT NULL,
    amount_minor bigint NOT NULL,
    currency varchar NOT NULL,
    summary varchar NOT NULL,
    terms jsonb NOT NULL,
    offerer_organisation_id uuid,
    agreed_minor bigint,
    leads_to varchar,
    settled_at timestamptz,
    state varchar(32) NOT NULL,
    CONSTRAINT demand_primary PRIMARY KEY (id),
    CONSTRAINT demand_amount_check CHECK (amount_minor > 0),
    CONSTRAINT demand_product_check CHECK (product = terms ->> 'product'),
    CONSTRAINT demand_company_organisation_id_foreign FOREIGN KEY (company_organisation_id) REFERENCES organisation (id),
    CONSTRAINT demand_offerer_organisation_id_foreign FOREIGN KEY (offerer_organisation_id) REFERENCES organisation (id)
);
CREATE INDEX demand_company_index ON demand (company_organisation_id, id);
CREATE INDEX demand_offerer_index ON demand (offerer_organisation_id, id);
CREATE INDEX demand_open_index ON demand (product, id) WHERE state = 'open';
CREATE INDEX demand_due_index ON demand (due_at) WHERE due_at IS NOT NULL;
CREATE UNIQUE INDEX demand_leads_to_unique ON demand (leads_to) WHERE leads_to IS NOT NULL;
CREATE TABLE demand_right (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    demand_id uuid NOT NULL,
    right_id uuid NOT NULL,
    CONSTRAINT demand_right_primary PRIMARY KEY (id),
    CONSTRAINT demand_right_once_unique UNIQUE (demand_id, right_id),
    CONSTRAINT demand_right_demand_id_foreign FOREIGN KEY (demand_id) REFERENCES demand (id),
    CONSTRAINT demand_right_right_id_foreign FOREIGN KEY (right_id) REFERENCES ip_right (id)
);
CREATE INDEX demand_right_right_index ON demand_right (right_id);
CREATE TABLE demand_offer (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    version integer NOT NULL,
    due_at timestamptz,
    demand_id uuid NOT NULL,
    offerer_organisation_id uuid NOT NULL,
    amount_minor bigint NOT NULL,
    currency varchar NOT NULL,
    terms jsonb NOT NULL,
    valid_until timestamptz NOT NULL,
    state varchar(32) NOT NULL,
    CONSTRAINT demand_offer_primary PRIMARY KEY (id),
    CONSTRAINT demand_offer_amount_check CHECK (amount_minor > 0),
    CONSTRAINT demand_offer_demand_id_foreign FOREIGN KEY (demand_id) REFERENCES demand (id),
    CONSTRAINT demand_offer_offerer_organisation_id_foreign FOREIGN KEY (offerer_organisation_id) REFERENCES organisation (id)
);
CREATE UNIQUE INDEX demand_offer_one_live ON demand_offer (demand_id, offerer_organisation_id) WHERE state = 'offered';
CREATE UNIQUE INDEX demand_offer_one_accepted ON demand_offer (demand_id) WHERE state = 'accepted';
CREATE INDEX demand_offer_demand_index ON demand_offer (demand_id, id);
CREATE INDEX demand_offer_offerer_index ON demand_offer (offerer_organisation_id, id);
CREATE INDEX demand_offer_due_index ON demand_offer (due_at) WHERE due_at IS NOT NULL;
CREATE TABLE pool_collection (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    demand_id uuid NOT NULL,
    starts_on date NOT NULL,
    ends_on date NOT NULL,
    cash_minor bigint NOT NULL,
    residue_minor bigint NOT NULL,
    distributed_at timestamptz,
    CONSTRAINT pool_collection_primary PRIMARY KEY (id),
    CONSTRAINT pool_collection_start_unique UNIQUE (demand_id, starts_on),
    CONSTRAINT pool_collection_amounts_check CHECK (cash_minor > 0 AND residue_minor >= 0),
    CONSTRAINT pool_collection_period_check CHECK (ends_on > starts_on),
    CONSTRAINT pool_collection_demand_id_foreign FOREIGN KEY (demand_id) REFERENCES demand (id)
);
CREATE UNIQUE INDEX pool_collection_one_open ON pool_collection (demand_id) WHERE distributed_at IS NULL;
CREATE TABLE pool_share (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    collection_id uuid NOT NULL,
    position integer NOT NULL,
    interest_due_minor bigint NOT NULL,
    interest_minor bigint NOT NULL,
    principal_minor bigint NOT NULL,
    balance_minor bigint NOT NULL,
    unpaid_minor bigint NOT NULL,
    CONSTRAINT pool_share_primary PRIMARY KEY (id),
    CONSTRAINT pool_share_position_unique UNIQUE (collection_id, position),
    CONSTRAINT pool_share_amounts_check CHECK (interest_due_minor >= 0 AND interest_minor >= 0
        AND principal_minor >= 0 AND balance_minor >= 0 AND unpaid_minor >= 0),
    CONSTRAINT pool_share_collection_id_foreign FOREIGN KEY (collection_id) REFERENCES pool_collection (id)
);
"""
TABLES = ("pool_share", "pool_collection", "demand_offer", "demand_right", "demand")
APPEND_ONLY = ("financing_valuation", "demand_right", "pool_share")


def upgrade() -> None:
    _run(VALUATIONS)
    _run(DEMANDS)
    for table in APPEND_ONLY:
        op.execute(_append_only(table))


def downgrade() -> None:
    for table in TABLES:
        op.execute(f"DROP TABLE {table}")
    _run(APPRAISALS)
    op.execute(_append_only("appraisal"))


def _run(statements: str) -> None:
    """PostgreSQL's driver takes them one by one."""
    for statement in statements.strip().split(";\n"):
        op.execute(statement)


def _append_only(table: str) -> str:
    return (
        f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
    )
