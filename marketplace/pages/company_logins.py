"""Signing in by a company's own identity provider: away to it, back from it, and in.

Nothing is held while the provider is asked: what is needed is read before, in short transactions.
"""

from typing import Final
from urllib.parse import urlencode

from authlib.oauth2.rfc6749 import OAuth2Error
from fastapi import Request, Response
from pydantic import SecretStr, TypeAdapter, ValidationError
from sqlalchemy.exc import IntegrityError
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.browser_sessions import service as browser_sessions
from marketplace.accounts.callers import caller_of
from marketplace.accounts.identity_providers import logins
from marketplace.accounts.identity_providers.errors import (
    LoginExpiredError,
    NoCompanyLoginError,
    ProviderUnusableError,
)
from marketplace.accounts.identity_providers.exchanging import Partner, Secrets
from marketplace.accounts.identity_providers.linking import person_of
from marketplace.accounts.identity_providers.logins import CALLBACK, Begun, Ties, Vouched
from marketplace.accounts.identity_providers.models import ExternalLogin
from marketplace.accounts.identity_providers.queries import domains_of, provider_for
from marketplace.accounts.identity_providers.rules import Told, read_claims
from marketplace.accounts.letters import letters_of
from marketplace.accounts.oauth.server import parameters_of
from marketplace.accounts.people.queries import get_user
from marketplace.accounts.people.schemas import Email
from marketplace.accounts.proving import prove_code
from marketplace.accounts.second_factor.service import status
from marketplace.kernel.db import apart, now
from marketplace.kernel.errors import MarketplaceError
from marketplace.kernel.logs import get_logger
from marketplace.kernel.problems import ConstraintErrors, translate
from marketplace.pages.browser import Browser
from marketplace.pages.opening import read_sent, see
from marketplace.pages.rendering import Asked, address, page
from marketplace.pages.signing_in import is_anew, onward, sign_in_again

logger = get_logger(__name__)

RETURN: Final = CALLBACK + "/{slug}"
CODE: Final = "/login/code"
CODE_LENGTH_MAX: Final = 40

_EMAIL: Final[TypeAdapter[str]] = TypeAdapter(Email)


async def begin(request: Request, session: AsyncSession) -> Response:
    """Send a person to the provider of their e-mail address's domain."""
    async with apart(session) as reading:
        sent = await read_sent(request, reading)
        if isinstance(sent, Response):
            return sent
        email = _read_email(sent.form.get("email", ""))
        provider = await provider_for(reading, email) if email else None
        partner = await _ties(request).partner(reading, provider) if provider else None
    if partner is None:
        return await sign_in_again(request, session, sent, NoCompanyLoginError())
    anew = bool(sent.form.get("anew")) or is_anew(sent.asked)
    begun = Begun(partner.provider, urlencode(sent.asked), anew)
    try:
        return await _send_away(request, session, sent.asked, begun, partner, email)
    except ProviderUnusableError as error:
        return _failed(request, sent.asked, error, partner.provider.slug)


async def _send_away(
    request: Request,
    session: AsyncSession,
    asked: Asked,
    begun: Begun,
    partner: Partner,
    email: str,
) -> Response:
    """A page that leads away: browsers hold the redirects of a form to where forms may go."""
    metadata = await partner.directory.metadata(partner.provider.issuer)
    browser = Browser(request)
    state = await logins.begin(session, begun, browser.secret)
    url = partner.request_url(
        metadata, Secrets.of(state, browser.secret), login_hint=email, is_anew=begun.is_anew
    )
    return page(request, "leaving.html", asked, url=url, provider=partner.provider.name)


async def come_back(request: Request, session: AsyncSession) -> Response:
    """The provider's answer: the person is signed in, or told why not."""
    slug, asked = str(request.path_params["slug"]), Asked()
    try:
        answer = parameters_of(request.scope["query_string"])
        login = await _take(request, session, answer.get("state", ""), is_vouched=False)
        asked = parameters_of(login.onward.encode())
        async with apart(session) as reading:
            begun = await Begun.of(reading, login)
            if begun.provider.slug != slug:
                raise LoginExpiredError
            partner = await _ties(request).partner(reading, begun.provider)
            domains = (await domains_of(reading, begun.provider.id))[begun.provider.id]
        secrets = Secrets.of(answer["state"], Browser(request).secret)
        claims = await partner.redeem(answer, secrets, is_anew=begun.is_anew, at=now(session))
        told = read_claims(claims, domains, now(session))
        return await _let_in(request, session, begun, told)
    except OAuth2Error:
        return _failed(request, asked, LoginExpiredError(), slug)
    except MarketplaceError as error:
        return _failed(request, asked, error, slug)


