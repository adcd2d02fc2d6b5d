"""Alembic's entry: one connection, one transaction, bounded locks, one migrator at a time."""

import asyncio

from alembic import context
from sqlalchemy import Connection, pool, text
from sqlalchemy.dialects.postgresql.base import ischema_names
from sqlalchemy.ext.asyncio import create_async_engine

from marketplace.kernel.db import METADATA, TransactionId
from marketplace.settings import Settings
from marketplace.wiring import TABLES

MIGRATION_LOCK = 0xA1E3B1C

ischema_names["xid8"] = TransactionId
assert TABLES is METADATA.tables


def migrate(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=METADATA, compare_server_default=True)
    with context.begin_transaction():
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": MIGRATION_LOCK})
        connection.execute(text("SET LOCAL lock_timeout = '10s'"))
        connection.execute(text("SET LOCAL statement_timeout = '600s'"))
        context.run_migrations()


async def migrate_online() -> None:
    url = context.config.get_main_option("sqlalchemy.url") or Settings().sqlalchemy_url()
    engine = create_async_engine(url, poolclass=pool.NullPool)
    async with engine.connect() as connection:
        await connection.run_sync(migrate)
        await connection.commit()
    await engine.dispose()


if context.is_offline_mode():
    context.configure(url="postgresql://", target_metadata=METADATA, literal_binds=True)
    with context.begin_transaction():
        context.run_migrations()
else:
    asyncio.run(migrate_online())
