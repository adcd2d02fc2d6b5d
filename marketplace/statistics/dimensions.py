"""By what deals are divided. The answers are frozen in the first event that counts a deal.

The database puts them there, in the transaction of the settlement (`freeze_dimensions`): so they
are sealed with the event, and a later move of a party changes no figure. What is not known of a
deal is a value of its own, so that the parts of a table are its whole.
"""

from typing import Final

UNKNOWN: Final = "unknown"
ZERO_BAND: Final = "zero"
"""The amount band of a deal without a price, as a free licence."""

DIMENSIONS: Final = {
    "right_kind": "kind of right: idea, patent, utility model, design",
    "deal_type": "what was agreed: sale, licence, …",
    "seller_type": "kind of the selling party",
    "buyer_type": "kind of the buying party",
    "seller_region": "ISO 3166-2 code of the seller, or the country alone",
    "buyer_region": "ISO 3166-2 code of the buyer, or the country alone",
    "industry": "the buyer's industry: KSIC or GB/T 4754 division",
    "wipo_field": "technology field of the first classification, 1 to 35 (WIPO IPC concordance)",
    "amount_band": "agreed price: `e6` is from 10⁶ to less than 10⁷ minor units; `zero` is free",
    "payment_form": "`at_once` or `in_parts`",
}
"""What each dimension says of a deal."""

_OF_THE_EVENT: Final = ("right_kind", "deal_type")
_FROZEN: Final = ", ".join(
    f"coalesce(frozen.told ->> '{name}', '{UNKNOWN}') AS {name}"
    for name in DIMENSIONS
    if name not in _OF_THE_EVENT
)
DETAILS: Final = f"""
        {_FROZEN},
        (frozen.told ->> 'deal_id')::uuid AS deal_id,
        (frozen.told ->> 'seller_group')::uuid AS seller_group,
        (frozen.told ->> 'buyer_group')::uuid AS buyer_group,
        CASE WHEN e.type = ANY (%(settling)s) THEN (e.recorded_at AT TIME ZONE %(time_zone)s)::date
            - ((frozen.told ->> 'agreed_at')::timestamptz AT TIME ZONE %(time_zone)s)::date END
            AS cycle_days
    FROM event e
    CROSS JOIN LATERAL (SELECT coalesce(
        e.data -> 'dimensions', deal_dimensions(e.subject, e.recorded_at)) AS told) frozen
"""
"""The columns beyond the event's own; events of before they were frozen ask the register."""

IS_ZERO: Final = f"e.data -> 'dimensions' ->> 'amount_band' = '{ZERO_BAND}'"
"""Whether an event is of a deal without a price."""
