"""The pages on which a person signs in, and decides what a client may do for them."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from authlib.oauth2.rfc6749 import OAuth2Error
from fastapi import Request, Response
from pydantic import ValidationError
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.browser_sessions import service as browser_sessions
from marketplace.accounts.browser_sessions.service import Visitor
from marketplace.accounts.callers import caller_of
from marketplace.accounts.clients.models import Client
from marketplace.accounts.errors import WrongCredentialsError
from marketplace.accounts.oauth.api import context_of, read_form
from marketplace.accounts.oauth.grants import CodeGrant
from marketplace.accounts.oauth.metadata import AUTHORIZE
from marketplace.accounts.oauth.server import (
    ProtocolRequest,
    Server,
    log_refusal,
    parameters_of,
    readable_id,
)
from marketplace.accounts.oauth.service import Choice, Consent, choices
from marketplace.accounts.organisations.queries import get_organisation
from marketplace.accounts.sessions.schemas import SignIn
from marketplace.kernel.db import now
from marketplace.kernel.errors import MarketplaceError
from marketplace.pages.browser import Browser
from marketplace.pages.rendering import Asked, address, page, return_host
from marketplace.pages.texts import FALLBACK, TEXTS

SIGN_IN: Final = "/oauth/sign-in"
CONSENT: Final = "/oauth/consent"
FIELDS: Final = SignIn.model_fields.keys() - {"organisation_id"}
"""What the sign-in form sends: what signing in takes, but for the organisation, chosen later."""
ORDER: Final = [key.removeprefix("scope.") for key in TEXTS[FALLBACK] if key.startswith("scope.")]
"""Scopes as the texts have them: who the person is first, then what is done for them."""
ANEW: Final = frozenset({"login", "select_account"})
"""Prompts that ask for signing in although somebody is signed in."""


@dataclass(frozen=True, slots=True)
class Opened:
    """An authorization request that is right in itself, whoever sits before the browser."""

    server: Server
    asked: Asked
    request: ProtocolRequest
    grant: CodeGrant

    @property
    def client(self) -> Client:
        client: Client = self.request.client.row
        return client

    def refuse(self, error: str) -> Response:
        """Tell the client why there is no code."""
        refusal = OAuth2Error(
            error=error, redirect_uri=self.asked["redirect_uri"], state=self.asked.get("state")
        )
        return self.server.handle_error_response(self.request, refusal)


async def authorize(request: Request, session: AsyncSession) -> Response:
    """RFC 6749, 3.1: where a client sends the browser, to come back with a code."""
    try:
        if request.method == "POST":
            return _see(address(await read_form(request)))
        asked = parameters_of(request.scope["query_string"])
    except OAuth2Error as error:
        return _broken(request, {}, error)
    opened = await _open(request, session, asked)
    return opened if isinstance(opened, Response) else await _ask(request, session, opened)


async def _ask(request: Request, session: AsyncSession, opened: Opened) -> Response:
    """Show the page that comes next; a client that wants none shown is told what is missing."""
    browser, silent = Browser(request), opened.asked.get("prompt") == "none"
    visitor = await browser_sessions.find(session, browser.session)
    if visitor is None or _must_sign_in(visitor, opened.asked, session):
        if silent:
            return opened.refuse("login_required")
        return browser.set_form(_sign_in_page(request, opened, browser))
    if silent:  # which organisation to act for is asked each time
        return opened.refuse("consent_required")
    return browser.set_form(await _consent_page(request, session, opened, browser, visitor))


async def sign_in(request: Request, session: AsyncSession) -> Response:
    """The sign-in form's answer: on to the consent page, or the form again."""
    read = await _read(request, session)
    if isinstance(read, Response):
        return read
    form, opened = read
    browser, given = Browser(request), {name: form[name] for name in FIELDS & form.keys()}
    try:
        async with session.begin_nested():
            asked_in = SignIn.model_validate(given)
            caller = await caller_of(request)
            cookie, ends_at = await browser_sessions.start(session, asked_in, caller=caller)
            await browser_sessions.end(session, browser.session)
    except (MarketplaceError, ValidationError) as error:
        refused = error if isinstance(error, MarketplaceError) else WrongCredentialsError()
        log_refusal(SIGN_IN, OAuth2Error(error=refused.code), str(opened.client.id))
        return _sign_in_page(request, opened, browser, refused=refused, given=given)
    onward = {name: value for name, value in opened.asked.items() if name != "max_age"}
    onward["prompt"] = " ".join(set(onward.get("prompt", "").split()) - ANEW)
    answer = _see(address({name: value for name, value in onward.items() if value}))
    return browser.set_session(answer, cookie, ends_at - now(session))


