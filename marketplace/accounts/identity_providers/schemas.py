import re
from datetime import datetime
from typing import Annotated, Any, Final, Literal
from uuid import UUID

from pydantic import (
    AfterValidator,
    Field,
    SecretStr,
    StringConstraints,
    field_validator,
)

from marketplace.accounts.identity_providers.models import ProviderAuthentication
from marketplace.accounts.organisations.places import Country
from marketplace.accounts.people.schemas import Email
from marketplace.accounts.permissions import MemberRole
from marketplace.kernel.schemas import UNSTORABLE, Input, Output, ShortText, example
from marketplace.settings import is_loopback

SCOPES: Final = ("email", "openid", "profile")
NEEDED: Final = frozenset({"openid", "email"})

GivenRole = Literal[MemberRole.ADMIN, MemberRole.MEMBER, MemberRole.VIEWER]
"""A company's provider makes nobody an owner: owners are made by owners."""


_ISSUER: Final = re.compile(
    r"(?P<scheme>https?)://(?P<host>[A-Za-z0-9.-]+|\[[0-9a-f:]+\])(:[0-9]{1,5})?"
    r"(/[A-Za-z0-9._~!$&'()*+,;=:@%-]*)*"
)


def _issuer(url: str) -> str:
    found = _ISSUER.fullmatch(url)
    if found is None or not (found["scheme"] == "https" or is_loopback(found["host"])):
        raise ValueError("write https://login.example.com, with no query; http is for loopback")
    return url


def _secret(secret: SecretStr) -> SecretStr:
    text = secret.get_secret_value()
    if not text.isascii() or not text.isprintable() or UNSTORABLE.search(text):
        raise ValueError("a client secret is printable ASCII")
    return secret


def _each_once(values: list[str]) -> list[str]:
    return sorted(set(values))


def _enough(scopes: list[str]) -> list[str]:
    if not set(scopes) >= NEEDED:
        raise ValueError("`openid` and `email` are needed")
    return _each_once(scopes)


Slug = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z0-9](-?[a-z0-9]){1,39}$", max_length=40),
    Field(description="stands in the address to come back to, and stays", examples=["hanbit"]),
]
Issuer = Annotated[
    str,
    StringConstraints(max_length=500),
    AfterValidator(_issuer),
    Field(description="compared letter by letter", examples=["https://login.hanbit.example"]),
]
ProviderClientId = Annotated[
    str, StringConstraints(max_length=255, pattern=r"^[!-~]([ -~]*[!-~])?$")
]
ProviderSecret = Annotated[
    SecretStr,
    Field(
        min_length=8,
        max_length=500,
        description="kept encrypted and never shown; left out for private_key_jwt",
    ),
    AfterValidator(_secret),
]
ProviderScopes = Annotated[
    list[Annotated[str, StringConstraints(pattern=r"^[!#-\[\]-~]{1,100}$")]],
    Field(min_length=1, max_length=20),
    AfterValidator(_enough),
]
Domain = Annotated[
    str,
    StringConstraints(
        to_lower=True,
        max_length=190,
        pattern=r"^[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?(\.[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?)+$",
    ),
]
Domains = Annotated[
    list[Domain],
    Field(min_length=1, max_length=20, description="the part behind the @; no others sign in"),
    AfterValidator(_each_once),
]


class ProviderCreate(Input):
    model_config = example(
        slug="hanbit",
        name="Hanbit Materials",
        issuer="https://login.hanbit.example",
        client_id="marketplace",
        authentication="client_secret_basic",
        client_secret="what the provider gave you",  # noqa: S106 - an example
        domains=["hanbit.example"],
        country="KR",
    )

    slug: Slug
    name: ShortText = Field(description="as people know it: it stands on the sign-in page")
    issuer: Issuer
    client_id: ProviderClientId
    authentication: ProviderAuthentication
    client_secret: ProviderSecret | None = None
    scopes: ProviderScopes = Field(default=list(SCOPES))
    domains: Domains
    country: Country = Field(description="of the people who first sign in here")
    organisation_id: UUID | None = Field(
        default=None, description="whom people become a member of when they first sign in here"
    )
    role: GivenRole | None = Field(default=None, description="and as what")


class ProviderEdit(Input):
    """What is left out stays. The slug and the issuer stay always: identities hang on them."""

    model_config = example(domains=["hanbit.example", "hanbit.co.kr"])

    name: ShortText | None = None
    client_id: ProviderClientId | None = None
    authentication: ProviderAuthentication | None = None
    client_secret: ProviderSecret | None = None
    scopes: ProviderScopes | None = None
    domains: Domains | None = None
    country: Country | None = None
    organisation_id: UUID | None = Field(default=None, description="null: of none any more")
    role: GivenRole | None = None

    @field_validator(
        "name", "client_id", "authentication", "client_secret", "scopes", "domains", "country"
    )
    @classmethod
    def _given(cls, value: Any) -> Any:
        if value is None:
            raise ValueError("leave it out to keep it")
        return value


class ProviderRead(Output):
    id: UUID
    slug: str
    name: str
    issuer: str
    client_id: str
    authentication: ProviderAuthentication
    has_client_secret: bool
    scopes: list[str]
    domains: list[str]
    country: str
    organisation_id: UUID | None
    role: MemberRole | None
    enabled_at: datetime | None = Field(description="null: nobody signs in there")
    created_at: datetime
    version: int
    redirect_uri: str = Field(
        description="register this at the provider",
        examples=["https://marketplace.example.com/login/callback/hanbit"],
    )
    jwks_uri: str = Field(description="our keys, for private_key_jwt")


class ProviderCheck(Output):
    problem: str | None = Field(description="why nobody can sign in there now; null: all is well")
    authorization_endpoint: str | None = None
    token_endpoint: str | None = None
    algorithms: list[str] = Field(
        default=[], description="that it may sign with; we take no others"
    )
    keys: int = Field(default=0, description="how many of its keys we can verify with")
    names_itself: bool = Field(default=False, description="in each answer, as RFC 9207 has it")


class Unlink(Input):
    model_config = example(email="kim@hanbit.example")

    email: Email
