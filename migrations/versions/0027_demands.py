"""Collateral is valued by orders of the valuation domain.

The figures that institutions stated before are dropped; offers and pledges keep theirs. A request
that waits for such a figure is open to a new order.
"""

from alembic import op

revision = "0027"
down_revision = "0025"
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
APPEND_ONLY = ("financing_valuation",)


def upgrade() -> None:
    _run(VALUATIONS)
    for table in APPEND_ONLY:
        op.execute(_append_only(table))


def downgrade() -> None:
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
