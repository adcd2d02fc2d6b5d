"""A thousand orders against thirty-three institutions: decided in one run, in a few statements."""

import asyncio
import time
from typing import Final

import asyncpg
from sqlalchemy import event

from benchmarks.place import Place
from benchmarks.scale import Scale
from marketplace.kernel.clock import SystemClock
from marketplace.kernel.db import create_engine, create_sessions
from marketplace.settings import Settings
from marketplace.valuation.assignments.engine import assign_due

ORDERS: Final = 1_000
INSTITUTIONS: Final = 33
SECONDS: Final = 10.0
READS_MAX: Final = 20
"""Statements that read, whatever the number of orders and institutions is."""

_FILL: Final = f"""
    INSERT INTO organisation (id, created_at, name, kind, country, version)
    SELECT md5('institution ' || n)::uuid, now(), 'Institution ' || n, 'valuation_institution',
        'KR', 1 FROM generate_series(1, {INSTITUTIONS}) n
    UNION ALL
    SELECT md5('client ' || n)::uuid, now(), 'Client ' || n, 'company', 'KR', 1
    FROM generate_series(1, {ORDERS}) n;
    INSERT INTO designation (id, created_at, version, organisation_id, sector, state)
    SELECT md5('designation ' || n)::uuid, now(), 1, md5('institution ' || n)::uuid, 'private',
        'designated' FROM generate_series(1, {INSTITUTIONS}) n;
    INSERT INTO designation_period (id, created_at, designation_id, organisation_id, sector,
        status, valid_from)
    SELECT gen_random_uuid(), now(), md5('designation ' || n)::uuid,
        md5('institution ' || n)::uuid, 'private', 'designated', '2020-01-01'
    FROM generate_series(1, {INSTITUTIONS}) n;
    INSERT INTO institution_profile (id, created_at, organisation_id, fields, purposes, regions,
        capacity, version)
    SELECT gen_random_uuid(), now(), md5('institution ' || n)::uuid, '{{6,7,8}}', '{{loan}}',
        '{{}}', 100, 1 FROM generate_series(1, {INSTITUTIONS}) n;
    INSERT INTO affiliation (id, created_at, parent_id, affiliate_id, share_basis_points,
        valid_from, evidence, recorded_by)
    SELECT gen_random_uuid(), now(), md5('institution ' || (n % {INSTITUTIONS} + 1))::uuid,
        md5('client ' || n)::uuid, 5100, '2020-01-01', 'report', md5('user')::uuid
    FROM generate_series(1, {ORDERS}, 10) n;
    INSERT INTO ip_right (id, created_at, kind, title, language, office, classifications,
        legal_status, registered_by)
    SELECT md5('right ' || n)::uuid, now(), 'patent', 'A right ' || n, 'en', 'KR', '{{G06F}}',
        'in_force', md5('client ' || n)::uuid FROM generate_series(1, {ORDERS}) n;
    INSERT INTO ownership (id, created_at, right_id, organisation_id, numerator, denominator,
        owned_from, basis)
    SELECT gen_random_uuid(), now(), md5('right ' || n)::uuid, md5('client ' || n)::uuid, 1, 1,
        '2020-01-01', 'grant' FROM generate_series(1, {ORDERS}) n;
    INSERT INTO institution_interest (id, created_at, institution_id, kind, right_id, valid_from,
        note)
    SELECT gen_random_uuid(), now(), md5('institution ' || (n * 7 % {INSTITUTIONS} + 1))::uuid,
        'prosecution', md5('right ' || n)::uuid, '2020-01-01', 'filed it'
    FROM generate_series(1, {ORDERS}, 3) n;
    INSERT INTO valuation_order (id, created_at, version, due_at, client_organisation_id,
        client_role, purpose, base_date, deadline, policy_id, fee_minor, total_minor, currency,
        valuations, wanted, fields, seek_at, released_minor, refunded_minor, state)
    SELECT md5('order ' || n)::uuid, now(), 1, now() + interval '90 days',
        md5('client ' || n)::uuid, 'owner', 'loan', '2026-01-01', '2099-01-01', p.id, 1000, 1000,
        'KRW', 1, 1, '{{6}}', now() - interval '1 minute', 0, 0, 'open'
    FROM generate_series(1, {ORDERS}) n, assignment_policy p WHERE p.purpose = 'loan';
    INSERT INTO valuation_order_right (id, created_at, order_id, right_id)
    SELECT gen_random_uuid(), now(), md5('order ' || n)::uuid, md5('right ' || n)::uuid
    FROM generate_series(1, {ORDERS}) n;
    INSERT INTO valuation_party (id, created_at, order_id, organisation_id, role)
    SELECT gen_random_uuid(), now(), md5('order ' || n)::uuid, md5('client ' || n)::uuid, 'client'
    FROM generate_series(1, {ORDERS}) n
"""
_LOADS: Final = """
    SELECT institution_id, count(*) AS cases FROM valuation_assignment GROUP BY institution_id
"""


def measure_assignment(place: Place, scale: Scale) -> None:
    """One run of the worker's turn; printed: seconds, statements, and how the load is spread."""
    settings = place.database("assigning", fill, anew=True)
    asyncio.run(_measure(settings))


async def fill(connection: asyncpg.Connection) -> None:
    """Orders that wait, and institutions that may take them."""
    await connection.execute(_FILL)


async def _measure(settings: Settings) -> None:
    engine = create_engine(settings.sqlalchemy_url(), pool_size=1)
    reads: list[str] = []

    @event.listens_for(engine.sync_engine, "before_cursor_execute")
    def note(_c: object, _d: object, statement: str, *_: object) -> None:
        if statement.lstrip().upper().startswith(("SELECT", "WITH")):
            reads.append(statement)

    sessions = create_sessions(engine, SystemClock())
    begun = time.perf_counter()
    decided = await assign_due(sessions)
    seconds = time.perf_counter() - begun
    await engine.dispose()
    connection = await asyncpg.connect(settings.asyncpg_url())
    loads = [row["cases"] for row in await connection.fetch(_LOADS)]
    await connection.close()
    spread = max(loads) - min(loads)
    good = seconds <= SECONDS and len(reads) <= READS_MAX and sum(loads) == decided == ORDERS
    print(
        f"  {decided:,} orders, {INSTITUTIONS} institutions: {seconds:.1f} s (at most {SECONDS:g}),"
        f" {len(reads)} reading statements (at most {READS_MAX}), {min(loads)} to {max(loads)}"
        f" cases each (spread {spread})  {'pass' if good else 'FAIL'}"
    )
