"""By what deals are divided, and where each answer comes from.

What is not known of a deal is a value of its own, so that the parts of a table are its whole.
"""

from typing import Final

UNKNOWN: Final = "unknown"

DIMENSIONS: Final = {
    "right_kind": "kind of right: idea, patent, utility model, design",
    "deal_type": "what was agreed: sale, licence, …",
    "seller_type": "kind of the selling party",
    "buyer_type": "kind of the buying party",
    "seller_region": "ISO 3166-2 code of the seller, or the country alone",
    "buyer_region": "ISO 3166-2 code of the buyer, or the country alone",
    "industry": "the buyer's industry: KSIC or GB/T 4754 division",
    "wipo_field": "technology field of the first classification, 1 to 35 (WIPO IPC concordance)",
    "amount_band": "agreed price: `e6` is from 10⁶ to less than 10⁷ minor units",
    "payment_form": "`at_once` or `in_parts`",
}
"""What each dimension says of a deal."""


def _group(party: str) -> str:
    """The head of the group that a party belonged to on the day of the fact."""
    return f"""
    LEFT JOIN LATERAL (
        WITH RECURSIVE above (id, height) AS (
            SELECT d.{party}_organisation_id, 0
            UNION ALL
            SELECT f.parent_id, above.height + 1
            FROM above JOIN affiliation f ON f.affiliate_id = above.id
                AND f.valid_from <= e.recorded_at::date
                AND (f.valid_until IS NULL OR f.valid_until > e.recorded_at::date)
        )
        SELECT id FROM above ORDER BY height DESC LIMIT 1
    ) {party}_group ON d.id IS NOT NULL"""  # noqa: S608 - a constant


DETAILS: Final = f"""
        coalesce(seller.kind, '{UNKNOWN}') AS seller_type,
        coalesce(buyer.kind, '{UNKNOWN}') AS buyer_type,
        coalesce(seller.region, seller.country, '{UNKNOWN}') AS seller_region,
        coalesce(buyer.region, buyer.country, '{UNKNOWN}') AS buyer_region,
        coalesce(buyer.industry, '{UNKNOWN}') AS industry,
        coalesce(field.field::text, '{UNKNOWN}') AS wipo_field,
        coalesce('e' || (length(d.price_minor::text) - 1), '{UNKNOWN}') AS amount_band,
        CASE WHEN d.in_parts THEN 'in_parts' WHEN d.id IS NULL THEN '{UNKNOWN}' ELSE 'at_once' END
            AS payment_form,
        d.id AS deal_id, seller_group.id AS seller_group, buyer_group.id AS buyer_group,
        CASE WHEN e.type = ANY (%(settling)s) THEN (e.recorded_at AT TIME ZONE %(time_zone)s)::date
            - (d.created_at AT TIME ZONE %(time_zone)s)::date END AS cycle_days
    FROM event e
    LEFT JOIN deal_part part ON e.subject ~ '^deal_part:[0-9a-f-]{{36}}$'
        AND part.id = CASE WHEN e.subject LIKE 'deal_part:%%' THEN substr(e.subject, 11)::uuid END
    LEFT JOIN deal d ON d.id = coalesce(part.deal_id,
        CASE WHEN e.subject LIKE 'deal:%%' THEN substr(e.subject, 6)::uuid END)
    LEFT JOIN organisation seller ON seller.id = d.seller_organisation_id
    LEFT JOIN organisation buyer ON buyer.id = d.buyer_organisation_id
    LEFT JOIN ip_right r ON r.id = d.right_id
    LEFT JOIN LATERAL (
        SELECT f.field FROM ipc_field f
        WHERE starts_with(replace(r.classifications[1], ' ', ''), f.prefix)
        ORDER BY length(f.prefix) DESC LIMIT 1
    ) field ON d.id IS NOT NULL
    {_group("seller")}
    {_group("buyer")}
"""  # noqa: S608 - built from constants
"""The columns beyond the event's own, and the tables that they come from."""
