"""What tables divide a deal by is frozen in its event; discrepancies and free deals are numbers."""

import sqlalchemy as sa
import sqlmodel
from alembic import op

revision = "0037"
down_revision = "0036"
branch_labels = None
depends_on = None

COUNTED = (
    "deal.release",
    "deal.resolve_release",
    "deal.resolve_split",
    "deal.settle",
    "deal_part.release",
    "deal.refund_released",
    "deal.unwind",
    "deal.reverse",
)
ROLLUPS = {
    "deal_rollup": "date_trunc('month', f.day)::date = r.month",
    "deal_day": "f.day = r.day AND f.counted_month = r.counted_month",
}
FUNCTIONS = (
    """
    CREATE FUNCTION group_head(organisation uuid, on_day date) RETURNS uuid
    LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN (
        WITH RECURSIVE above (id, height) AS (
            SELECT organisation, 0
            UNION ALL
            SELECT f.parent_id, above.height + 1
            FROM above JOIN affiliation f ON f.affiliate_id = above.id
                AND f.valid_from <= on_day AND (f.valid_until IS NULL OR f.valid_until > on_day)
        )
        SELECT id FROM above ORDER BY height DESC LIMIT 1
    ); END $$
    """,
    """
    CREATE FUNCTION deal_of_subject(subject text) RETURNS uuid
    LANGUAGE plpgsql STABLE AS $$ BEGIN
        IF subject ~ '^deal:[0-9a-f-]{36}$' THEN
            RETURN substr(subject, 6)::uuid;
        ELSIF subject ~ '^deal_part:[0-9a-f-]{36}$' THEN
            RETURN (SELECT p.deal_id FROM deal_part p WHERE p.id = substr(subject, 11)::uuid);
        END IF;
        RETURN NULL;
    END $$
    """,
    """
    CREATE FUNCTION deal_dimensions(subject text, happened timestamptz) RETURNS jsonb
    LANGUAGE plpgsql STABLE AS $$ DECLARE
        sold uuid := deal_of_subject(subject);
    BEGIN RETURN coalesce((
        SELECT jsonb_strip_nulls(jsonb_build_object(
            'seller_type', seller.kind,
            'buyer_type', buyer.kind,
            'seller_region', coalesce(seller.region, seller.country),
            'buyer_region', coalesce(buyer.region, buyer.country),
            'industry', buyer.industry,
            'wipo_field', (
                SELECT f.field::text FROM ipc_field f
                WHERE starts_with(replace(r.classifications[1], ' ', ''), f.prefix)
                ORDER BY length(f.prefix) DESC LIMIT 1),
            'amount_band', CASE WHEN d.price_minor = 0 THEN 'zero'
                ELSE 'e' || (length(d.price_minor::text) - 1) END,
            'payment_form', CASE WHEN d.in_parts THEN 'in_parts' ELSE 'at_once' END,
            'deal_id', d.id,
            'agreed_at', d.created_at,
            'seller_group', group_head(d.seller_organisation_id, happened::date),
            'buyer_group', group_head(d.buyer_organisation_id, happened::date)))
        FROM deal d
        LEFT JOIN organisation seller ON seller.id = d.seller_organisation_id
        LEFT JOIN organisation buyer ON buyer.id = d.buyer_organisation_id
        LEFT JOIN ip_right r ON r.id = d.right_id
        WHERE d.id = sold
    ), '{}'); END $$
    """,
    """
    CREATE FUNCTION freeze_dimensions() RETURNS trigger LANGUAGE plpgsql AS $$
    DECLARE
        sold uuid := deal_of_subject(NEW.subject);
        known jsonb;
    BEGIN
        SELECT e.data -> 'dimensions' INTO known FROM event e
        WHERE e.subject = ANY (ARRAY['deal:' || sold]
                || ARRAY(SELECT 'deal_part:' || p.id FROM deal_part p WHERE p.deal_id = sold))
            AND e.data ? 'dimensions'
        ORDER BY e.sequence LIMIT 1;
        NEW.data := NEW.data || jsonb_build_object(
            'dimensions', coalesce(known, deal_dimensions(NEW.subject, NEW.recorded_at)));
        RETURN NEW;
    END
    $$
    """,
)
"""In PL/pgSQL, which keeps its plans: a settlement asks them once, a recomputation very often."""


