"""A whole service on a database of its own, with its background work done on demand."""

from dataclasses import dataclass, field
from typing import Self
from zoneinfo import ZoneInfo

import httpx2
from fastapi import FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from marketplace.accounts.letters import Letters
from marketplace.accounts.passwords.service import mail_resets
from marketplace.app import create_app
from marketplace.kernel.clock import ShiftedClock
from marketplace.kernel.clocks import run_all_due
from marketplace.kernel.crypto import create_key_file, load_keyring
from marketplace.kernel.db import Sessions, create_engine, create_sessions
from marketplace.kernel.driver_pools import ReadPool, WritePool
from marketplace.kernel.events import deliver
from marketplace.kernel.master_keys import carry_keyring
from marketplace.payments.funding.matching import match_received
from marketplace.payments.ledger.verify import Check, run_checks
from marketplace.search.indexing import REGISTER, Indexer
from marketplace.search.reader import IndexReader
from marketplace.settings import Settings
from marketplace.statistics.folding import fold
from marketplace.valuation.assignments.engine import assign_due
from marketplace.wiring import CLOCKS, CONSUMERS, PROOFS, TURNING
from marketplace.worker import prepare


@dataclass
class World:
    settings: Settings
    clock: ShiftedClock
    engine: AsyncEngine
    sessions: Sessions
    app: FastAPI
    client: httpx2.AsyncClient
    indexer: Indexer
    register_indexer: Indexer
    failed: list[str] = field(default_factory=list)

    @classmethod
    async def open(cls, settings: Settings, clock: ShiftedClock) -> Self:
        settings = settings.model_copy(update={"log_requests": False})
        engine = create_engine(settings.sqlalchemy_url(), pool_size=10)
        sessions = create_sessions(engine, clock)
        app = create_app(settings, connect=False)
        app.state.sessions = sessions
        app.state.reads = await ReadPool.open(settings.asyncpg_url(), size=2)
        app.state.writes = await WritePool.open(settings.asyncpg_url(), size=4)
        create_key_file(settings.keys_path)
        app.state.keyring = load_keyring(settings.keys_path)
        carry_keyring(sessions, app.state.keyring)
        indexer = Indexer(settings.index_path)
        app.state.index = IndexReader(settings.index_path)
        register_indexer = Indexer(settings.register_index_path, REGISTER)
        app.state.register_index = IndexReader(settings.register_index_path)
        client = httpx2.AsyncClient(
            transport=httpx2.ASGITransport(app), base_url="http://test", timeout=60
        )
        await prepare(sessions)
        return cls(settings, clock, engine, sessions, app, client, indexer, register_indexer)

    async def work(self) -> None:
        """Do what the worker would do, until nothing is left to do."""
        while await self._work_once():
            pass
        while await self.indexer.catch_up(self.sessions):
            pass
        while await self.register_indexer.catch_up(self.sessions):
            pass
        self.app.state.index.refresh()
        self.app.state.register_index.refresh()

    async def _work_once(self) -> int:
        done = await match_received(self.sessions)
        done += await run_all_due(self.sessions, CLOCKS)
        done += await assign_due(self.sessions, ZoneInfo(self.settings.reporting_time_zone))
        for turn in TURNING:
            done += await turn(self.sessions)
        for consumer in CONSUMERS:
            done += await deliver(self.sessions, consumer)
        done += await mail_resets(self.sessions, self.letters)
        return done + await fold(self.sessions, self.settings.reporting_time_zone)

    @property
    def letters(self) -> Letters:
        return Letters(self.app.state.keyring, self.settings.issuer)

    async def proofs(self) -> list[Check]:
        """Every proof that fails; empty when the books are whole."""
        async with self.sessions() as session:
            return [check for check in await run_checks(session, PROOFS) if check.problems]

    async def close(self) -> None:
        await self.client.aclose()
        self.indexer.close()
        self.register_indexer.close()
        await self.app.state.reads.close()
        await self.app.state.writes.close()
        await self.engine.dispose()
