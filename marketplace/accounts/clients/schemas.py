from datetime import datetime
from typing import Annotated, Any, Final
from uuid import UUID

from joserfc.errors import JoseError
from joserfc.jwk import import_key
from joserfc.util import urlsafe_b64decode
from pydantic import (
    AfterValidator,
    ConfigDict,
    Field,
    StringConstraints,
    field_validator,
    model_validator,
)

from marketplace.accounts.clients.models import Authentication, Client, Grant
from marketplace.accounts.clients.rules import URI_LENGTH_MAX, check_redirect_uri
from marketplace.accounts.permissions import Scope
from marketplace.kernel.schemas import Input, Output, ShortText, example

OVERLAP_DAYS_MAX: Final = 30
RSA_BITS_MIN: Final = 2048
PRIVATE_MEMBERS: Final = frozenset({"d", "p", "q", "dp", "dq", "qi", "oth", "k"})
KINDS_OF_KEYS: Final = {("EC", "P-256"), ("OKP", "Ed25519"), ("RSA", None)}

KeyPart = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_-]+$", max_length=1400)]
RedirectUri = Annotated[
    str,
    StringConstraints(max_length=URI_LENGTH_MAX),
    AfterValidator(check_redirect_uri),
    Field(examples=["https://app.example.com/callback"]),
]
RedirectUris = Annotated[list[RedirectUri], Field(max_length=10)]


def _each_once(values: list[Any]) -> list[Any]:
    return sorted(set(values))


Scopes = Annotated[list[Scope], Field(min_length=1, max_length=40), AfterValidator(_each_once)]
Grants = Annotated[list[Grant], Field(min_length=1, max_length=2), AfterValidator(_each_once)]


class PublicKey(Input):
    """RFC 7517: EC P-256, Ed25519, or RSA of 2048 bits and more. What else it says is not kept."""

    model_config = ConfigDict(extra="ignore")

    kty: str
    crv: str | None = None
    x: KeyPart | None = None
    y: KeyPart | None = None
    n: KeyPart | None = None
    e: Annotated[KeyPart, StringConstraints(max_length=8)] | None = None
    kid: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,100}$")] | None = None

    @model_validator(mode="before")
    @classmethod
    def _public(cls, given: Any) -> Any:
        if isinstance(given, dict) and not PRIVATE_MEMBERS.isdisjoint(given):
            raise ValueError("this is a private key: keep it, and send its public part")
        return given

    @model_validator(mode="after")
    def _usable(self) -> "PublicKey":
        if (self.kty, self.crv) not in KINDS_OF_KEYS:
            raise ValueError("use EC P-256, OKP Ed25519, or RSA")
        if self.kty == "RSA" and _bits(self.n or "") < RSA_BITS_MIN:
            raise ValueError(f"an RSA key has {RSA_BITS_MIN} bits or more")
        try:
            import_key(self.model_dump(exclude_none=True))
        except (JoseError, ValueError, TypeError, KeyError) as error:
            raise ValueError("this is no key") from error
        return self


def _bits(part: str) -> int:
    try:
        return int.from_bytes(urlsafe_b64decode(part.encode())).bit_length()
    except ValueError:
        return 0


class PublicKeys(Input):
    """RFC 7517: during a change of keys both are here, told apart by `kid`."""

    keys: Annotated[list[PublicKey], Field(min_length=1, max_length=5)]

    @field_validator("keys")
    @classmethod
    def _named(cls, keys: list[PublicKey]) -> list[PublicKey]:
        if len(keys) > 1 and len({key.kid for key in keys} - {None}) < len(keys):
            raise ValueError("several keys need a different kid each")
        return keys


class ClientCreate(Input):
    model_config = example(
        name="Valuation desk",
        authentication="client_secret_basic",
        grant_types=["client_credentials"],
        scopes=["read"],
    )

    name: ShortText
    authentication: Authentication
    grant_types: Grants
    scopes: Scopes
    redirect_uris: RedirectUris = Field(
        default_factory=list, description="for authorization_code; compared letter by letter"
    )
    jwks: PublicKeys | None = Field(default=None, description="for private_key_jwt")


class ClientEdit(Input):
    model_config = example(name="Valuation desk, Busan", scopes=["read", "offers:write"])

    name: ShortText | None = None
    scopes: Scopes | None = None
    redirect_uris: RedirectUris | None = None
    jwks: PublicKeys | None = None

    @field_validator("*")
    @classmethod
    def _given(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("leave it out to keep it")
        return value


class SecretRotate(Input):
    model_config = example(overlap_days=7)

    overlap_days: int = Field(
        ge=0,
        le=OVERLAP_DAYS_MAX,
        strict=True,
        description="so long the former secret works beside the new one; 0 ends it at once",
    )


class ClientRead(Output):
    id: UUID = Field(description="the `client_id` of OAuth")
    name: str
    authentication: Authentication
    grant_types: list[Grant]
    scopes: list[Scope]
    redirect_uris: list[str]
    jwks: dict[str, Any] | None
    secret_hint: str | None = Field(description="how the present secret begins")
    former_secret_ends_at: datetime | None
    created_at: datetime
    last_used_at: datetime | None = Field(description="when it last got a token, to the hour")
    revoked_at: datetime | None
    version: int


class ClientWithSecret(ClientRead):
    client_secret: str | None = Field(description="shown this once; we keep a hash of it")

    @classmethod
    def of(cls, client: Client, secret: str | None) -> "ClientWithSecret":
        shown = ClientRead.model_validate(client).model_dump()
        return cls(**shown, client_secret=secret)