def upgrade() -> None:
    for function in FUNCTIONS:
        op.execute(function)
    types = ", ".join(f"'{one}'" for one in COUNTED)
    op.execute(
        "CREATE TRIGGER event_freezes_dimensions BEFORE INSERT ON event FOR EACH ROW"
        f" WHEN (NEW.type IN ({types}) AND NOT NEW.data ? 'dimensions')"
        " EXECUTE FUNCTION freeze_dimensions()"
    )
    op.create_table(
        "statistics_zone",
        sa.Column("consumer", sqlmodel.AutoString(), nullable=False),
        sa.Column("time_zone", sqlmodel.AutoString(), nullable=False),
        sa.PrimaryKeyConstraint("consumer", name=op.f("statistics_zone_primary")),
    )
    count_free_deals()
    number_discrepancies()


def count_free_deals() -> None:
    """A price of nothing is a band of its own, and counted beside the deals."""
    op.execute(
        "UPDATE deal_fact f SET amount_band = 'zero' FROM deal d"
        " WHERE d.id = f.deal_id AND d.price_minor = 0"
    )
    for table, same in ROLLUPS.items():
        op.add_column(
            table, sa.Column("zero_deals", sa.BigInteger(), nullable=False, server_default="0")
        )
        op.execute(
            f"UPDATE {table} r SET zero_deals = (SELECT coalesce(sum(f.deals), 0) FROM deal_fact f"
            f" WHERE f.amount_band = 'zero' AND {same} AND f.right_kind = r.right_kind"
            "  AND f.deal_type = r.deal_type AND f.currency = r.currency)"
        )
        op.alter_column(table, "zero_deals", server_default=None)


def number_discrepancies() -> None:
    """What the parts give is kept as numbers, for readers of any language."""
    op.alter_column("published_figure", "amount_minor", nullable=True)
    op.add_column("published_series", sa.Column("parts_deals", sa.BigInteger(), nullable=True))
    op.add_column(
        "published_series", sa.Column("parts_amount_minor", sa.BigInteger(), nullable=True)
    )
    op.execute(
        """
        UPDATE published_series s SET parts_deals = f.deals, parts_amount_minor = f.amount
        FROM (SELECT series_id, sum(deals) AS deals, sum(amount_minor) AS amount
              FROM published_figure GROUP BY series_id) f
        WHERE f.series_id = s.id
        """
    )
    op.execute("UPDATE published_series SET parts_deals = 0 WHERE parts_deals IS NULL")
    op.alter_column("published_series", "parts_deals", nullable=False)
    op.drop_column("published_series", "discrepancy")


def downgrade() -> None:
    op.add_column("published_series", sa.Column("discrepancy", sqlmodel.AutoString()))
    op.execute(
        """
        UPDATE published_series SET discrepancy = 'printed total ' || printed_deals
            || ' deals and ' || printed_amount_minor || ', the parts give ' || parts_deals
            || ' and ' || parts_amount_minor || ' (minor units)'
        WHERE (printed_deals, printed_amount_minor) <> (parts_deals, parts_amount_minor)
        """
    )
    op.drop_column("published_series", "parts_amount_minor")
    op.drop_column("published_series", "parts_deals")
    op.alter_column("published_figure", "amount_minor", nullable=False)
    for table in ROLLUPS:
        op.drop_column(table, "zero_deals")
    op.drop_table("statistics_zone")
    op.execute("DROP TRIGGER event_freezes_dimensions ON event")
    op.execute("DROP FUNCTION freeze_dimensions()")
    op.execute("DROP FUNCTION deal_dimensions(text, timestamptz)")
    op.execute("DROP FUNCTION deal_of_subject(text)")
    op.execute("DROP FUNCTION group_head(uuid, date)")