async def _let_in(request: Request, session: AsyncSession, begun: Begun, told: Told) -> Response:
    """Find, link or make the person; with a second factor of ours, ask for that as well."""
    letters = await letters_of(request)
    try:
        async with session.begin_nested():
            user = await person_of(session, begun.provider, told, letters=letters)
            vouched = Vouched(user.id, told.proved_at)
            if (await status(session, user.id))[0]:
                return await _code_page(request, session, begun, vouched)
            return await _sign_in(request, session, begun, vouched)
    except IntegrityError as error:
        known: ConstraintErrors = request.app.state.constraint_errors
        raise translate(error, known) from error


async def _sign_in(
    request: Request, session: AsyncSession, begun: Begun, vouched: Vouched
) -> Response:
    browser, caller = Browser(request), await caller_of(request)
    cookie, ends_at = await browser_sessions.start_vouched(
        session, vouched.user_id, vouched.proved_at, caller=caller
    )
    await browser_sessions.end(session, browser.session)
    answer = see(onward(parameters_of(begun.onward.encode())))
    return browser.set_session(answer, cookie, ends_at - now(session))


async def take_code(request: Request, session: AsyncSession) -> Response:
    """The second factor of a person whom their provider vouches for."""
    async with apart(session) as reading:
        sent = await read_sent(request, reading)
    if isinstance(sent, Response):
        return sent
    slug, typed = "", sent.form.get("code", "")[:CODE_LENGTH_MAX]
    try:
        login = await _take(request, session, sent.form.get("state", ""), is_vouched=True)
        assert login.user_id
        async with apart(session) as reading:
            begun = await Begun.of(reading, login)
            user = await get_user(reading, login.user_id)
        slug, vouched = begun.provider.slug, Vouched(user.id, login.proved_at)
        code = SecretStr(typed) if typed else None
        try:
            await prove_code(session, user.email, code, caller=await caller_of(request))
        except MarketplaceError as error:
            _log(slug, error)
            return await _code_page(request, session, begun, vouched, refused=error)
        return await _sign_in(request, session, begun, vouched)
    except MarketplaceError as error:
        return _failed(request, sent.asked, error, slug)


async def _code_page(
    request: Request,
    session: AsyncSession,
    begun: Begun,
    vouched: Vouched,
    *,
    refused: MarketplaceError | None = None,
) -> Response:
    browser, asked = Browser(request), parameters_of(begun.onward.encode())
    state = await logins.ask_for_code(session, begun, browser.secret, vouched)
    return page(
        request,
        "code.html",
        asked,
        status=refused.status if refused else 200,
        leads_to=asked.get("redirect_uri", ""),
        refused=refused.code if refused else "",
        state=state,
        proof=browser.form_proof,
        action=CODE,
    )


async def _take(
    request: Request, session: AsyncSession, state: str, *, is_vouched: bool
) -> ExternalLogin:
    """Use a login up, in a transaction of its own: whatever comes of it, it works once.

    Raises:
        LoginExpiredError: it is not there, or not at this point.
    """
    async with apart(session) as taking:
        login = await logins.take(taking, state, Browser(request).secret)
    if login is None or (login.user_id is not None) is not is_vouched:
        raise LoginExpiredError
    return login


def _failed(request: Request, asked: Asked, error: MarketplaceError, slug: str) -> Response:
    _log(slug, error)
    return page(
        request,
        "login_failed.html",
        asked,
        status=error.status,
        reason=error.code,
        again=address(asked),
    )


def _log(slug: str, error: MarketplaceError) -> None:
    """Every refusal with its reason, and never what a provider sent."""
    logger.warning("company login refused", provider=slug, code=error.code, reason=str(error))


def _read_email(typed: str) -> str:
    try:
        return _EMAIL.validate_python(typed)
    except ValidationError:
        return ""


def _ties(request: Request) -> Ties:
    state = request.app.state
    return Ties(state.keyring, state.settings.issuer, state.identity_providers)
