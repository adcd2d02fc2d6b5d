"""The pages on which a person decides what a client may do for them."""

from datetime import timedelta
from typing import Final
from urllib.parse import urlencode

from authlib.oauth2.rfc6749 import OAuth2Error
from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.browser_sessions import service as browser_sessions
from marketplace.accounts.browser_sessions.service import Visitor
from marketplace.accounts.oauth.api import read_form
from marketplace.accounts.oauth.metadata import AUTHORIZE
from marketplace.accounts.oauth.server import parameters_of
from marketplace.accounts.oauth.service import Choice, Consent, choices
from marketplace.accounts.organisations.queries import get_organisation
from marketplace.kernel.db import now
from marketplace.pages.browser import Browser
from marketplace.pages.opening import Opened, broken, open_request, read_sent, see
from marketplace.pages.rendering import Asked, address, page, return_host
from marketplace.pages.signing_in import ANEW, sign_in_page
from marketplace.pages.texts import FALLBACK, TEXTS

CONSENT: Final = "/oauth/consent"
ORDER: Final = [key.removeprefix("scope.") for key in TEXTS[FALLBACK] if key.startswith("scope.")]
"""Scopes as the texts have them: who the person is first, then what is done for them."""


async def authorize(request: Request, session: AsyncSession) -> Response:
    """RFC 6749, 3.1: where a client sends the browser, to come back with a code."""
    try:
        if request.method == "POST":
            return see(f"{AUTHORIZE}?{urlencode(await read_form(request))}")
        asked = parameters_of(request.scope["query_string"])
    except OAuth2Error as error:
        return broken(request, {}, error)
    opened = await open_request(request, session, asked)
    return opened if isinstance(opened, Response) else await _ask(request, session, opened)


async def _ask(request: Request, session: AsyncSession, opened: Opened) -> Response:
    """Show the page that comes next; a client that wants none shown is told what is missing."""
    browser, silent = Browser(request), opened.asked.get("prompt") == "none"
    visitor = await browser_sessions.find(session, browser.session)
    if visitor is None or _must_sign_in(visitor, opened.asked, session):
        if silent:
            return opened.refuse("login_required")
        return await sign_in_page(request, session, opened.asked, opened)
    if silent:  # which organisation to act for is asked each time
        return opened.refuse("consent_required")
    return browser.set_form(await _consent_page(request, session, opened, browser, visitor))


async def consent(request: Request, session: AsyncSession) -> Response:
    """The consent form's answer: back to the client, with a code or without."""
    sent = await read_sent(request, session)
    if isinstance(sent, Response):
        return sent
    form, opened = sent.form, sent.opened
    visitor = await browser_sessions.find(session, Browser(request).session)
    if visitor is None or opened is None:
        return see(address(sent.asked))
    if form.get("decision") != "allow":
        return opened.refuse("access_denied")
    mine = {str(one.organisation_id): one for one in await choices(session, visitor.user_id)}
    chosen = mine.get(form.get("organisation_id", ""))
    if chosen is None:
        return see(address(opened.asked))
    allowed = Consent(visitor.user_id, chosen.organisation_id, visitor.signed_in_at)

    def give_code(_: object) -> Response:
        response: Response = opened.server.create_authorization_response(
            opened.request, grant_user=allowed, grant=opened.grant
        )
        return response

    return await session.run_sync(give_code)


def _must_sign_in(visitor: Visitor, asked: Asked, session: AsyncSession) -> bool:
    """Whether the client wants the person to prove themselves anew."""
    if ANEW.intersection(asked.get("prompt", "").split()):
        return True
    age = now(session) - visitor.signed_in_at
    return "max_age" in asked and age >= timedelta(seconds=int(asked["max_age"]))


async def _consent_page(
    request: Request, session: AsyncSession, opened: Opened, browser: Browser, visitor: Visitor
) -> Response:
    maker = await get_organisation(session, opened.client.organisation_id)
    organisations: list[Choice] = list(await choices(session, visitor.user_id))
    return page(
        request,
        "consent.html",
        opened.asked,
        leads_to=opened.asked["redirect_uri"],
        client=opened.client.name,
        maker=maker.name,
        email=visitor.email,
        organisations=organisations,
        scopes=sorted(opened.request.scope.split(), key=ORDER.index),
        host=return_host(opened.asked["redirect_uri"]),
        proof=browser.form_proof,
        action=CONSENT,
        other=address(opened.asked, prompt="login"),
    )
