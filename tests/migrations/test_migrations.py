"""The migrations make exactly what the models declare: from empty, in steps, and in company."""

import asyncio
import os
import sys
import time
from asyncio import create_subprocess_exec
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar
from uuid import uuid4

import asyncpg
import pytest
from alembic import command
from alembic.script import ScriptDirectory
from alembic.util import CommandError
from pydantic import SecretStr
from sqlalchemy import create_mock_engine
from sqlalchemy.schema import ExecutableDDLElement

from marketplace.kernel import postgres
from marketplace.kernel.db import METADATA
from marketplace.kernel.postgres import EmbeddedPostgres
from marketplace.migrating import alembic_config, upgrade
from marketplace.settings import Settings
from marketplace.wiring import APPEND_ONLY, TABLES

CATALOG = {
    "constraints": """
        SELECT conrelid::regclass || ' ' || conname, pg_get_constraintdef(oid)
        FROM pg_constraint WHERE connamespace = 'public'::regnamespace AND contype NOT IN ('n', 't')
    """,
    "indexes": """
        SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i
        JOIN pg_class c ON c.oid = i.indrelid WHERE c.relnamespace = 'public'::regnamespace
    """,
    "columns": """
        SELECT c.relname || '.' || a.attname, concat_ws(' ', format_type(a.atttypid, a.atttypmod),
            a.attnotnull, a.attidentity, a.attgenerated, pg_get_expr(d.adbin, d.adrelid))
        FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid
        LEFT JOIN pg_attrdef d ON d.adrelid = a.attrelid AND d.adnum = a.attnum
        WHERE c.relnamespace = 'public'::regnamespace AND c.relkind = 'r' AND a.attnum > 0
          AND NOT a.attisdropped
    """,
}
TRIGGERS = """
    SELECT t.tgname, p.proname FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid
    WHERE NOT t.tgisinternal AND t.tgconstraint = 0
"""
RULES = {
    "affiliation_tree": "keep_groups_trees",
    "confidential_body_put_held": "refuse_change_of_held",
    "confidential_body_shred_held": "refuse_change_of_held",
    "confidential_file_change_held": "refuse_change_of_held",
    "auction_terms_frozen": "refuse_change",
    "event_freezes_dimensions": "freeze_dimensions",
    "encumbrance_consented": "refuse_unconsented_grant",
    "award_within_budget": "refuse_over_budget",
    "submission_in_time": "refuse_late_submission",
    "store_application_in_time": "refuse_late_application",
    "store_window_allowed": "refuse_window",
    "store_window_not_longer": "refuse_window",
    "disclosure_view_granted": "refuse_unless_granted",
    "conflict_rule_summarized": "summarize_conflicts",
    "deal_broker_frozen": "refuse_frozen_brokers",
    "deal_dual_agency": "refuse_unconsented_agency",
    "deal_signed_burdened": "refuse_burdened_deed",
    "deal_signed_burdened_bundle": "refuse_burdened_bundle",
    "ledger_posting_loan_secured": "require_secured_payment",
    "loan_runs_secured": "require_secured_loan",
    "encumbrance_kept": "keep_encumbrances",
    "encumbrance_never_deleted": "refuse_change",
    "encumbrance_within_right": "refuse_outliving_right",
    "legal_event_surrender_burdened": "refuse_burdened_deed",
    "listing_published_burdened": "refuse_burdened_deed",
    "listing_shown_burdened": "refuse_burdened_deed",
    "listing_shown_burdened_bundle": "refuse_burdened_bundle",
    "membership_owner_changed": "keep_an_owner",
    "membership_owner_removed": "keep_an_owner",
    "conveyance_burdened": "refuse_burdened_deed",
    "right_reservation_burdened": "refuse_burdened_deed",
    "right_reservation_kept": "keep_reservation",
    "validity_survey_heard": "refuse_unheard_finding",
    "valuation_assignment_fit": "refuse_unfit_assignment",
    "valuation_model_weights_whole": "refuse_unless_weights_whole",
}
"""What no constraint can say."""
LEFT_BEHIND = """
    SELECT relname::text, 'relation' FROM pg_class WHERE relnamespace = 'public'::regnamespace
    UNION ALL SELECT proname::text, 'function' FROM pg_proc p
    WHERE pronamespace = 'public'::regnamespace
      AND NOT EXISTS (SELECT FROM pg_depend WHERE objid = p.oid AND deptype = 'e')
"""
MIGRATION_LOCK = 0xA1E3B1C
WAITING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"

T = TypeVar("T")
NewDatabase = Callable[[], Settings]


@pytest.fixture
def new_database(server: EmbeddedPostgres) -> NewDatabase:
    """Make an empty database, and settings that use it."""

    def make() -> Settings:
        name = f"migrated_{uuid4().hex}"
        asyncio.run(postgres.ensure_database(server, name))
        found = {"database_url": SecretStr(server.url(name))}
        return Settings(_env_file=None).model_copy(update=found)

    return make


