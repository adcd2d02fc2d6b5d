"""What was imported and sent before our own account was kept with it."""

import asyncio
import json
from uuid import uuid4

import asyncpg
from pydantic import SecretStr

from marketplace.kernel import postgres
from marketplace.kernel.postgres import EmbeddedPostgres
from marketplace.migrating import upgrade
from marketplace.settings import Settings

_BEFORE = """
    SET session_replication_role = replica; -- rows on their own, without those that they name
    INSERT INTO payout_batch (id, created_at, currency, message_id, created_by, sent_at)
    SELECT gen_random_uuid(), '2026-03-01T05:00Z', 'KRW', n, gen_random_uuid(),
        CASE n WHEN 'sent' THEN now() END FROM unnest(ARRAY['sent', 'open']) n;
    INSERT INTO bank_entry (id, created_at, version, statement_id, account, external_id, direction,
        amount_minor, currency, booked_on, remittance, reversal, state)
    SELECT gen_random_uuid(), now(), 1, gen_random_uuid(), account, external_id, 'credit', 5, 'KRW',
        '2026-03-01', '', false, 'queued'
    FROM (VALUES ('', 'alone'), ('000-000 000000', 'spelt'), ('', 'twice'),
        ('000000000000', 'twice'), ('de89', 'other')) rows (account, external_id)
"""


def test_the_account_of_the_settings_is_filled_in(server: EmbeddedPostgres) -> None:
    asyncio.run(_check(server, f"migrated_{uuid4().hex}"))


async def _check(server: EmbeddedPostgres, name: str) -> None:
    await postgres.ensure_database(server, name)
    found = {"database_url": SecretStr(server.url(name))}
    settings = Settings(_env_file=None).model_copy(update=found)
    await asyncio.to_thread(upgrade, settings, "0007")
    connection = await asyncpg.connect(settings.asyncpg_url())
    await connection.execute(_BEFORE)

    await asyncio.to_thread(upgrade, settings)

    entries = await connection.fetch("SELECT external_id, account FROM bank_entry ORDER BY 1, 2")
    batches = await connection.fetch(
        "SELECT message_id, debtor, CAST(execute_on AS text) AS day FROM payout_batch ORDER BY 1"
    )
    await connection.close()
    assert [tuple(entry) for entry in entries] == [
        ("alone", "000000000000"),
        ("other", "DE89"),
        ("spelt", "000000000000"),
        ("twice", ""),
        ("twice", "000000000000"),
    ]
    assert tuple(batches[0]) == ("open", None, None)
    assert json.loads(batches[1]["debtor"]) == {
        "holder_name": settings.bank_holder_name,
        "account_number": "000-000-000000",
        "bank_code": "004",
        "country": "KR",
    }
    assert batches[1]["day"] == "2026-03-01"
