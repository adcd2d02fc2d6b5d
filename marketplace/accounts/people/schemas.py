from typing import Annotated, Final
from uuid import UUID

from pydantic import AfterValidator, Field, SecretStr, StringConstraints

from marketplace.accounts.organisations.places import Country
from marketplace.accounts.organisations.schemas import OrganisationRead
from marketplace.kernel.mail.service import is_address
from marketplace.kernel.schemas import (
    UNSTORABLE,
    Input,
    Output,
    RegionCode,
    ShortText,
    Storable,
    example,
)

INSTEAD: Final = "left out, a login of your identity provider within ten minutes stands in for it"
PASSWORD_LENGTH: Final = {"minLength": 10, "maxLength": 200}


def _lower(text: str) -> str:
    return text.lower()


def _mailable(address: str) -> str:
    if not is_address(address):
        raise ValueError("write one plain e-mail address")
    return address


def _encodable(password: SecretStr) -> SecretStr:
    """A password is hashed as UTF-8, which has no bytes for broken Unicode."""
    if UNSTORABLE.search(password.get_secret_value()):
        raise ValueError("text contains a control character or broken Unicode")
    return password


def _of_allowed_length(password: SecretStr) -> SecretStr:
    """Told in words of our own: of a secret the library would count "items after validation"."""
    shortest, longest = PASSWORD_LENGTH.values()
    if not shortest <= len(password) <= longest:
        raise ValueError(f"a password has {shortest} to {longest} characters")
    return password


Email = Annotated[
    str,
    StringConstraints(
        strip_whitespace=True, max_length=254, pattern=r"^[^@\s]{1,64}@[^@\s]+\.[^@\s]+$"
    ),
    Storable,
    AfterValidator(_lower),
    AfterValidator(_mailable),
    Field(examples=["inventor@example.com"]),
]
Password = Annotated[
    SecretStr,
    Field(examples=["long and private"], json_schema_extra=dict(PASSWORD_LENGTH)),
    AfterValidator(_of_allowed_length),
    AfterValidator(_encodable),
]


Code = Annotated[
    SecretStr,
    Field(min_length=6, max_length=40, examples=["287082"]),
    AfterValidator(_encodable),
]
MailedSecret = Annotated[
    SecretStr,
    Field(min_length=1, max_length=100, examples=["ml_4f1d…"], description="of the link mailed"),
    AfterValidator(_encodable),
]


class SignUp(Input):
    model_config = example(
        email="inventor@example.com",
        password="long and private",  # noqa: S106 - an example
        display_name="홍길동",
        country="KR",
        region="KR-11",
    )

    email: Email
    password: Password
    display_name: ShortText
    country: Country
    region: RegionCode | None = None


class UserRead(Output):
    id: UUID
    email: str
    email_verified: bool
    display_name: str


class SignedUp(Output):
    user: UserRead
    organisation: OrganisationRead