async def consent(request: Request, session: AsyncSession) -> Response:
    """The consent form's answer: back to the client, with a code or without."""
    read = await _read(request, session)
    if isinstance(read, Response):
        return read
    form, opened = read
    visitor = await browser_sessions.find(session, Browser(request).session)
    if visitor is None:
        return _see(address(opened.asked))
    if form.get("decision") != "allow":
        return opened.refuse("access_denied")
    mine = {str(one.organisation_id): one for one in await choices(session, visitor.user_id)}
    chosen = mine.get(form.get("organisation_id", ""))
    if chosen is None:
        return _see(address(opened.asked))
    allowed = Consent(visitor.user_id, chosen.organisation_id, visitor.signed_in_at)

    def give_code(_: object) -> Response:
        response: Response = opened.server.create_authorization_response(
            opened.request, grant_user=allowed, grant=opened.grant
        )
        return response

    return await session.run_sync(give_code)


async def _open(request: Request, session: AsyncSession, asked: Asked) -> Opened | Response:
    """Check an authorization request; the answer that refuses it, when it is wrong."""
    context = context_of(request, session)
    server = Server(context)
    protocol = ProtocolRequest(context, "GET", AUTHORIZE, {}, asked)

    def check(_: object) -> Opened | Response:
        try:
            return Opened(server, asked, protocol, server.get_consent_grant(protocol))
        except OAuth2Error as error:
            if error.redirect_uri:
                return server.handle_error_response(protocol, error)
            return _broken(request, asked, error)

    return await session.run_sync(check)


async def _read(request: Request, session: AsyncSession) -> tuple[Asked, Opened] | Response:
    """A form of ours, and the authorization request that it belongs to."""
    try:
        form = await read_form(request)
        asked = parameters_of(form.get("request", "").encode())
    except OAuth2Error as error:
        return _broken(request, {}, error)
    if not Browser(request).proves(form.get("proof", "")):
        log_refusal(request.url.path, OAuth2Error(error="form_not_opened_here"), None)
        return page(request, "expired.html", asked, status=403, again=address(asked))
    opened = await _open(request, session, asked)
    return opened if isinstance(opened, Response) else (form, opened)


def _must_sign_in(visitor: Visitor, asked: Asked, session: AsyncSession) -> bool:
    """Whether the client wants the person to prove themselves anew."""
    if ANEW.intersection(asked.get("prompt", "").split()):
        return True
    age = now(session) - visitor.signed_in_at
    return "max_age" in asked and age >= timedelta(seconds=int(asked["max_age"]))


def _sign_in_page(
    request: Request,
    opened: Opened,
    browser: Browser,
    *,
    refused: MarketplaceError | None = None,
    given: Asked | None = None,
) -> Response:
    return page(
        request,
        "sign_in.html",
        opened.asked,
        status=refused.status if refused else 200,
        leads_to=opened.asked["redirect_uri"],
        client=opened.client.name,
        refused=refused.code if refused else "",
        email=(given or {}).get("email") or opened.asked.get("login_hint", ""),
        takes_code="code" in FIELDS,
        proof=browser.form_proof,
        action=SIGN_IN,
    )


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


def _broken(request: Request, asked: Asked, error: OAuth2Error) -> Response:
    """Tell the person: until the address to return to is known to be good, nobody is sent there."""
    log_refusal(request.url.path, error, readable_id(asked.get("client_id")))
    reason = error.description or error.error
    return page(request, "error.html", asked, status=400, reason=reason)


def _see(location: str) -> Response:
    return Response(status_code=303, headers={"location": location})
