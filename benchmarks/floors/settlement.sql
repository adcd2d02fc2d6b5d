-- What the product writes for one release, one statement and one round trip each.
-- Variables: every client releases the deals from first + client_id * share on, one after another.
\set done :done + 1
\set n :first + :client_id * :share + :done
\set seller :n % 1000 + 1
\set price 1000000 + :n
\set commission :price / 20
\set shard :n % 32
BEGIN;
SELECT id, created_at, version, due_at, negotiation_id, listing_id, right_id, right_kind, type,
    buyer_organisation_id, seller_organisation_id, price_minor, currency, fee_policy_id,
    commission_basis_points, additional_terms, recordal_waived_by_seller, recordal_evidence,
    dispute_reason, title_passed, released_minor, refunded_minor, commission_minor, state
FROM deal WHERE id = number_id(:n) FOR UPDATE;
SELECT legal_status FROM ip_right WHERE id = number_id(:n);
WITH named AS (
    SELECT held_account(:n) AS held, payable_account(:seller) AS payable,
        commission_account(:shard) AS commission
), wanted AS (
    SELECT w.* FROM named, unnest(
        ARRAY[held, payable, commission],
        ARRAY[- :price::bigint, :price::bigint - :commission::bigint, :commission::bigint]
    ) AS w (address, delta)
), locked AS MATERIALIZED (
    SELECT address FROM ledger_account
    WHERE currency = 'KRW' AND address = ANY (ARRAY(SELECT address FROM wanted))
    ORDER BY address FOR UPDATE
), ready AS MATERIALIZED (
    SELECT count(*) = 3 AS complete FROM locked
), moved AS (
    UPDATE ledger_account a SET balance_minor = a.balance_minor + w.delta
    FROM wanted w
    WHERE a.address = w.address AND a.currency = 'KRW' AND (SELECT complete FROM ready)
), recorded AS (
    INSERT INTO ledger_transaction (id, key, kind, subject, currency, recorded_at)
    SELECT gen_random_uuid(), 'distribute ' || deal_subject(:n), 'release', deal_subject(:n),
        'KRW', now() WHERE (SELECT complete FROM ready)
    RETURNING id
), posted AS (
    INSERT INTO ledger_posting (transaction_id, position, source, destination, amount_minor)
    SELECT r.id, p.position, p.source, p.destination, p.amount_minor
    FROM recorded r, named, unnest(
        ARRAY[held, held], ARRAY[payable, commission],
        ARRAY[:price::bigint - :commission::bigint, :commission::bigint]
    ) WITH ORDINALITY AS p (source, destination, amount_minor, position)
)
SELECT complete FROM ready;
UPDATE deal SET version = version + 1, due_at = now() + interval '365 days',
    released_minor = :price::bigint, commission_minor = :commission::bigint, state = 'settled'
WHERE id = number_id(:n);
INSERT INTO event (type, subject, actor, data, recorded_at)
VALUES ('deal.release', deal_subject(:n), 'user ' || number_id(0),
    jsonb_build_object('as', 'operator', 'to', 'settled', 'from', 'recorded', 'currency', 'KRW',
        'deal_type', 'sale', 'right_kind', 'patent', 'amount_minor', :price::bigint), now())
RETURNING sequence, transaction_id;
UPDATE right_reservation SET reserved_until = greatest(now(), reserved_from)
WHERE subject = deal_subject(:n) AND reserved_until IS NULL;
COMMIT;
