"""Whether an act on a right is free: one round trip, over reading one row by its primary key."""

from functools import partial
from typing import Final

import asyncpg

from benchmarks.load import Transactions
from benchmarks.place import Place
from benchmarks.report import Bar, Run, costs, interleave, judge
from benchmarks.scale import Scale

CLIENTS: Final = 1
ENCUMBRANCES: Final = 1_000
RIGHTS: Final = 5_000
CHECK: Final = Bar(3, 2, at_most=True)
ACTS: Final = {"exclusive": 1, "non_exclusive": 2, "sell": 3}
"""Acts by their place in `conflicts.sql`."""
TAKEN: Final = 157_720_000_000_000
FREE: Final = 20_000_000_000_000
"""Where fields begin in which every group is licensed, and in which none is."""

_RIGHTS: Final = f"""
    INSERT INTO organisation (id, created_at, name, kind, country, version)
    VALUES (md5('owner')::uuid, now(), 'Owner', 'company', 'KR', 1);
    INSERT INTO ip_right (id, created_at, kind, title, language, office, classifications,
        legal_status, registered_by)
    SELECT md5('right ' || n)::uuid, now(), 'patent', 'A right ' || n, 'en', 'KR', '{{}}',
        'in_force', md5('owner')::uuid FROM generate_series(1, {RIGHTS}) n
"""
_ENCUMBRANCES: Final = f"""
    INSERT INTO encumbrance (id, created_at, version, right_id, kind, holder_organisation_id,
        claims, territories, fields_of_use, uses, starts_at, claim_range, territory_range,
        field_range, challenge_accepted, source, valid_from, changed_at, state)
    SELECT md5('encumbrance ' || n)::uuid, now(), 1,
        md5('right ' || CASE WHEN n <= {ENCUMBRANCES} THEN 1 ELSE n END)::uuid,
        CASE WHEN n % 2 = 0 THEN 'non_exclusive' ELSE 'exclusive' END, md5('owner')::uuid,
        '{{}}', '{{KR}}', '{{}}', 63, '2026-01-01', '{{(,)}}', '{{[14030881,14081534)}}',
        CASE WHEN n % 2 = 0 THEN '{{(,)}}'::int8multirange
            ELSE int8multirange(int8range({TAKEN} + (n - 1) * 1000000::bigint,
                {TAKEN} + (n + 1) * 1000000::bigint)) END,
        false, 'contract', '2026-01-01', '2026-01-01', 'active'
    FROM generate_series(1, {ENCUMBRANCES + RIGHTS - 1}) n;
    UPDATE ip_right r SET burdens = (
        SELECT range_agg(e.kind_range) FROM encumbrance e WHERE e.right_id = r.id)
"""


def measure_encumbrances(place: Place, scale: Scale) -> None:
    """Of a right with a thousand encumbrances, and of one without: free, and in conflict."""
    settings = place.database("encumbrances", fill)
    read = Transactions(settings, "primary_key.sql")
    check = Transactions(settings, "conflicts.sql")
    contenders: dict[str, Run] = {
        "primary key": partial(read.run, CLIENTS, scale.seconds, rows=ENCUMBRANCES)
    }
    for about, right in ((f"{ENCUMBRANCES:,}", 1), ("no", RIGHTS)):
        for act, place_of_act in ACTS.items():
            for scope, first in (("free", FREE), ("taken", TAKEN)):
                name = f"{act} in a {scope} field, {about} encumbrances"
                asked = {"right": right, "act": place_of_act, "first": first}
                contenders[name] = partial(check.run, CLIENTS, scale.seconds, **asked)
    found = interleave(contenders, scale.rounds)
    for name in list(contenders)[1:]:
        judge(f"{name}, x a primary key", costs(found, name, "primary key"), CHECK)


async def fill(connection: asyncpg.Connection) -> None:
    """Rights: one with a thousand encumbrances, the others with one or none."""
    await connection.execute(_RIGHTS)
    await connection.execute(_ENCUMBRANCES)
