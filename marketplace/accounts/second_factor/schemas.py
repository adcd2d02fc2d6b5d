from datetime import datetime

from pydantic import Field

from marketplace.accounts.people.schemas import INSTEAD, Code, Password
from marketplace.kernel.schemas import Input, Output, example


class SecondFactorRead(Output):
    is_enabled: bool
    enabled_at: datetime | None
    recovery_codes_left: int


class EnrolmentBegin(Input):
    model_config = example(password="long and private")  # noqa: S106 - an example

    password: Password | None = Field(default=None, description=INSTEAD)


class Enrolment(Output):
    secret: str = Field(description="Base32, for an authenticator that reads no address")
    address: str = Field(
        description="show it as a QR code",
        examples=["otpauth://totp/Marketplace:inventor%40example.com?secret=…&issuer=Marketplace"],
    )


class EnrolmentConfirm(Input):
    model_config = example(code="287082")

    code: Code


class RecoveryCodes(Output):
    recovery_codes: list[str] = Field(
        description="each stands in for a code once; keep them, they are not shown again",
        examples=[["k3vd-27xq-7r4n-hm5w"]],
    )


class SecondProof(Input):
    model_config = example(password="long and private", code="287082")  # noqa: S106 - an example

    password: Password | None = Field(default=None, description=INSTEAD)
    code: Code
