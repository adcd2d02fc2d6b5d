"""Pledge financing: requests, offers, loans with their schedules, recovery and loss sharing.

What the database itself keeps: nothing is paid out of what is held for a loan before the register
shows each of its pledges on a right in force that outlasts it; a schedule sums to what was paid
out, in the order of its days; the shares of a scheme and the parts of a loss are whole.
"""

from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE reference_rate (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    name varchar NOT NULL,
    valid_from date NOT NULL,
    rate_basis_points integer NOT NULL,
    source varchar NOT NULL,
    CONSTRAINT reference_rate_primary PRIMARY KEY (id),
    CONSTRAINT reference_rate_day_unique UNIQUE (name, valid_from)
);

CREATE TABLE risk_sharing_scheme (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    name varchar NOT NULL,
    valid_from date NOT NULL,
    valid_until date,
    source varchar NOT NULL,
    CONSTRAINT risk_sharing_scheme_primary PRIMARY KEY (id),
    CONSTRAINT risk_sharing_scheme_no_overlap EXCLUDE USING gist (name WITH =, daterange(valid_from, valid_until) WITH &&),
    CONSTRAINT risk_sharing_scheme_period_check CHECK (valid_until IS NULL OR valid_until > valid_from)
);

CREATE TABLE compensation_fund (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    organisation_id uuid NOT NULL,
    name varchar NOT NULL,
    currency varchar NOT NULL,
    loan_max_minor bigint,
    lender_year_max_minor bigint,
    default_rate_max_basis_points integer,
    CONSTRAINT compensation_fund_primary PRIMARY KEY (id),
    CONSTRAINT compensation_fund_caps_check CHECK (loan_max_minor > 0 AND lender_year_max_minor > 0),
    CONSTRAINT compensation_fund_stop_loss_check CHECK (default_rate_max_basis_points BETWEEN 0 AND 10000),
    CONSTRAINT compensation_fund_organisation_id_foreign FOREIGN KEY (organisation_id) REFERENCES organisation (id)
);
CREATE INDEX compensation_fund_organisation_index ON compensation_fund (organisation_id, id);

