"""Every deposit, and the price of auctioned collateral, against the ledger."""

from typing import Final

CHECKS: Final = {
    "what is held of each bidder is their deposit": """
        SELECT 'auction_bidder ' || b.id || ' (' || b.state || '): held '
            || coalesce(a.balance_minor, 0)
        FROM auction_bidder b
        LEFT JOIN ledger_account a
            ON a.address = 'held:auction_bidder:' || b.id AND a.currency = b.currency
        WHERE coalesce(a.balance_minor, 0) <> CASE
            WHEN b.state = 'admitted' THEN b.deposit_minor
            WHEN b.state = 'awaiting_deposit' THEN coalesce((
                SELECT sum(r.received_minor) FROM payment_request r
                WHERE r.subject = 'auction_bidder:' || b.id AND r.state IN ('open', 'paid')), 0)
            ELSE 0 END
        LIMIT 20
    """,
    "the highest bid of each auction is the last": """
        SELECT 'auction ' || a.id || ': ' || a.highest_minor || ', its bids ' || b.highest_minor
        FROM auction a JOIN (
            SELECT auction_id, max(amount_minor) AS highest_minor, max(number) AS bids
            FROM auction_bid GROUP BY auction_id
        ) b ON b.auction_id = a.id
        WHERE (a.highest_minor, a.bids) IS DISTINCT FROM (b.highest_minor, b.bids::int) LIMIT 20
    """,
}
