"""An OpenID provider that listens on loopback, remembers its codes, and lies when it is told to."""

import asyncio
import hashlib
import secrets
import socket
from base64 import b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlencode, urlsplit

import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

CLIENT_ID = "marketplace:at%the+company"
SECRET = "a secret: with %signs & such"

Claims = dict[str, Any]
Forge = Callable[[Claims, ECKey], str]


@dataclass
class Employee:
    """Who sits before the browser at the provider."""

    subject: str
    email: str | None
    email_verified: Any = True
    name: str | None = "김하늘"

    @property
    def claims(self) -> Claims:
        told = {"email": self.email, "email_verified": self.email_verified, "name": self.name}
        return {name: value for name, value in told.items() if value is not None}


@dataclass
class FakeProvider:
    """Each `…` that a test sets changes what is answered from then on."""

    issuer: str
    clock: Callable[[], float]
    key: ECKey = field(default_factory=lambda: new_key("one"))
    forge: Forge | None = None
    """Writes the ID token in place of the provider."""
    changed: Claims = field(default_factory=dict)
    """Claims of the ID token that are other than they should be; None leaves one out."""
    document: Claims = field(default_factory=dict)
    in_token: bool = True
    """Whether the ID token tells of the person, or only the userinfo does."""
    userinfo_of: str = ""
    answers: dict[str, Response] = field(default_factory=dict)
    """What is answered at a path whatever is asked."""
    at_token: Callable[[], None] = lambda: None
    """Called when a code is redeemed."""
    auth_time: float | None = None
    asked: list[dict[str, str]] = field(default_factory=list)
    paths: list[str] = field(default_factory=list)
    assertions: list[Claims] = field(default_factory=list)
    codes: dict[str, tuple[Employee, dict[str, str]]] = field(default_factory=dict)
    tokens: dict[str, Employee] = field(default_factory=dict)

    def sign_in(self, url: str, employee: Employee, **changed: str | None) -> str:
        """What the person does there; gives the address that their browser is sent back to."""
        parts = urlsplit(url)
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{self.issuer}/authorize"
        asked = dict(parse_qsl(parts.query, strict_parsing=True))
        assert asked["response_type"] == "code"
        assert asked["client_id"] == CLIENT_ID
        assert asked["code_challenge_method"] == "S256"
        assert {"openid", "email"} <= set(asked["scope"].split())
        assert len(asked["state"]) > 40
        assert len(asked["nonce"]) > 40
        self.asked.append(asked)
        code = secrets.token_urlsafe()
        self.codes[code] = employee, asked
        told = {"code": code, "state": asked["state"], "iss": self.issuer} | changed
        answer = {name: value for name, value in told.items() if value is not None}
        return f"{asked['redirect_uri']}?{urlencode(answer)}"

    @property
    def app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/.well-known/openid-configuration", self._door(self._discovery)),
                Route("/jwks", self._door(self._jwks)),
                Route("/token", self._door(self._token), methods=["POST"]),
                Route("/userinfo", self._door(self._userinfo)),
                Route("/elsewhere", lambda _: RedirectResponse("/jwks")),
            ]
        )

    def _door(self, answer: Callable[[Request], Any]) -> Callable[[Request], Any]:
        async def enter(request: Request) -> Response:
            self.paths.append(request.url.path)
            fixed = self.answers.get(request.url.path)
            found: Response = fixed or await answer(request)
            return found

        return enter

    async def _discovery(self, _: Request) -> Response:
        usual = {
            "issuer": self.issuer,
            "authorization_endpoint": f"{self.issuer}/authorize",
            "token_endpoint": f"{self.issuer}/token",
            "userinfo_endpoint": f"{self.issuer}/userinfo",
            "jwks_uri": f"{self.issuer}/jwks",
            "response_types_supported": ["code"],
            "id_token_signing_alg_values_supported": ["ES256", "HS256", "none"],
            "authorization_response_iss_parameter_supported": True,
        }
        told = {name: v for name, v in (usual | self.document).items() if v is not None}
        return JSONResponse(told)

    async def _jwks(self, _: Request) -> Response:
        return JSONResponse({"keys": [self.key.as_dict(private=False)]})

    async def _token(self, request: Request) -> Response:
        self.at_token()
        form = dict((await request.form()).items())
        if not self._is_ours(request, form):
            return JSONResponse({"error": "invalid_client"}, 401)
        employee, asked = self.codes.pop(str(form.get("code")), (None, {}))
        verifier = hashlib.sha256(str(form.get("code_verifier")).encode()).digest()
        challenge = urlsafe_b64encode(verifier).decode().rstrip("=")
        proven = (form.get("redirect_uri"), challenge)
        if employee is None or proven != (asked["redirect_uri"], asked["code_challenge"]):
            return JSONResponse({"error": "invalid_grant"}, 400)
        access_token = secrets.token_urlsafe()
        self.tokens[access_token] = employee
        id_token = self._id_token(employee, asked)
        told = {"access_token": access_token, "token_type": "Bearer", "id_token": id_token}
        return JSONResponse({name: value for name, value in told.items() if value})

    def _is_ours(self, request: Request, form: dict[str, Any]) -> bool:
        scheme, _, encoded = request.headers.get("authorization", "").partition(" ")
        if scheme == "Basic":
            pair = b64decode(encoded).decode().split(":", 1)
            return [unquote(part.replace("+", " ")) for part in pair] == [CLIENT_ID, SECRET]
        if "client_assertion" in form:
            payload = str(form["client_assertion"]).split(".")[1]
            self.assertions.append({"token": form["client_assertion"], "payload": payload})
            return True
        return (form.get("client_id"), form.get("client_secret")) == (CLIENT_ID, SECRET)

    def _id_token(self, employee: Employee, asked: dict[str, str]) -> str:
        moment = int(self.clock())
        told: Claims = {
            "iss": self.issuer,
            "aud": CLIENT_ID,
            "sub": employee.subject,
            "nonce": asked["nonce"],
            "iat": moment,
            "exp": moment + 300,
        }
        if self.auth_time or "max_age" in asked:
            told["auth_time"] = int(self.auth_time or moment)
        told |= (employee.claims if self.in_token else {}) | self.changed
        claims = {name: value for name, value in told.items() if value is not None}
        if self.forge:
            return self.forge(claims, self.key)
        return sign(claims, self.key)

    async def _userinfo(self, request: Request) -> Response:
        employee = self.tokens.get(request.headers["authorization"].removeprefix("Bearer "))
        if employee is None:
            return JSONResponse({"error": "invalid_token"}, 401)
        return JSONResponse({"sub": self.userinfo_of or employee.subject, **employee.claims})


def new_key(kid: str) -> ECKey:
    return ECKey.generate_key("P-256", parameters={"kid": kid}, private=True)


def sign(claims: Claims, key: ECKey) -> str:
    return jwt.encode({"alg": "ES256", "kid": key.kid}, claims, key)


@asynccontextmanager
async def listening(clock: Callable[[], float]) -> AsyncIterator[FakeProvider]:
    """A provider on a free port."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen()
        provider = FakeProvider(f"http://127.0.0.1:{listener.getsockname()[1]}", clock)
        config = uvicorn.Config(provider.app, log_config=None, lifespan="off", access_log=False)
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve(sockets=[listener]))
        yield provider
        server.should_exit = True
        await serving
