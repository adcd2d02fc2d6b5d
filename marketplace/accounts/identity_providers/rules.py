"""What a provider may say of a person, and which of it is believed."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Final

from pydantic import TypeAdapter, ValidationError

from marketplace.accounts.identity_providers.errors import (
    ForeignEmailError,
    InconsistentProviderError,
    WrongAnswerError,
)
from marketplace.accounts.identity_providers.models import IdentityProvider, ProviderAuthentication
from marketplace.accounts.people.schemas import Email
from marketplace.kernel.schemas import ShortText

SUBJECT_LENGTH_MAX: Final = 255
"""OpenID Connect Core, 2."""
VERIFIED: Final = (True, "true")
"""Some providers write the text; no other spelling counts as yes."""

_EMAIL: Final[TypeAdapter[str]] = TypeAdapter(Email)
_NAME: Final[TypeAdapter[str]] = TypeAdapter(ShortText)


@dataclass(frozen=True, slots=True)
class Told:
    """A person as their provider vouches for them."""

    subject: str
    email: str
    name: str
    proved_at: datetime | None
    """When the provider last made sure of them, if it says so."""


def read_claims(claims: Mapping[str, Any], domains: Collection[str], at: datetime) -> Told:
    """Take a person from verified claims.

    Raises:
        WrongAnswerError: there is no usable subject.
        ForeignEmailError: no e-mail, an unverified one, or one of a foreign domain.
    """
    subject = claims.get("sub")
    if not isinstance(subject, str) or not 0 < len(subject) <= SUBJECT_LENGTH_MAX:
        raise WrongAnswerError("there is no subject")
    if not (subject.isascii() and subject.isprintable()):
        raise WrongAnswerError("the subject is not printable ASCII")
    email = _read_email(claims, domains)
    name = _read_name(claims) or email.partition("@")[0]
    return Told(subject, email, name, _read_moment(claims.get("auth_time"), at))


def _read_email(claims: Mapping[str, Any], domains: Collection[str]) -> str:
    verified = claims.get("email_verified")
    if isinstance(verified, int) and not isinstance(verified, bool):
        raise ForeignEmailError("email_verified is neither true nor false")
    if verified not in VERIFIED:
        raise ForeignEmailError("the e-mail address is not verified there")
    try:
        email = _EMAIL.validate_python(claims.get("email"), strict=True)
    except ValidationError as error:
        raise ForeignEmailError("there is no usable e-mail address") from error
    if domain_of(email) not in domains:
        raise ForeignEmailError("the e-mail address is of a domain that the provider has not")
    return email


def _read_name(claims: Mapping[str, Any]) -> str | None:
    try:
        return _NAME.validate_python(claims.get("name"), strict=True)
    except ValidationError:
        return None


def _read_moment(seconds: Any, at: datetime) -> datetime | None:
    """A moment in the past; one that a clock ahead of ours gives is now."""
    if not isinstance(seconds, int | float) or not seconds:
        return None
    try:
        return min(datetime.fromtimestamp(seconds, UTC), at)
    except (ValueError, OverflowError, OSError) as error:
        raise WrongAnswerError("auth_time is no moment") from error


def domain_of(email: str) -> str:
    return email.rpartition("@")[2].lower()


def check_provider(provider: IdentityProvider, *, has_secret: bool) -> None:
    """Refuse settings that contradict each other.

    Raises:
        InconsistentProviderError: says which.
    """
    if (provider.authentication is ProviderAuthentication.PRIVATE_KEY) == has_secret:
        raise InconsistentProviderError(
            "client_secret goes with client_secret_basic and client_secret_post, and only there"
        )
    if (provider.organisation_id is None) != (provider.role is None):
        raise InconsistentProviderError("organisation_id and role come together")