def on(settings: Settings, use: Callable[[asyncpg.Connection], Awaitable[T]]) -> T:
    """Use a connection to the database of the settings."""

    async def run() -> T:
        connection = await asyncpg.connect(settings.asyncpg_url())
        try:
            return await use(connection)
        finally:
            await connection.close()

    return asyncio.run(run())


def pairs(settings: Settings, statement: str) -> dict[str, str]:
    """What a statement of two columns finds, without Alembic's own table."""
    rows = on(settings, lambda connection: connection.fetch(statement))
    return {row[0]: row[1] for row in rows if not row[0].startswith("alembic_version")}


def catalog(settings: Settings) -> dict[str, dict[str, str]]:
    return {name: pairs(settings, statement) for name, statement in CATALOG.items()}


def create_all(settings: Settings) -> None:
    """Make the tables as the models declare them, without any migration."""
    statements = ["CREATE EXTENSION btree_gist"]

    def note(statement: ExecutableDDLElement, *_: Any, **__: Any) -> None:
        statements.append(str(statement.compile(dialect=engine.dialect)))

    engine = create_mock_engine("postgresql+asyncpg://", note)
    METADATA.create_all(engine, checkfirst=False)
    on(settings, lambda connection: connection.execute(";\n".join(statements)))


def test_from_empty_the_migrations_make_what_the_models_declare(
    new_database: NewDatabase,
) -> None:
    migrated, declared = new_database(), new_database()

    upgrade(migrated)
    create_all(declared)

    assert catalog(migrated) == catalog(declared)
    command.check(alembic_config(migrated))
    facts = {f"{table}_append_only": "refuse_change" for table in APPEND_ONLY}
    assert pairs(migrated, TRIGGERS) == facts | RULES
    found = catalog(migrated)
    assert {name.partition(".")[0] for name in found["columns"]} == set(TABLES)
    kinds = [each.partition(" ")[0] for each in found["constraints"].values()]
    assert {"EXCLUDE", "CHECK", "UNIQUE", "FOREIGN"} <= set(kinds)


def test_each_step_down_and_up_again_gives_the_same_schema(new_database: NewDatabase) -> None:
    settings = new_database()
    config = alembic_config(settings)
    steps = len(list(ScriptDirectory.from_config(config).walk_revisions()))
    schemas = []
    for _ in range(steps):
        command.upgrade(config, "+1")
        schemas.append(catalog(settings))

    while len(schemas) > 1:
        command.downgrade(config, "-1")
        assert catalog(settings) == schemas[-2]
        command.upgrade(config, "+1")
        assert catalog(settings) == schemas.pop()
        command.downgrade(config, "-1")
    command.downgrade(config, "-1")
    assert pairs(settings, LEFT_BEHIND) == {}


def test_a_second_upgrade_changes_nothing(new_database: NewDatabase) -> None:
    settings = new_database()
    upgrade(settings)
    policies = "SELECT id::text, to_jsonb(fee_policy)::text FROM fee_policy"
    before = catalog(settings), pairs(settings, policies)

    upgrade(settings)

    assert (catalog(settings), pairs(settings, policies)) == before
    assert len(before[1]) == 1


def test_two_processes_that_upgrade_at_once_take_turns(
    new_database: NewDatabase, template: str, server: EmbeddedPostgres
) -> None:
    settings = new_database()
    command_line = [sys.executable, "-m", "marketplace", "migrate"]
    environment = os.environ | {"DATABASE_URL": settings.asyncpg_url()}

    async def let_go_when_both_wait(connection: asyncpg.Connection) -> list[int]:
        await connection.execute(f"SELECT pg_advisory_lock({MIGRATION_LOCK})")
        processes = [await create_subprocess_exec(*command_line, env=environment) for _ in "12"]
        deadline = time.monotonic() + 60
        while await connection.fetchval(WAITING) < len(processes):
            assert time.monotonic() < deadline
            await asyncio.sleep(0.02)
        await connection.execute(f"SELECT pg_advisory_unlock({MIGRATION_LOCK})")
        return [await process.wait() for process in processes]

    assert on(settings, let_go_when_both_wait) == [0, 0]
    reference = settings.model_copy(update={"database_url": SecretStr(server.url(template))})
    assert catalog(settings) == catalog(reference)


def test_a_database_of_a_newer_version_is_left_alone(new_database: NewDatabase) -> None:
    settings = new_database()
    upgrade(settings)
    later = "UPDATE alembic_version SET version_num = 'from_the_future'"
    on(settings, lambda connection: connection.execute(later))
    before = catalog(settings)

    with pytest.raises(CommandError, match="from_the_future"):
        upgrade(settings)

    assert catalog(settings) == before
