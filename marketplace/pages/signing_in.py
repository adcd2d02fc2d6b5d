"""The sign-in page, and its form with a password."""

from typing import Final

from authlib.oauth2.rfc6749 import OAuth2Error
from fastapi import Request, Response
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.browser_sessions import service as browser_sessions
from marketplace.accounts.callers import caller_of
from marketplace.accounts.errors import WrongCredentialsError
from marketplace.accounts.identity_providers.queries import are_any_enabled
from marketplace.accounts.oauth.server import log_refusal
from marketplace.accounts.sessions.schemas import SignIn
from marketplace.kernel.db import apart, now
from marketplace.kernel.errors import MarketplaceError
from marketplace.kernel.rate_limits import secret_was_right
from marketplace.pages.browser import Browser
from marketplace.pages.opening import Opened, Sent, read_sent, see
from marketplace.pages.rendering import Asked, address, page

SIGN_IN: Final = "/oauth/sign-in"
BEGIN: Final = "/login/begin"
FIELDS: Final = SignIn.model_fields.keys() - {"organisation_id"}
"""What the sign-in form sends: what signing in takes, but for the organisation, chosen later."""
ANEW: Final = frozenset({"login", "select_account"})
"""Prompts that ask for signing in although somebody is signed in."""


async def sign_in(request: Request, session: AsyncSession) -> Response:
    """The sign-in form's answer: on to what the person came for, or the form again.

    Nothing is held while the password is hashed. A refusal comes before anything is written.
    """
    async with apart(session) as reading:
        sent = await read_sent(request, reading)
    if isinstance(sent, Response):
        return sent
    browser, given = Browser(request), {name: sent.form[name] for name in FIELDS & sent.form.keys()}
    try:
        asked_in = SignIn.model_validate(given)
        caller = await caller_of(request)
        cookie, ends_at = await browser_sessions.start(session, asked_in, caller=caller)
    except (MarketplaceError, ValidationError) as error:
        refused = error if isinstance(error, MarketplaceError) else WrongCredentialsError()
        client = str(sent.opened.client.id) if sent.opened else None
        log_refusal(SIGN_IN, OAuth2Error(error=refused.code), client)
        return await sign_in_again(request, session, sent, refused)
    secret_was_right(request)
    await browser_sessions.end(session, browser.session)
    return browser.set_session(see(onward(sent.asked)), cookie, ends_at - now(session))


def onward(asked: Asked) -> str:
    """Where a person goes who has just signed in: they need not do so once more."""
    kept = {name: value for name, value in asked.items() if name != "max_age"}
    kept["prompt"] = " ".join(set(kept.get("prompt", "").split()) - ANEW)
    return address({name: value for name, value in kept.items() if value})


def is_anew(asked: Asked) -> bool:
    """Whether the client wants the person to prove themselves, though they may have lately."""
    return "max_age" in asked or bool(ANEW.intersection(asked.get("prompt", "").split()))


async def sign_in_page(
    request: Request,
    session: AsyncSession,
    asked: Asked,
    opened: Opened | None,
    *,
    refused: MarketplaceError | None = None,
    email: str = "",
    anew: str = "",
) -> Response:
    """The form; `anew` lets nobody in whom a provider knows already without asking."""
    browser = Browser(request)
    shown = page(
        request,
        "sign_in.html",
        asked,
        status=refused.status if refused else 200,
        leads_to=asked.get("redirect_uri", ""),
        client=opened.client.name if opened else "",
        refused=refused.code if refused else "",
        email=email or asked.get("login_hint", ""),
        takes_code="code" in FIELDS,
        proof=browser.form_proof,
        action=SIGN_IN,
        company=BEGIN if await are_any_enabled(session) else "",
        anew=anew,
    )
    return browser.set_form(shown)


async def sign_in_again(
    request: Request, session: AsyncSession, sent: Sent, refused: MarketplaceError
) -> Response:
    """The form again, with a word why; what was typed into it stays, but for secrets."""
    typed, anew = sent.form.get("email", ""), sent.form.get("anew", "")
    return await sign_in_page(
        request, session, sent.asked, sent.opened, refused=refused, email=typed, anew=anew
    )
