"""The authorization server: Authlib's core, made for each request, around one transaction.

A refusal is an answer, and its transaction is committed: so that the theft that a refused request
betrays is acted upon, and an assertion is used up (docs/decisions/0011). Authlib checks everything
before it writes anything.
"""

import base64
import binascii
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import parse_qsl
from uuid import UUID

import orjson
from authlib.common.urls import add_params_to_uri
from authlib.oauth2.rfc6749 import (
    AuthorizationServer,
    InvalidClientError,
    InvalidRequestError,
    OAuth2Error,
    OAuth2Request,
)
from authlib.oauth2.rfc6749.requests import BasicOAuth2Payload
from fastapi import Response

from marketplace.accounts.clients.models import Authentication
from marketplace.accounts.oauth.assertions import PrivateKeyJwt
from marketplace.accounts.oauth.context import Context, wait
from marketplace.accounts.oauth.endpoints import Introspection, Revocation
from marketplace.accounts.oauth.grants import (
    CodeGrant,
    ForcedPkce,
    IdToken,
    MachineGrant,
    PlainRequests,
    RefreshGrant,
)
from marketplace.accounts.oauth.registered import Registered, find_client
from marketplace.kernel.logs import get_logger
from marketplace.kernel.schemas import UNSTORABLE

logger = get_logger(__name__)

PARAMETERS_MAX: Final = 40
UNKNOWN_CLIENT: Final = "The client is unknown, or did not prove itself."
NO_STORE: Final = {"cache-control": "no-store", "pragma": "no-cache"}


class ProtocolRequest(OAuth2Request):
    """A request as Authlib wants it. Its address is the issuer's: no Host header is believed."""

    def __init__(
        self,
        context: Context,
        method: str,
        path: str,
        headers: Mapping[str, str],
        parameters: Mapping[str, str],
    ) -> None:
        named = {name.title(): value for name, value in headers.items()}
        super().__init__(method, context.issuer + path, headers=named)
        self.context = context
        self.endpoint = path
        self.payload = BasicOAuth2Payload(dict(parameters))

    @property
    def form(self) -> dict[str, str]:
        """What was sent; a client's secret is never looked for in an address."""
        sent: dict[str, str] = self.payload.data
        return sent


def parameters_of(encoded: bytes) -> dict[str, str]:
    """Form parameters by name; one without a value counts as left out (RFC 6749, 3.1).

    Raises:
        InvalidRequestError: repeated, not UTF-8, or with control characters.
    """
    try:
        pairs = parse_qsl(encoded.decode(), errors="strict", max_num_fields=PARAMETERS_MAX)
    except ValueError as error:
        raise InvalidRequestError("The parameters cannot be read.") from error
    found = dict(pairs)
    if len(found) < len(pairs):
        raise InvalidRequestError("A parameter is repeated.")
    if any(UNSTORABLE.search(part) for pair in pairs for part in pair):
        raise InvalidRequestError("A parameter has control characters.")
    return found


class Server(AuthorizationServer):
    """Knows its clients and grants; tokens are written by the grants themselves."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.register_client_auth_method(str(Authentication.PRIVATE_KEY), PrivateKeyJwt(context))
        self.register_grant(CodeGrant, [PlainRequests(), ForcedPkce(required=True), IdToken()])
        self.register_grant(RefreshGrant, [IdToken()])
        self.register_grant(MachineGrant)
        self.register_endpoint(Revocation)
        self.register_endpoint(Introspection)

    def query_client(self, client_id: str) -> Registered | None:
        return wait(find_client(self.context.session, client_id))

    def authenticate_client(
        self, request: ProtocolRequest, methods: Sequence[str], endpoint: str = "token"
    ) -> Registered:
        """One method at a time (RFC 6749, 2.3), and of the client that the request is about."""
        form = request.form
        offered = ("Authorization" in request.headers, "client_assertion" in form)
        if sum((*offered, "client_secret" in form)) > 1:
            raise InvalidRequestError("A client proves itself in one way at a time.")
        try:
            client: Registered = super().authenticate_client(request, methods, endpoint)
        except ValueError as error:  # of credentials that are no UTF-8
            raise InvalidClientError(description="The credentials cannot be read.") from error
        if form.get("client_id") not in {None, client.get_client_id()}:
            raise InvalidRequestError("The client_id is another client's.")
        request.client = client
        return client

    def create_token_response(self, request: ProtocolRequest) -> Response:
        if not request.payload.grant_type:
            missing = InvalidRequestError("Missing 'grant_type' in request.")
            return self.handle_error_response(request, missing)
        response: Response = super().create_token_response(request)
        return response

    def create_oauth2_request(self, request: ProtocolRequest) -> ProtocolRequest:
        return request

    def save_token(self, token: object, request: object) -> None:
        """The grants wrote what has to be kept of it."""

    def send_signal(self, name: str, *_: Any, **__: Any) -> None:
        """Nobody listens."""

    def handle_response(self, status: int, body: Any, headers: list[tuple[str, str]]) -> Response:
        location = dict(headers).get("Location")
        return self.sent_back(location, []) if location else json_response(body, status)

    def handle_error_response(self, request: ProtocolRequest, error: OAuth2Error) -> Response:
        log_refusal(request.endpoint, error, _claimed_client(request))
        if error.redirect_uri:
            return self.sent_back(error.redirect_uri, error.get_body())
        return refusal(error)

    def sent_back(self, redirect_uri: str, answer: list[tuple[str, str]]) -> Response:
        """Back to the client, with our name: so it cannot take our answer for another server's."""
        told = [*answer, ("iss", self.context.issuer)]  # RFC 9207
        location = add_params_to_uri(redirect_uri, told)
        return Response(status_code=303, headers={"location": location, **NO_STORE})


def json_response(body: Any, status: int, headers: Mapping[str, str] | None = None) -> Response:
    sent = {**NO_STORE, **(headers or {})}
    return Response(orjson.dumps(body), status, sent, media_type="application/json")


def refusal(error: OAuth2Error) -> Response:
    """RFC 6749, 5.2. Which part of a client's proof failed is for the log alone."""
    unknown = isinstance(error, InvalidClientError)
    description = UNKNOWN_CLIENT if unknown else error.description
    body = {"error": error.error} | ({"error_description": description} if description else {})
    status = HTTPStatus.UNAUTHORIZED if unknown else HTTPStatus(error.status_code)
    challenge = {"www-authenticate": 'Basic realm="marketplace"'} if unknown else {}
    return json_response(body, status, challenge)


def log_refusal(endpoint: str, error: OAuth2Error, client_id: str | None) -> None:
    """Every refused attempt, with its reason and never a secret."""
    reason = error.description or error.error
    logger.warning(
        "oauth refused", endpoint=endpoint, error=error.error, reason=reason, client_id=client_id
    )


def _claimed_client(request: ProtocolRequest) -> str | None:
    """Which client the request is from, or says it is from."""
    if request.client:
        return str(request.client.get_client_id())
    header = request.headers.get("Authorization", "")
    return readable_id(request.payload.client_id or _basic_user(header))


def readable_id(claimed: str | None) -> str | None:
    """An id that may be logged: whatever else stands in its place may be a secret, or a trick."""
    try:
        return str(UUID(claimed or ""))
    except ValueError:
        return None


def _basic_user(header: str) -> str:
    try:
        decoded = base64.b64decode(header.partition(" ")[2]).decode()
    except (binascii.Error, ValueError):
        return ""
    return decoded.partition(":")[0]
