"""What a page belongs to: an authorization request of a client, or nothing."""

from dataclasses import dataclass

from authlib.oauth2.rfc6749 import OAuth2Error
from fastapi import Request, Response
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.clients.models import Client
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
from marketplace.pages.browser import Browser
from marketplace.pages.rendering import Asked, address, is_no_request, page


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


@dataclass(frozen=True, slots=True)
class Sent:
    """A form of ours that came back, and the request that it belongs to, if there is one."""

    form: Asked
    asked: Asked
    opened: Opened | None


async def open_request(request: Request, session: AsyncSession, asked: Asked) -> Opened | Response:
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
            return broken(request, asked, error)

    return await session.run_sync(check)


async def read_sent(request: Request, session: AsyncSession) -> Sent | Response:
    """Read a form of ours; the answer that refuses it, when it was not opened here."""
    try:
        form = await read_form(request)
        asked = parameters_of(form.get("request", "").encode())
    except OAuth2Error as error:
        return broken(request, {}, error)
    if not Browser(request).proves(form.get("proof", "")):
        log_refusal(request.url.path, OAuth2Error(error="form_not_opened_here"), None)
        return page(request, "expired.html", asked, status=403, again=address(asked))
    if is_no_request(asked):
        return Sent(form, asked, None)
    opened = await open_request(request, session, asked)
    return opened if isinstance(opened, Response) else Sent(form, asked, opened)


def broken(request: Request, asked: Asked, error: OAuth2Error) -> Response:
    """Tell the person: until the address to return to is known to be good, nobody is sent there."""
    log_refusal(request.url.path, error, readable_id(asked.get("client_id")))
    reason = error.description or error.error
    return page(request, "error.html", asked, status=400, reason=reason)


def see(location: str) -> Response:
    return Response(status_code=303, headers={"location": location})
