"""The protocol's own endpoints. Their errors have OAuth's form (RFC 6749, 5.2; RFC 6750, 3)."""

from collections.abc import Callable
from http import HTTPStatus
from typing import Any, Final

import orjson
from authlib.oauth2.rfc6749 import InvalidRequestError, OAuth2Error
from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.oauth import metadata
from marketplace.accounts.oauth.context import Context
from marketplace.accounts.oauth.finding import still_holds
from marketplace.accounts.oauth.server import (
    ProtocolRequest,
    Server,
    json_response,
    log_refusal,
    parameters_of,
    refusal,
)
from marketplace.accounts.oauth.tokens import AccessToken
from marketplace.accounts.people.queries import get_user
from marketplace.accounts.permissions import OpenIdScope
from marketplace.accounts.signing_keys.service import public_keys
from marketplace.kernel.rate_limits import credential_is_good
from marketplace.kernel.routing import plain_route

FORM: Final = "application/x-www-form-urlencoded"
FORM_BYTES_MAX: Final = 32 * 1024
CACHED: Final = {"cache-control": "public, max-age=300"}

Do = Callable[[Server, ProtocolRequest], Response]


def context_of(request: Request, session: AsyncSession) -> Context:
    state = request.app.state
    return Context(session, state.keyring, state.settings.issuer)


async def token(request: Request, session: AsyncSession) -> Response:
    """RFC 6749, 3.2: a code, a refresh token, or a client's own proof for an access token."""
    answer = await _answer(request, session, Server.create_token_response)
    if answer.status_code == HTTPStatus.OK:
        credential_is_good(request)
    return answer


async def introspect(request: Request, session: AsyncSession) -> Response:
    """RFC 7662: what a token of the asking client is worth now."""
    return await _answer(request, session, _endpoint("introspection"))


async def revoke(request: Request, session: AsyncSession) -> Response:
    """RFC 7009: give up an access token, or with a refresh token its whole family."""
    return await _answer(request, session, _endpoint("revocation"))


def _endpoint(name: str) -> Do:
    def do(server: Server, asked: ProtocolRequest) -> Response:
        response: Response = server.create_endpoint_response(name, asked)
        return response

    return do


async def _answer(request: Request, session: AsyncSession, do: Do) -> Response:
    context = context_of(request, session)
    path = request.url.path
    if request.method != "POST":
        error = InvalidRequestError("Send it by POST.", status_code=HTTPStatus.METHOD_NOT_ALLOWED)
        log_refusal(path, error, None)
        response = refusal(error)
        response.headers["allow"] = "POST"
        return response
    try:
        form = await read_form(request)
    except OAuth2Error as error:
        log_refusal(path, error, None)
        return refusal(error)
    asked = ProtocolRequest(context, "POST", path, request.headers, form)
    return await session.run_sync(lambda _: do(Server(context), asked))


async def read_form(request: Request) -> dict[str, str]:
    """The form that was posted.

    Raises:
        InvalidRequestError: no form, too large, or `parameters_of` cannot read it; or something
            stands in the address, where logs keep it.
    """
    if request.url.query:
        raise InvalidRequestError("Send parameters in the body, not in the address.")
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() != FORM:
        raise InvalidRequestError(f"Send {FORM}.")
    body = await request.body()
    if len(body) > FORM_BYTES_MAX:
        too_large = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
        raise InvalidRequestError("The body is too large.", status_code=too_large)
    return parameters_of(body)


async def userinfo(request: Request, session: AsyncSession) -> Response:
    """OpenID Connect Core, 5.3: who signed in, as far as they allowed it to be told."""
    scheme, _, credential = request.headers.get("authorization", "").partition(" ")
    token = None
    if scheme.lower() == "bearer":
        token = await context_of(request, session).read(credential.strip())
    if token is None or not await still_holds(session, token):
        return _closed("invalid_token", HTTPStatus.UNAUTHORIZED, token)
    if token.user_id is None or OpenIdScope.OPENID not in token.scopes:
        return _closed("insufficient_scope", HTTPStatus.FORBIDDEN, token)
    user = await get_user(session, token.user_id)
    claims: dict[str, Any] = {"sub": str(user.id)}
    if OpenIdScope.PROFILE in token.scopes:
        claims["name"] = user.display_name
    if OpenIdScope.EMAIL in token.scopes:
        claims |= {"email": user.email, "email_verified": user.email_verified}
    return json_response(claims, HTTPStatus.OK)


def _closed(error: str, status: HTTPStatus, token: AccessToken | None) -> Response:
    client_id = str(token.client_id) if token else None
    log_refusal(metadata.USERINFO, OAuth2Error(error=error), client_id)
    challenge = {"www-authenticate": f'Bearer error="{error}"'}
    return json_response({"error": error}, status, challenge)


async def jwks(request: Request, session: AsyncSession) -> Response:
    """RFC 7517: the keys that tokens are verified with."""
    keys = await public_keys(session, request.app.state.keyring)
    return Response(orjson.dumps(keys), headers=CACHED, media_type="application/json")


async def discovery(request: Request, session: AsyncSession) -> Response:
    """RFC 8414 and OpenID Connect Discovery."""
    document = metadata.metadata(request.app.state.settings.issuer)
    return Response(orjson.dumps(document), headers=CACHED, media_type="application/json")


ROUTES: Final = (
    plain_route(metadata.TOKEN, token),
    plain_route(metadata.INTROSPECT, introspect),
    plain_route(metadata.REVOKE, revoke),
    plain_route(metadata.USERINFO, userinfo, "GET", "POST"),
    plain_route(metadata.JWKS, jwks, "GET"),
    plain_route("/.well-known/oauth-authorization-server", discovery, "GET"),
    plain_route("/.well-known/openid-configuration", discovery, "GET"),
)
