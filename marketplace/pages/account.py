"""A person's own page: who is signed in here, and a token for calling the API themselves.

By it a person without a password, whom their company's provider vouches for, gets what others get
from POST /v1/sessions.
"""

from typing import Final

from authlib.oauth2.rfc6749 import OAuth2Error
from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.browser_sessions import service as browser_sessions
from marketplace.accounts.browser_sessions.service import Visitor
from marketplace.accounts.callers import caller_of
from marketplace.accounts.oauth.server import parameters_of
from marketplace.accounts.oauth.service import choices
from marketplace.accounts.sessions.service import admit
from marketplace.pages.browser import Browser
from marketplace.pages.opening import Sent, broken, read_sent, see
from marketplace.pages.rendering import ACCOUNT, LANGUAGE, Asked, address, page
from marketplace.pages.signing_in import sign_in_page

TOKEN: Final = "/account/token"  # noqa: S105 - an address
SIGN_OUT: Final = "/account/sign-out"


async def account(request: Request, session: AsyncSession) -> Response:
    """Who is signed in, or the form to do so; with `anew=1` the form in any case."""
    try:
        query = parameters_of(request.scope["query_string"])
    except OAuth2Error as error:
        return broken(request, {}, error)
    asked = {LANGUAGE: query[LANGUAGE]} if LANGUAGE in query else Asked()
    browser = Browser(request)
    visitor = await browser_sessions.find(session, browser.session)
    if visitor is None or "anew" in query:
        anew = "1" if "anew" in query else ""
        email = visitor.email if visitor else ""
        return await sign_in_page(request, session, asked, None, email=email, anew=anew)
    return browser.set_form(await _account_page(request, session, asked, browser, visitor))


async def show_token(request: Request, session: AsyncSession) -> Response:
    """A token of a session of its own, shown this once."""
    found = await _read(request, session)
    if isinstance(found, Response):
        return found
    sent, visitor = found
    mine = {str(one.organisation_id): one for one in await choices(session, visitor.user_id)}
    chosen = mine.get(sent.form.get("organisation_id", ""))
    if chosen is None:
        return see(address(sent.asked))
    token, login, organisation = await admit(
        session,
        visitor.user_id,
        chosen.organisation_id,
        caller=await caller_of(request),
        proved_at=visitor.proved_at,
    )
    return page(
        request,
        "token.html",
        sent.asked,
        token=token,
        organisation=organisation.name,
        ends_at=f"{login.expires_at:%Y-%m-%d %H:%M} UTC",
        back=address(sent.asked),
    )


async def sign_out(request: Request, session: AsyncSession) -> Response:
    """Sign this browser out. What was given to programs goes on."""
    found = await _read(request, session)
    if isinstance(found, Response):
        return found
    browser = Browser(request)
    await browser_sessions.end(session, browser.session)
    return browser.end_session(see(address(found[0].asked)))


async def _read(request: Request, session: AsyncSession) -> tuple[Sent, Visitor] | Response:
    """A form of this page, from somebody who is still signed in."""
    sent = await read_sent(request, session)
    if isinstance(sent, Response):
        return sent
    visitor = await browser_sessions.find(session, Browser(request).session)
    return (sent, visitor) if visitor else see(address(sent.asked))


async def _account_page(
    request: Request, session: AsyncSession, asked: Asked, browser: Browser, visitor: Visitor
) -> Response:
    return page(
        request,
        "account.html",
        asked,
        name=visitor.display_name,
        email=visitor.email,
        organisations=await choices(session, visitor.user_id),
        proof=browser.form_proof,
        action=TOKEN,
        sign_out=SIGN_OUT,
        anew=f"{ACCOUNT}?anew=1",
    )
