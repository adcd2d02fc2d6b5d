"""Generated deals: recorded ones that wait for their release, and events of settled ones."""

import asyncio
from functools import partial
from typing import Final
from uuid import UUID

import asyncpg

from benchmarks.place import Place
from marketplace.accounts.authentication import secret_hash
from marketplace.accounts.sessions.service import new_token
from marketplace.kernel.clock import SystemClock
from marketplace.kernel.db import create_engine, create_sessions
from marketplace.kernel.seals import seal_new_events
from marketplace.settings import Settings
from marketplace.statistics.folding import fold
from marketplace.statistics.releases.service import release_due
from marketplace.wiring import CONSUMERS

SELLERS: Final = 1_000
KINDS: Final = 4
"""Deals n and n + 4 are over the same kind of right."""

EVENTS_A_TRANSACTION: Final = 100_000
UNFOLDED: Final = 200
"""Deals that settled since the last fold: the worker folds ten times a second."""

_WAITING: Final = """
    INSERT INTO organisation (id, created_at, name, kind, country)
    SELECT number_id(n), now(), 'Organisation ' || n, 'company', 'KR'
    FROM generate_series(0, {sellers}) n;

    INSERT INTO ip_right (id, created_at, kind, title, language, office, classifications,
        legal_status, checked_on, registered_by)
    SELECT number_id(n), now(), 'patent', 'Right ' || n, 'en', 'KR', '{{G06Q 50/18}}', 'in_force',
        current_date, number_id(n % {sellers} + 1)
    FROM generate_series(1, {deals}) n;

    INSERT INTO ownership (id, created_at, right_id, organisation_id, numerator, denominator,
        owned_from, basis)
    SELECT number_id(n), now(), number_id(n), number_id(0), 1, 1, now(), deal_subject(n)
    FROM generate_series(1, {deals}) n;

    INSERT INTO listing (id, created_at, version, right_id, organisation_id, title, teaser,
        language, currency, region, deal_type, bundled, state)
    SELECT number_id(n), now(), 3, number_id(n), number_id(n % {sellers} + 1), 'Right ' || n,
        'For sale', 'en', 'KRW', 'KR-11', 'sale', false, 'sold'
    FROM generate_series(1, {deals}) n;

    INSERT INTO negotiation (id, created_at, version, listing_id, buyer_organisation_id,
        seller_organisation_id, rounds, state)
    SELECT number_id(n), now(), 2, number_id(n), number_id(0), number_id(n % {sellers} + 1), 1,
        'accepted'
    FROM generate_series(1, {deals}) n;

    INSERT INTO right_reservation (id, created_at, right_id, subject, reserved_from)
    SELECT number_id(n), now(), number_id(n), deal_subject(n), now()
    FROM generate_series(1, {deals}) n;

    INSERT INTO ledger_account (address, currency, balance_minor)
    SELECT held_account(n), 'KRW', 1000000 + n FROM generate_series(1, {deals}) n;

    INSERT INTO ledger_account (address, currency, balance_minor)
    SELECT payable_account(n), 'KRW', 0 FROM generate_series(0, {sellers}) n;

    INSERT INTO ledger_account (address, currency, balance_minor)
    SELECT commission_account(n), 'KRW', 0 FROM generate_series(0, 31) n;

    INSERT INTO deal (id, created_at, version, due_at, negotiation_id, listing_id, right_id,
        right_kind, type, buyer_organisation_id, seller_organisation_id, price_minor, currency,
        fee_policy_id, commission_basis_points, recordal_waived_by_seller, title_passed,
        released_minor, refunded_minor, commission_minor, commission_vat_basis_points, vat_minor,
        shared, withholds, in_parts, co_owned, commission_vat_minor, withheld_minor,
        released_vat_minor, returned_minor, returned_vat_minor, pledged, bundled, brokered,
        dual_agency, brokerage_minor, fees_shared, state)
    SELECT number_id(n), now(), 6, now() + interval '3 days', number_id(n), number_id(n),
        number_id(n), (ARRAY['idea', 'patent', 'utility_model', 'design'])[n % 4 + 1], 'sale',
        number_id(0), number_id(n % {sellers} + 1), 1000000 + n, 'KRW',
        '01890a5d-0000-7000-8000-000000000001', 500, false, true, 0, 0, 0, 0, 0,
        false, false, false, false, 0, 0, 0, 0, 0, false, false, false, false, 0, false,
        'recorded'
    FROM generate_series(1, {deals}) n;
"""
_NAMES: Final = """
    CREATE FUNCTION number_id(n bigint) RETURNS uuid LANGUAGE sql IMMUTABLE
        RETURN lpad(n::text, 32, '0')::uuid;
    CREATE FUNCTION deal_subject(n bigint) RETURNS text LANGUAGE sql IMMUTABLE
        RETURN 'deal:' || number_id(n);
    CREATE FUNCTION held_account(n bigint) RETURNS text LANGUAGE sql IMMUTABLE
        RETURN 'held:' || deal_subject(n);
    CREATE FUNCTION payable_account(n bigint) RETURNS text LANGUAGE sql IMMUTABLE
        RETURN 'payable:organisation:' || number_id(n);
    CREATE FUNCTION commission_account(shard bigint) RETURNS text LANGUAGE sql IMMUTABLE
        RETURN 'commission:' || lpad(shard::text, 2, '0');
"""
"""Names as functions: pgbench takes a colon in a literal for the beginning of a variable."""
_OPERATOR: Final = """
    WITH person AS (
        INSERT INTO user_account (id, created_at, email, password_hash, display_name)
        VALUES (gen_random_uuid(), now(), 'operator@example.com', '-', 'Operator') RETURNING id
    ), platform AS (
        INSERT INTO organisation (id, created_at, name, kind, country)
        VALUES (gen_random_uuid(), now(), 'Operator', 'operator', 'KR') RETURNING id
    ), member AS (
        INSERT INTO membership (id, created_at, organisation_id, user_id, role)
        SELECT gen_random_uuid(), now(), platform.id, person.id, 'operator' FROM person, platform
    )
    INSERT INTO login_session (id, created_at, token_hash, user_id, organisation_id, expires_at)
    SELECT gen_random_uuid(), now(), $1, person.id, platform.id, now() + interval '1 day'
    FROM person, platform
"""
_SETTLED: Final = """
    INSERT INTO event (type, subject, actor, data, recorded_at)
    SELECT 'deal.release', 'deal:' || gen_random_uuid(), 'clock', jsonb_build_object(
            'from', 'recorded', 'to', 'settled', 'as', 'clock', 'amount_minor', 1000000 + n,
            'currency', 'KRW', 'deal_type', 'sale', 'dimensions', jsonb_build_object(),
            'right_kind', (ARRAY['idea', 'patent', 'utility_model', 'design'])[n % 4 + 1]),
        timestamptz '2021-01-01' + (n % 1800) * interval '1 day'
    FROM generate_series($1::int, $2::int) n
"""
_HEARD: Final = """
    INSERT INTO event_consumer (name, transaction_id, sequence)
    SELECT unnest($1::text[]), transaction_id, sequence FROM event_consumer
    WHERE name = 'statistics'
    ON CONFLICT (name) DO UPDATE
        SET transaction_id = EXCLUDED.transaction_id, sequence = EXCLUDED.sequence
"""
"""All others have heard what is folded: a service that runs is not years behind."""