CREATE TABLE financing_request (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    version integer NOT NULL,
    due_at timestamptz,
    borrower_organisation_id uuid NOT NULL,
    amount_minor bigint NOT NULL,
    currency varchar NOT NULL,
    term_months integer NOT NULL,
    purpose varchar NOT NULL,
    region varchar,
    guarantee_offered boolean NOT NULL,
    valuer_organisation_id uuid,
    state varchar(32) NOT NULL,
    CONSTRAINT financing_request_primary PRIMARY KEY (id),
    CONSTRAINT financing_request_amount_check CHECK (amount_minor > 0),
    CONSTRAINT financing_request_term_check CHECK (term_months BETWEEN 1 AND 360),
    CONSTRAINT financing_request_borrower_organisation_id_foreign FOREIGN KEY (borrower_organisation_id) REFERENCES organisation (id),
    CONSTRAINT financing_request_valuer_organisation_id_foreign FOREIGN KEY (valuer_organisation_id) REFERENCES organisation (id)
);
CREATE INDEX financing_request_borrower_index ON financing_request (borrower_organisation_id, id);
CREATE INDEX financing_request_due_index ON financing_request (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX financing_request_state_index ON financing_request (state, id);

CREATE TABLE lender_product (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    lender_organisation_id uuid NOT NULL,
    name varchar NOT NULL,
    currency varchar NOT NULL,
    amount_min_minor bigint NOT NULL,
    amount_max_minor bigint NOT NULL,
    ltv_max_basis_points integer NOT NULL,
    term_months_max integer NOT NULL,
    rate_min_basis_points integer NOT NULL,
    rate_max_basis_points integer NOT NULL,
    regions text[] NOT NULL,
    right_kinds text[] NOT NULL,
    guarantee_required boolean NOT NULL,
    grade_min varchar,
    valid_from date NOT NULL,
    valid_until date,
    withdrawn_at timestamptz,
    CONSTRAINT lender_product_primary PRIMARY KEY (id),
    CONSTRAINT lender_product_amounts_check CHECK (amount_min_minor BETWEEN 1 AND amount_max_minor),
    CONSTRAINT lender_product_rates_check CHECK (rate_min_basis_points BETWEEN 0 AND rate_max_basis_points),
    CONSTRAINT lender_product_ltv_check CHECK (ltv_max_basis_points BETWEEN 1 AND 10000),
    CONSTRAINT lender_product_term_check CHECK (term_months_max BETWEEN 1 AND 360),
    CONSTRAINT lender_product_period_check CHECK (valid_until IS NULL OR valid_until > valid_from),
    CONSTRAINT lender_product_lender_organisation_id_foreign FOREIGN KEY (lender_organisation_id) REFERENCES organisation (id)
);
CREATE INDEX lender_product_currency_index ON lender_product (currency, id);
CREATE INDEX lender_product_lender_index ON lender_product (lender_organisation_id, id);

CREATE TABLE risk_share (
    scheme_id uuid NOT NULL,
    position integer NOT NULL,
    role varchar(32) NOT NULL,
    basis_points integer NOT NULL,
    CONSTRAINT risk_share_primary PRIMARY KEY (scheme_id, position),
    CONSTRAINT risk_share_role_unique UNIQUE (scheme_id, role),
    CONSTRAINT risk_share_share_check CHECK (basis_points BETWEEN 1 AND 10000),
    CONSTRAINT risk_share_scheme_id_foreign FOREIGN KEY (scheme_id) REFERENCES risk_sharing_scheme (id)
);

CREATE TABLE sealed_document (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    subject varchar NOT NULL,
    organisation_id uuid NOT NULL,
    name varchar NOT NULL,
    sha256 varchar NOT NULL,
    key_id varchar NOT NULL,
    wrapped_key bytea NOT NULL,
    ciphertext bytea NOT NULL,
    CONSTRAINT sealed_document_primary PRIMARY KEY (id),
    CONSTRAINT sealed_document_organisation_id_foreign FOREIGN KEY (organisation_id) REFERENCES organisation (id)
);
CREATE INDEX sealed_document_subject_index ON sealed_document (subject, id);

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

CREATE TABLE financing_collateral (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    request_id uuid NOT NULL,
    right_id uuid NOT NULL,
    pledgor_organisation_id uuid NOT NULL,
    CONSTRAINT financing_collateral_primary PRIMARY KEY (id),
    CONSTRAINT financing_collateral_right_unique UNIQUE (request_id, right_id),
    CONSTRAINT financing_collateral_request_id_foreign FOREIGN KEY (request_id) REFERENCES financing_request (id),
    CONSTRAINT financing_collateral_right_id_foreign FOREIGN KEY (right_id) REFERENCES ip_right (id),
    CONSTRAINT financing_collateral_pledgor_organisation_id_foreign FOREIGN KEY (pledgor_organisation_id) REFERENCES organisation (id)
);
CREATE INDEX financing_collateral_right_index ON financing_collateral (right_id);

CREATE TABLE financing_pledgor (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    request_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    CONSTRAINT financing_pledgor_primary PRIMARY KEY (id),
    CONSTRAINT financing_pledgor_once_unique UNIQUE (request_id, organisation_id),
    CONSTRAINT financing_pledgor_request_id_foreign FOREIGN KEY (request_id) REFERENCES financing_request (id),
    CONSTRAINT financing_pledgor_organisation_id_foreign FOREIGN KEY (organisation_id) REFERENCES organisation (id)
);
CREATE INDEX financing_pledgor_organisation_index ON financing_pledgor (organisation_id);

CREATE TABLE fund_top_up (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    fund_id uuid NOT NULL,
    amount_minor bigint NOT NULL,
    CONSTRAINT fund_top_up_primary PRIMARY KEY (id),
    CONSTRAINT fund_top_up_amount_check CHECK (amount_minor > 0),
    CONSTRAINT fund_top_up_fund_id_foreign FOREIGN KEY (fund_id) REFERENCES compensation_fund (id)
);
CREATE INDEX fund_top_up_fund_index ON fund_top_up (fund_id, id);

CREATE TABLE loan_offer (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    version integer NOT NULL,
    due_at timestamptz,
    request_id uuid NOT NULL,
    lender_organisation_id uuid NOT NULL,
    product_id uuid,
    scheme_id uuid,
    amount_minor bigint NOT NULL,
    currency varchar NOT NULL,
    secured_minor bigint NOT NULL,
    eligible_minor bigint NOT NULL,
    prior_claims_minor bigint NOT NULL,
    ltv_max_basis_points integer NOT NULL,
    rate_basis_points integer NOT NULL,
    base_rate_name varchar,
    spread_basis_points integer,
    reset_months integer,
    day_count varchar(32) NOT NULL,
    schedule varchar(32) NOT NULL,
    custom_minor bigint[] NOT NULL,
    term_months integer NOT NULL,
    months_each integer NOT NULL,
    fee_minor bigint NOT NULL,
    prepayment_fee_basis_points integer NOT NULL,
    late_margin_basis_points integer NOT NULL,
    cure_days integer NOT NULL,
    default_after_days integer NOT NULL,
    guarantee_required boolean NOT NULL,
    covenants jsonb NOT NULL,
    effective_cost_basis_points integer NOT NULL,
    valid_until timestamptz NOT NULL,
    state varchar(32) NOT NULL,
    CONSTRAINT loan_offer_primary PRIMARY KEY (id),
    CONSTRAINT loan_offer_amounts_check CHECK (amount_minor > 0 AND secured_minor >= amount_minor),
    CONSTRAINT loan_offer_fee_check CHECK (fee_minor >= 0 AND fee_minor < amount_minor),
    CONSTRAINT loan_offer_ltv_check CHECK ((amount_minor + prior_claims_minor)::numeric * 10000 <= eligible_minor::numeric * ltv_max_basis_points),
    CONSTRAINT loan_offer_floating_check CHECK (num_nulls(base_rate_name, spread_basis_points, reset_months) IN (0, 3)),
    CONSTRAINT loan_offer_periods_check CHECK (months_each BETWEEN 1 AND term_months),
    CONSTRAINT loan_offer_request_id_foreign FOREIGN KEY (request_id) REFERENCES financing_request (id),
    CONSTRAINT loan_offer_lender_organisation_id_foreign FOREIGN KEY (lender_organisation_id) REFERENCES organisation (id),
    CONSTRAINT loan_offer_product_id_foreign FOREIGN KEY (product_id) REFERENCES lender_product (id),
    CONSTRAINT loan_offer_scheme_id_foreign FOREIGN KEY (scheme_id) REFERENCES risk_sharing_scheme (id)
);
CREATE INDEX loan_offer_due_index ON loan_offer (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX loan_offer_lender_index ON loan_offer (lender_organisation_id, id);
CREATE UNIQUE INDEX loan_offer_one_live ON loan_offer (request_id, lender_organisation_id) WHERE state = 'offered';
CREATE INDEX loan_offer_request_index ON loan_offer (request_id, id);

CREATE TABLE sealed_document_grant (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    document_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    granted_by uuid NOT NULL,
    revoked_at timestamptz,
    CONSTRAINT sealed_document_grant_primary PRIMARY KEY (id),
    CONSTRAINT sealed_document_grant_document_id_foreign FOREIGN KEY (document_id) REFERENCES sealed_document (id),
    CONSTRAINT sealed_document_grant_organisation_id_foreign FOREIGN KEY (organisation_id) REFERENCES organisation (id),
    CONSTRAINT sealed_document_grant_granted_by_foreign FOREIGN KEY (granted_by) REFERENCES user_account (id)
);
CREATE UNIQUE INDEX sealed_document_grant_one_live ON sealed_document_grant (document_id, organisation_id) WHERE revoked_at IS NULL;

CREATE TABLE sealed_document_view (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    document_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    user_id uuid NOT NULL,
    CONSTRAINT sealed_document_view_primary PRIMARY KEY (id),
    CONSTRAINT sealed_document_view_document_id_foreign FOREIGN KEY (document_id) REFERENCES sealed_document (id),
    CONSTRAINT sealed_document_view_organisation_id_foreign FOREIGN KEY (organisation_id) REFERENCES organisation (id),
    CONSTRAINT sealed_document_view_user_id_foreign FOREIGN KEY (user_id) REFERENCES user_account (id)
);
CREATE INDEX sealed_document_view_document_index ON sealed_document_view (document_id, id);

CREATE TABLE loan (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    version integer NOT NULL,
    due_at timestamptz,
    request_id uuid NOT NULL,
    offer_id uuid NOT NULL,
    borrower_organisation_id uuid NOT NULL,
    lender_organisation_id uuid NOT NULL,
    principal_minor bigint NOT NULL,
    currency varchar NOT NULL,
    rate_basis_points integer NOT NULL,
    disbursed_minor bigint NOT NULL,
    principal_paid_minor bigint NOT NULL,
    interest_paid_minor bigint NOT NULL,
    late_interest_paid_minor bigint NOT NULL,
    fees_paid_minor bigint NOT NULL,
    costs_paid_minor bigint NOT NULL,
    starts_on date,
    ends_on date,
    next_reset_on date,
    accrued_on date,
    accrued_interest_minor bigint NOT NULL,
    late_interest_minor bigint NOT NULL,
    overdue_minor bigint NOT NULL,
    overdue_since date,
    defaulted_on date,
    waived_minor bigint NOT NULL,
    loss_minor bigint NOT NULL,
    state varchar(32) NOT NULL,
    CONSTRAINT loan_primary PRIMARY KEY (id),
    CONSTRAINT loan_disbursed_check CHECK (disbursed_minor IN (0, principal_minor)),
    CONSTRAINT loan_principal_paid_check CHECK (principal_paid_minor BETWEEN 0 AND disbursed_minor),
    CONSTRAINT loan_started_check CHECK ((disbursed_minor = 0) = (starts_on IS NULL)),
    CONSTRAINT loan_loss_check CHECK (loss_minor BETWEEN 0 AND disbursed_minor),
    CONSTRAINT loan_request_id_foreign FOREIGN KEY (request_id) REFERENCES financing_request (id),
    CONSTRAINT loan_offer_id_foreign FOREIGN KEY (offer_id) REFERENCES loan_offer (id),
    CONSTRAINT loan_borrower_organisation_id_foreign FOREIGN KEY (borrower_organisation_id) REFERENCES organisation (id),
    CONSTRAINT loan_lender_organisation_id_foreign FOREIGN KEY (lender_organisation_id) REFERENCES organisation (id)
);
CREATE INDEX loan_accrual_index ON loan (accrued_on, id) WHERE state IN ('performing', 'overdue', 'defaulted', 'enforcing');
CREATE INDEX loan_borrower_index ON loan (borrower_organisation_id, id);
CREATE INDEX loan_due_index ON loan (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX loan_lender_index ON loan (lender_organisation_id, id);
CREATE UNIQUE INDEX loan_one_live ON loan (request_id) WHERE state <> 'cancelled';

CREATE TABLE covenant_breach (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    version integer NOT NULL,
    due_at timestamptz,
    loan_id uuid NOT NULL,
    kind varchar(32) NOT NULL,
    right_id uuid,
    ltv_basis_points integer,
    state varchar(32) NOT NULL,
    CONSTRAINT covenant_breach_primary PRIMARY KEY (id),
    CONSTRAINT covenant_breach_of_a_right_check CHECK ((kind = 'loan_to_value') = (right_id IS NULL)),
    CONSTRAINT covenant_breach_loan_id_foreign FOREIGN KEY (loan_id) REFERENCES loan (id),
    CONSTRAINT covenant_breach_right_id_foreign FOREIGN KEY (right_id) REFERENCES ip_right (id)
);
CREATE INDEX covenant_breach_due_index ON covenant_breach (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX covenant_breach_loan_index ON covenant_breach (loan_id, id);
CREATE UNIQUE INDEX covenant_breach_one_live ON covenant_breach (loan_id, kind, right_id) NULLS NOT DISTINCT WHERE state IN ('open', 'ripe');

CREATE TABLE enforcement (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    version integer NOT NULL,
    due_at timestamptz,
    loan_id uuid NOT NULL,
    path varchar(32) NOT NULL,
    right_id uuid,
    payer_organisation_id uuid NOT NULL,
    amount_minor bigint NOT NULL,
    costs_minor bigint NOT NULL,
    costs_paid_minor bigint NOT NULL,
    interest_minor bigint NOT NULL,
    late_interest_minor bigint NOT NULL,
    principal_minor bigint NOT NULL,
    other_claims_minor bigint NOT NULL,
    surplus_minor bigint NOT NULL,
    subrogated_minor bigint NOT NULL,
    recovered_minor bigint NOT NULL,
    state varchar(32) NOT NULL,
    CONSTRAINT enforcement_primary PRIMARY KEY (id),
    CONSTRAINT enforcement_amounts_check CHECK (amount_minor > 0 AND costs_minor >= 0),
    CONSTRAINT enforcement_of_a_right_check CHECK ((path IN ('guarantee', 'insurance')) = (right_id IS NULL)),
    CONSTRAINT enforcement_recovered_check CHECK (recovered_minor BETWEEN 0 AND subrogated_minor),
    CONSTRAINT enforcement_loan_id_foreign FOREIGN KEY (loan_id) REFERENCES loan (id),
    CONSTRAINT enforcement_right_id_foreign FOREIGN KEY (right_id) REFERENCES ip_right (id),
    CONSTRAINT enforcement_payer_organisation_id_foreign FOREIGN KEY (payer_organisation_id) REFERENCES organisation (id)
);
CREATE INDEX enforcement_due_index ON enforcement (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX enforcement_loan_index ON enforcement (loan_id, id);
CREATE UNIQUE INDEX enforcement_one_open ON enforcement (right_id) WHERE state = 'open' AND right_id IS NOT NULL;

CREATE TABLE loan_instalment (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    loan_id uuid NOT NULL,
    kind varchar(32) NOT NULL,
    number integer NOT NULL,
    starts_on date NOT NULL,
    due_on date NOT NULL,
    principal_minor bigint NOT NULL,
    interest_minor bigint NOT NULL,
    principal_paid_minor bigint NOT NULL,
    interest_paid_minor bigint NOT NULL,
    late_from date,
    late_fixed_minor bigint NOT NULL,
    late_paid_minor bigint NOT NULL,
    CONSTRAINT loan_instalment_primary PRIMARY KEY (id),
    CONSTRAINT loan_instalment_number_unique UNIQUE (loan_id, kind, number),
    CONSTRAINT loan_instalment_period_check CHECK (due_on >= starts_on),
    CONSTRAINT loan_instalment_amounts_check CHECK (principal_minor >= 0 AND interest_minor >= 0),
    CONSTRAINT loan_instalment_paid_check CHECK (principal_paid_minor BETWEEN 0 AND principal_minor AND interest_paid_minor BETWEEN 0 AND interest_minor),
    CONSTRAINT loan_instalment_late_check CHECK (late_paid_minor BETWEEN 0 AND late_fixed_minor),
    CONSTRAINT loan_instalment_loan_id_foreign FOREIGN KEY (loan_id) REFERENCES loan (id)
);
CREATE INDEX loan_instalment_due_index ON loan_instalment (loan_id, due_on);

CREATE TABLE loan_participant (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    loan_id uuid NOT NULL,
    role varchar(32) NOT NULL,
    organisation_id uuid NOT NULL,
    fund_id uuid,
    cap_minor bigint,
    confirmed_at timestamptz,
    CONSTRAINT loan_participant_primary PRIMARY KEY (id),
    CONSTRAINT loan_participant_role_unique UNIQUE (loan_id, role),
    CONSTRAINT loan_participant_fund_check CHECK ((role = 'fund') = (fund_id IS NOT NULL)),
    CONSTRAINT loan_participant_cap_check CHECK (role <> 'lender' AND cap_minor > 0),
    CONSTRAINT loan_participant_loan_id_foreign FOREIGN KEY (loan_id) REFERENCES loan (id),
    CONSTRAINT loan_participant_organisation_id_foreign FOREIGN KEY (organisation_id) REFERENCES organisation (id),
    CONSTRAINT loan_participant_fund_id_foreign FOREIGN KEY (fund_id) REFERENCES compensation_fund (id)
);
CREATE INDEX loan_participant_organisation_index ON loan_participant (organisation_id, id);

CREATE TABLE loan_pledge (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    loan_id uuid NOT NULL,
    right_id uuid NOT NULL,
    pledgor_organisation_id uuid NOT NULL,
    value_minor bigint NOT NULL,
    encumbrance_id uuid,
    CONSTRAINT loan_pledge_primary PRIMARY KEY (id),
    CONSTRAINT loan_pledge_right_unique UNIQUE (loan_id, right_id),
    CONSTRAINT loan_pledge_encumbrance_unique UNIQUE (encumbrance_id),
    CONSTRAINT loan_pledge_loan_id_foreign FOREIGN KEY (loan_id) REFERENCES loan (id),
    CONSTRAINT loan_pledge_right_id_foreign FOREIGN KEY (right_id) REFERENCES ip_right (id),
    CONSTRAINT loan_pledge_pledgor_organisation_id_foreign FOREIGN KEY (pledgor_organisation_id) REFERENCES organisation (id),
    CONSTRAINT loan_pledge_encumbrance_id_foreign FOREIGN KEY (encumbrance_id) REFERENCES encumbrance (id)
);
CREATE INDEX loan_pledge_of_right_index ON loan_pledge (right_id);

CREATE TABLE loan_recovery (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    loan_id uuid NOT NULL,
    payer_organisation_id uuid NOT NULL,
    amount_minor bigint NOT NULL,
    surplus_minor bigint NOT NULL,
    applied_at timestamptz,
    CONSTRAINT loan_recovery_primary PRIMARY KEY (id),
    CONSTRAINT loan_recovery_amounts_check CHECK (amount_minor > 0 AND surplus_minor >= 0),
    CONSTRAINT loan_recovery_loan_id_foreign FOREIGN KEY (loan_id) REFERENCES loan (id),
    CONSTRAINT loan_recovery_payer_organisation_id_foreign FOREIGN KEY (payer_organisation_id) REFERENCES organisation (id)
);
CREATE INDEX loan_recovery_loan_index ON loan_recovery (loan_id, id);

CREATE TABLE loan_repayment (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    loan_id uuid NOT NULL,
    kind varchar(32) NOT NULL,
    amount_minor bigint NOT NULL,
    through_on date NOT NULL,
    applied_at timestamptz,
    ended_at timestamptz,
    costs_minor bigint NOT NULL,
    interest_minor bigint NOT NULL,
    late_interest_minor bigint NOT NULL,
    principal_minor bigint NOT NULL,
    fee_minor bigint NOT NULL,
    returned_minor bigint NOT NULL,
    CONSTRAINT loan_repayment_primary PRIMARY KEY (id),
    CONSTRAINT loan_repayment_amount_check CHECK (amount_minor > 0),
    CONSTRAINT loan_repayment_used_check CHECK (applied_at IS NULL OR amount_minor = costs_minor + interest_minor + late_interest_minor + principal_minor + fee_minor + returned_minor),
    CONSTRAINT loan_repayment_loan_id_foreign FOREIGN KEY (loan_id) REFERENCES loan (id)
);
CREATE INDEX loan_repayment_loan_index ON loan_repayment (loan_id, id);
CREATE UNIQUE INDEX loan_repayment_one_open ON loan_repayment (loan_id, kind) WHERE applied_at IS NULL AND ended_at IS NULL;

CREATE TABLE loan_schedule (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    loan_id uuid NOT NULL,
    number integer NOT NULL,
    reason varchar NOT NULL,
    rate_basis_points integer NOT NULL,
    instalments jsonb NOT NULL,
    CONSTRAINT loan_schedule_primary PRIMARY KEY (id),
    CONSTRAINT loan_schedule_number_unique UNIQUE (loan_id, number),
    CONSTRAINT loan_schedule_loan_id_foreign FOREIGN KEY (loan_id) REFERENCES loan (id)
);

CREATE TABLE loss_share (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    loan_id uuid NOT NULL,
    position integer NOT NULL,
    role varchar(32) NOT NULL,
    organisation_id uuid NOT NULL,
    fund_id uuid,
    amount_minor bigint NOT NULL,
    paid_minor bigint NOT NULL,
    recovered_minor bigint NOT NULL,
    CONSTRAINT loss_share_primary PRIMARY KEY (id),
    CONSTRAINT loss_share_role_unique UNIQUE (loan_id, role),
    CONSTRAINT loss_share_amount_check CHECK (amount_minor >= 0),
    CONSTRAINT loss_share_paid_once_check CHECK (paid_minor IN (0, amount_minor)),
    CONSTRAINT loss_share_recovered_check CHECK (recovered_minor >= 0),
    CONSTRAINT loss_share_loan_id_foreign FOREIGN KEY (loan_id) REFERENCES loan (id),
    CONSTRAINT loss_share_organisation_id_foreign FOREIGN KEY (organisation_id) REFERENCES organisation (id),
    CONSTRAINT loss_share_fund_id_foreign FOREIGN KEY (fund_id) REFERENCES compensation_fund (id)
);
CREATE INDEX loss_share_fund_index ON loss_share (fund_id) WHERE fund_id IS NOT NULL;
CREATE INDEX loss_share_organisation_index ON loss_share (organisation_id, id);
"""

TABLES_NEWEST_FIRST = (
    "loss_share",
    "loan_schedule",
    "loan_repayment",
    "loan_recovery",
    "loan_pledge",
    "loan_participant",
    "loan_instalment",
    "enforcement",
    "covenant_breach",
    "loan",
    "sealed_document_view",
    "sealed_document_grant",
    "loan_offer",
    "fund_top_up",
    "financing_pledgor",
    "financing_collateral",
    "appraisal",
    "sealed_document",
    "risk_share",
    "lender_product",
    "financing_request",
    "compensation_fund",
    "risk_sharing_scheme",
    "reference_rate",
)
APPEND_ONLY = (
    "reference_rate",
    "risk_share",
    "appraisal",
    "loan_schedule",
    "sealed_document_view",
)
FUNCTIONS = (
    "loan_is_secured",
    "require_secured_payment",
    "require_secured_loan",
    "require_whole_schedule",
    "require_whole_scheme",
    "require_whole_loss",
)

RULES = (
    """
CREATE FUNCTION loan_is_secured(wanted uuid, until date) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM loan_pledge WHERE loan_id = wanted) AND NOT EXISTS (
        SELECT FROM loan_pledge p
        JOIN ip_right r ON r.id = p.right_id
        LEFT JOIN encumbrance e ON e.id = p.encumbrance_id AND e.kind = 'pledge'
            AND e.right_id = p.right_id AND e.state = 'active'
            AND e.registration_number IS NOT NULL
        WHERE p.loan_id = wanted AND (e.id IS NULL OR r.legal_status <> 'in_force'
            OR r.last_day IS NULL OR r.last_day < until))
$$
""",
    """
-- What is held for a loan goes to its borrower once it is secured, and else only back.
CREATE FUNCTION require_secured_payment() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    paid loan;
BEGIN
    SELECT * INTO paid FROM loan WHERE id::text = substr(NEW.source, 11);
    IF paid.id IS NULL OR (paid.starts_on IS NULL OR NOT loan_is_secured(paid.id, paid.ends_on))
        AND NEW.destination <> 'payable:organisation:' || paid.lender_organisation_id THEN
        RAISE EXCEPTION 'loan % is not secured', substr(NEW.source, 11)
            USING ERRCODE = 'check_violation', CONSTRAINT = 'loan_pledges_registered';
    END IF;
    RETURN NEW;
END $$
""",
    """
CREATE FUNCTION require_secured_loan() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NOT loan_is_secured(NEW.id, NEW.ends_on) THEN
        RAISE EXCEPTION 'loan % is not secured', NEW.id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'loan_pledges_registered';
    END IF;
    RETURN NEW;
END $$
""",
    """
-- Every instalment and prepayment together repay what was paid out; days follow numbers.
CREATE FUNCTION require_whole_schedule() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wanted uuid := CASE TG_OP WHEN 'DELETE' THEN OLD.loan_id ELSE NEW.loan_id END;
BEGIN
    IF (SELECT coalesce(sum(principal_minor), 0) FROM loan_instalment WHERE loan_id = wanted)
            <> (SELECT disbursed_minor FROM loan WHERE id = wanted)
        OR EXISTS (
            SELECT FROM (SELECT due_on, lag(due_on) OVER (ORDER BY number) AS before
                FROM loan_instalment WHERE loan_id = wanted AND kind = 'scheduled') rows
            WHERE due_on <= before)
    THEN
        RAISE EXCEPTION 'the schedule of loan % is not whole', wanted
            USING ERRCODE = 'check_violation', CONSTRAINT = 'loan_instalments_whole';
    END IF;
    RETURN NULL;
END $$
""",
    """
CREATE FUNCTION require_whole_scheme() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF (SELECT sum(basis_points) FROM risk_share WHERE scheme_id = NEW.scheme_id) <> 10000 THEN
        RAISE EXCEPTION 'the shares of scheme % are not whole', NEW.scheme_id
            USING ERRCODE = 'check_violation', CONSTRAINT = 'risk_share_whole';
    END IF;
    RETURN NULL;
END $$
""",
    """
CREATE FUNCTION require_whole_loss() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    wanted uuid := CASE TG_OP WHEN 'DELETE' THEN OLD.loan_id ELSE NEW.loan_id END;
BEGIN
    IF (SELECT coalesce(sum(amount_minor), 0) FROM loss_share WHERE loan_id = wanted)
            <> (SELECT loss_minor FROM loan WHERE id = wanted) THEN
        RAISE EXCEPTION 'the loss of loan % is not whole', wanted
            USING ERRCODE = 'check_violation', CONSTRAINT = 'loss_share_whole';
    END IF;
    RETURN NULL;
END $$
""",
    """
CREATE TRIGGER ledger_posting_loan_secured BEFORE INSERT ON ledger_posting
    FOR EACH ROW WHEN (NEW.source LIKE 'held:loan:%') EXECUTE FUNCTION require_secured_payment()
""",
    """
CREATE TRIGGER loan_runs_secured BEFORE UPDATE OF state ON loan
    FOR EACH ROW WHEN (NEW.state = 'performing' AND OLD.state NOT IN ('performing', 'overdue'))
    EXECUTE FUNCTION require_secured_loan()
""",
    """
CREATE CONSTRAINT TRIGGER loan_instalments_whole
    AFTER INSERT OR DELETE OR UPDATE OF loan_id, kind, number, due_on, principal_minor
    ON loan_instalment DEFERRABLE INITIALLY DEFERRED
    FOR EACH ROW EXECUTE FUNCTION require_whole_schedule()
""",
    """
CREATE CONSTRAINT TRIGGER risk_share_whole AFTER INSERT ON risk_share
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_whole_scheme()
""",
    """
CREATE CONSTRAINT TRIGGER loss_share_whole
    AFTER INSERT OR DELETE OR UPDATE OF amount_minor, loan_id ON loss_share
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION require_whole_loss()
""",
)


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement.rstrip().rstrip(";"))
    for rule in RULES:
        op.execute(rule)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )


def downgrade() -> None:
    op.execute("DROP TRIGGER ledger_posting_loan_secured ON ledger_posting")
    for table in TABLES_NEWEST_FIRST:
        op.execute(f"DROP TABLE {table}")
    for function in reversed(FUNCTIONS):
        op.execute(f"DROP FUNCTION {function}")
