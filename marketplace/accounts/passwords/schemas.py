from pydantic import Field

from marketplace.accounts.people.schemas import INSTEAD, Code, Email, MailedSecret, Password
from marketplace.kernel.schemas import Input, example


class PasswordChange(Input):
    model_config = example(
        current_password="long and private",  # noqa: S106 - examples
        password="longer and more private",  # noqa: S106
    )

    current_password: Password | None = Field(default=None, description=INSTEAD)
    password: Password
    code: Code | None = None


class ResetRequest(Input):
    model_config = example(email="inventor@example.com")

    email: Email


class Reset(Input):
    model_config = example(token="ml_4f1d…", password="longer and more private")  # noqa: S106

    token: MailedSecret
    password: Password
