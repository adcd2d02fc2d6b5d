"""Auctions of listings and of collateral."""

from alembic import op

revision = "0026"
down_revision = "0025"
branch_labels = None
depends_on = None

TABLES = """
CREATE TABLE auction (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    version integer NOT NULL,
    due_at timestamptz,
    listing_id uuid,
    right_id uuid NOT NULL,
    seller_organisation_id uuid NOT NULL,
    owner_organisation_id uuid NOT NULL,
    kind varchar(32) NOT NULL,
    currency varchar NOT NULL,
    starting_minor bigint NOT NULL,
    reserve_minor bigint,
    step_minor bigint,
    deposit_minor bigint NOT NULL,
    opens_at timestamptz NOT NULL,
    closes_at timestamptz NOT NULL,
    soft_close_minutes integer NOT NULL,
    reveal_hours integer NOT NULL,
    payment_days integer NOT NULL,
    unrevealed varchar(32) NOT NULL,
    bidders integer NOT NULL,
    bids integer NOT NULL,
    extensions integer NOT NULL,
    highest_minor bigint,
    winner_id uuid,
    price_minor bigint,
    outcome varchar,
    evidence varchar,
    state varchar(32) NOT NULL,
    CONSTRAINT auction_primary PRIMARY KEY (id),
    CONSTRAINT auction_amounts_check CHECK (starting_minor > 0 AND deposit_minor >= 0 AND deposit_minor < starting_minor AND reserve_minor >= starting_minor),
    CONSTRAINT auction_step_check CHECK ((kind = 'ascending') = (step_minor IS NOT NULL) AND coalesce(step_minor, 1) > 0),
    CONSTRAINT auction_times_check CHECK (closes_at > opens_at AND soft_close_minutes BETWEEN 0 AND 60 AND (kind = 'sealed') = (reveal_hours > 0) AND payment_days BETWEEN 1 AND 13),
    CONSTRAINT auction_winner_check CHECK ((winner_id IS NULL) = (price_minor IS NULL)),
    CONSTRAINT auction_sealed_check CHECK (highest_minor IS NULL OR kind = 'ascending'),
    CONSTRAINT auction_listing_id_foreign FOREIGN KEY (listing_id) REFERENCES listing (id),
    CONSTRAINT auction_right_id_foreign FOREIGN KEY (right_id) REFERENCES ip_right (id),
    CONSTRAINT auction_seller_organisation_id_foreign FOREIGN KEY (seller_organisation_id) REFERENCES organisation (id),
    CONSTRAINT auction_owner_organisation_id_foreign FOREIGN KEY (owner_organisation_id) REFERENCES organisation (id)
);
CREATE INDEX auction_due_index ON auction (due_at) WHERE due_at IS NOT NULL;
CREATE INDEX auction_listing_index ON auction (listing_id, id);
CREATE UNIQUE INDEX auction_one_live_per_right ON auction (right_id) WHERE state IN ('scheduled', 'open', 'closed', 'awarded', 'paid');
CREATE INDEX auction_seller_index ON auction (seller_organisation_id, id);

CREATE TABLE auction_bidder (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    version integer NOT NULL,
    due_at timestamptz,
    auction_id uuid NOT NULL,
    organisation_id uuid NOT NULL,
    number integer NOT NULL,
    deposit_minor bigint NOT NULL,
    currency varchar NOT NULL,
    awarded_at timestamptz,
    deal_id uuid,
    state varchar(32) NOT NULL,
    CONSTRAINT auction_bidder_primary PRIMARY KEY (id),
    CONSTRAINT auction_bidder_number_unique UNIQUE (auction_id, number),
    CONSTRAINT auction_bidder_deal_unique UNIQUE (deal_id),
    CONSTRAINT auction_bidder_deposit_check CHECK (deposit_minor >= 0),
    CONSTRAINT auction_bidder_auction_id_foreign FOREIGN KEY (auction_id) REFERENCES auction (id),
    CONSTRAINT auction_bidder_organisation_id_foreign FOREIGN KEY (organisation_id) REFERENCES organisation (id),
    CONSTRAINT auction_bidder_deal_id_foreign FOREIGN KEY (deal_id) REFERENCES deal (id)
);
CREATE INDEX auction_bidder_due_index ON auction_bidder (due_at) WHERE due_at IS NOT NULL;
CREATE UNIQUE INDEX auction_bidder_once ON auction_bidder (auction_id, organisation_id) WHERE state IN ('awaiting_deposit', 'admitted');
CREATE INDEX auction_bidder_organisation_index ON auction_bidder (organisation_id, id);

CREATE TABLE auction_bid (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    auction_id uuid NOT NULL,
    bidder_id uuid NOT NULL,
    number integer NOT NULL,
    amount_minor bigint,
    commitment varchar,
    CONSTRAINT auction_bid_primary PRIMARY KEY (id),
    CONSTRAINT auction_bid_number_unique UNIQUE (auction_id, number),
    CONSTRAINT auction_bid_open_or_sealed_check CHECK ((amount_minor IS NULL) <> (commitment IS NULL)),
    CONSTRAINT auction_bid_amount_positive_check CHECK (amount_minor > 0),
    CONSTRAINT auction_bid_auction_id_foreign FOREIGN KEY (auction_id) REFERENCES auction (id),
    CONSTRAINT auction_bid_bidder_id_foreign FOREIGN KEY (bidder_id) REFERENCES auction_bidder (id)
);
CREATE UNIQUE INDEX auction_bid_amount_unique ON auction_bid (auction_id, amount_minor) WHERE amount_minor IS NOT NULL;
CREATE INDEX auction_bid_bidder_index ON auction_bid (bidder_id, number);

CREATE TABLE auction_reveal (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    bid_id uuid NOT NULL,
    amount_minor bigint NOT NULL,
    nonce varchar NOT NULL,
    CONSTRAINT auction_reveal_primary PRIMARY KEY (id),
    CONSTRAINT auction_reveal_bid_unique UNIQUE (bid_id),
    CONSTRAINT auction_reveal_amount_positive_check CHECK (amount_minor > 0),
    CONSTRAINT auction_reveal_bid_id_foreign FOREIGN KEY (bid_id) REFERENCES auction_bid (id)
);

CREATE TABLE collateral_auction (
    id uuid NOT NULL,
    created_at timestamptz NOT NULL,
    auction_id uuid NOT NULL,
    loan_id uuid NOT NULL,
    costs_minor bigint NOT NULL,
    costs_paid_minor bigint NOT NULL,
    CONSTRAINT collateral_auction_primary PRIMARY KEY (id),
    CONSTRAINT collateral_auction_once_unique UNIQUE (auction_id),
    CONSTRAINT collateral_auction_costs_check CHECK (costs_paid_minor BETWEEN 0 AND costs_minor),
    CONSTRAINT collateral_auction_auction_id_foreign FOREIGN KEY (auction_id) REFERENCES auction (id),
    CONSTRAINT collateral_auction_loan_id_foreign FOREIGN KEY (loan_id) REFERENCES loan (id)
);
CREATE INDEX collateral_auction_loan_index ON collateral_auction (loan_id, id);
"""
NEWEST_FIRST = (
    "collateral_auction",
    "auction_reveal",
    "auction_bid",
    "auction_bidder",
    "auction",
)
APPEND_ONLY = ("auction_bid", "auction_reveal")
TERMS = (
    "listing_id, right_id, seller_organisation_id, owner_organisation_id, kind, currency,"
    " starting_minor, reserve_minor, step_minor, deposit_minor, opens_at, soft_close_minutes,"
    " reveal_hours, payment_days, unrevealed"
)
"""What an auction was announced by; only its close may move, and only to later."""


def upgrade() -> None:
    for statement in TABLES.split(";\n"):
        if statement.strip():
            op.execute(statement)
    for table in APPEND_ONLY:
        op.execute(
            f"CREATE TRIGGER {table}_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON {table}"
            " FOR EACH STATEMENT EXECUTE FUNCTION refuse_change()"
        )
    before, after = (
        ", ".join(f"{row}.{name}" for name in TERMS.split(", ")) for row in ("OLD", "NEW")
    )
    op.execute(
        "CREATE TRIGGER auction_terms_frozen BEFORE UPDATE ON auction FOR EACH ROW WHEN"
        f" (({before}) IS DISTINCT FROM ({after}) OR NEW.closes_at < OLD.closes_at)"
        " EXECUTE FUNCTION refuse_change()"
    )


def downgrade() -> None:
    for table in NEWEST_FIRST:
        op.execute(f"DROP TABLE {table}")