def release_path(number: int) -> str:
    """Where deal `number` is released: its id is its number."""
    return f"/v1/deals/{UUID(f'{number:032}')}/release"


def waiting_deals(place: Place, deals: int) -> tuple[Settings, str]:
    """A new database whose deals 1 to `deals` can be released, and an operator's token.

    What a release neither reads nor writes (offers, signatures, the payment) is left out.
    """
    token = new_token()
    fill = partial(fill_waiting, deals=deals, token=token)
    return place.database("settlement", fill, anew=True), token


async def fill_waiting(connection: asyncpg.Connection, *, deals: int, token: str) -> None:
    """Deals whose release is all that is left, and an operator with a token."""
    await connection.execute(_NAMES)
    await connection.execute(_WAITING.format(deals=deals, sellers=SELLERS))
    await connection.execute(_OPERATOR, secret_hash(token))


def settled_deals(place: Place, deals: int) -> Settings:
    """A database with so many settled deals in the rollup, and a few that are not folded yet."""
    settings = place.database(f"deals_{deals}", partial(fill_settled, deals=deals))
    asyncio.run(_fold_and_settle_more(settings))
    return settings


async def fill_settled(connection: asyncpg.Connection, *, deals: int) -> None:
    """What the event log tells of settled deals."""
    for first in range(1, deals + 1, EVENTS_A_TRANSACTION):
        last = min(first + EVENTS_A_TRANSACTION - 1, deals)
        await connection.execute(_SETTLED, first, last)
        print(f"  {last:,} deals", end="\r", flush=True)


async def _fold_and_settle_more(settings: Settings) -> None:
    """Leave what an overtaken worker leaves: all folded but the newest deals."""
    print("  folding …", flush=True)
    engine = create_engine(settings.sqlalchemy_url(), pool_size=1)
    sessions = create_sessions(engine, SystemClock())
    while await fold(sessions, settings.reporting_time_zone):
        pass
    async with sessions.begin() as session:
        await seal_new_events(session)
    await release_due(sessions, settings.reporting_time_zone, totals_known=True)
    await engine.dispose()
    connection = await asyncpg.connect(settings.asyncpg_url())
    await connection.execute(_HEARD, [consumer.name for consumer in CONSUMERS])
    for number in range(UNFOLDED):
        await connection.execute(_SETTLED, number, number)
    await connection.close()
