"""The HTTP service. `create_app` builds it; nothing happens at import time."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from typing import Final

from fastapi import FastAPI

from marketplace import operations
from marketplace.accounts.access import OAUTH2, permissions_of, refusals_of
from marketplace.accounts.authentication import Authenticator
from marketplace.accounts.identity_providers.metadata import Directory
from marketplace.accounts.revocations import Revocations
from marketplace.accounts.uses import Uses
from marketplace.backlog import Backlog
from marketplace.kernel import openapi, problems
from marketplace.kernel.clock import SystemClock
from marketplace.kernel.crypto import load_keyring
from marketplace.kernel.db import create_engine, create_sessions
from marketplace.kernel.driver_pools import ReadPool, WritePool
from marketplace.kernel.http import BODY_BYTES_MAX, Service
from marketplace.kernel.kept_pages import KeptPages
from marketplace.kernel.logs import get_logger
from marketplace.kernel.rate_limits import Quotas, RateLimits
from marketplace.payments.access import platform_account
from marketplace.payments.providers.bank.option import BankTransfer
from marketplace.payments.providers.stripe.setup import stripe_terms
from marketplace.search.reader import IndexReader
from marketplace.settings import Settings
from marketplace.wiring import (
    CONSTRAINT_ERRORS,
    FAST,
    PAYEES_OF,
    PERSONAL_DATA,
    PLAIN_ROUTES,
    ROUTERS,
    SECRET_TAKING,
    USES,
    finders,
)

logger = get_logger(__name__)

INDEX_REFRESH_SECONDS: Final = 0.15
DESCRIPTION: Final = """
Ideas and patents are listed, negotiated, paid into held funds, transferred and settled here.

Sign up with `POST /v1/users`, sign in with `POST /v1/sessions`, or by your company's login at
`/account`, and send the token as `Authorization: Bearer …`. A partner's system registers with `POST
/v1/clients`, and gets its tokens by OAuth 2 and OpenID Connect, as
`/.well-known/openid-configuration` says. Any POST with a token may carry an `Idempotency-Key`.
Errors are RFC 9457 problem documents with a stable `code`. Money is in minor units: 12000 KRW is
`{"amount_minor": 12000, "currency": "KRW"}`. Lists are keyset pages: follow `next`.
"""


def create_app(settings: Settings, *, connect: bool = True) -> FastAPI:
    """Build the service.

    Args:
        settings: the configuration.
        connect: open database pools and the search index at start-up; tests bring their own.
    """
    app = Service(
        title="Idea and Patent Marketplace",
        version="0.1.0",
        description=DESCRIPTION,
        lifespan=_connected if connect else None,
        max_body_size=BODY_BYTES_MAX,
        log_requests=settings.log_requests,
        fast=FAST,
        limits=_rate_limits(settings),
        trusted_proxies=settings.trusted_proxies,
        generate_unique_id_function=openapi.operation_id,
        openapi_url=None,  # served beside the event loop
        docs_url=None,  # the pages serve it, without another host's scripts
        redoc_url=None,
        redirect_slashes=False,  # one address each; a redirect would trust the Host header
    )
    app.state.settings = settings
    revocations = Revocations()
    app.state.revocations = revocations
    app.state.personal_data = PERSONAL_DATA
    app.state.identity_providers = Directory(loopback=settings.loopback_providers)
    app.state.constraint_errors = CONSTRAINT_ERRORS
    app.state.backlog = Backlog()
    app.state.pages = KeptPages()
    app.state.uses = Uses(USES)
    found_by = finders(settings, revocations)
    app.state.authenticator = Authenticator(found_by, revocations, app.state.uses)
    app.state.platform_account = platform_account(settings)
    app.state.stripe = stripe_terms(settings)
    app.state.providers = (BankTransfer(settings.bank_country), app.state.stripe)
    app.state.payees_of = PAYEES_OF
    for router in (*ROUTERS, operations.router, operations.health):
        app.include_router(router)
    app.router.routes.extend(PLAIN_ROUTES)
    problems.install(app, CONSTRAINT_ERRORS)
    openapi.install(
        app,
        permissions_of,
        OAUTH2,
        guard=refusals_of,
        unlimited=operations.HEALTH_PATHS,
    )
    return app


def _rate_limits(settings: Settings) -> RateLimits | None:
    if not settings.rate_limits:
        return None
    quotas = Quotas(
        settings.requests_per_minute,
        settings.anonymous_requests_per_minute,
        settings.sign_ins_per_minute,
    )
    return RateLimits(quotas, sign_in=SECRET_TAKING, unlimited=operations.HEALTH_PATHS)


@contextlib.asynccontextmanager
async def _connected(app: FastAPI) -> AsyncIterator[None]:
    settings: Settings = app.state.settings
    engine = create_engine(settings.sqlalchemy_url(), pool_size=settings.pool_size)
    app.state.sessions = create_sessions(engine, SystemClock())
    url = settings.asyncpg_url()
    app.state.reads = await ReadPool.open(url, size=settings.read_pool_size)
    app.state.writes = await WritePool.open(url, size=settings.write_pool_size)
    app.state.keyring = load_keyring(settings.keys_path, settings.key_service())
    app.state.index = IndexReader(settings.index_path)
    app.state.register_index = IndexReader(settings.register_index_path)
    followers = (
        asyncio.create_task(_refresh(app.state.index)),
        asyncio.create_task(_refresh(app.state.register_index)),
        asyncio.create_task(app.state.revocations.follow(url)),
        asyncio.create_task(app.state.uses.keep_writing(app.state.sessions)),
    )
    try:
        yield
    finally:
        for follower in followers:
            follower.cancel()
        await asyncio.gather(*followers, return_exceptions=True)
        await app.state.reads.close()
        await app.state.writes.close()
        await engine.dispose()


async def _refresh(index: IndexReader) -> None:
    """See what the writer committed, several times a second."""
    while True:
        index.refresh()
        await asyncio.sleep(INDEX_REFRESH_SECONDS)
