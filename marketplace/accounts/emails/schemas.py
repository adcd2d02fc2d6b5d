from pydantic import Field

from marketplace.accounts.people.schemas import INSTEAD, Code, Email, MailedSecret, Password
from marketplace.kernel.schemas import Input, example


class EmailConfirm(Input):
    model_config = example(token="ml_4f1d…")  # noqa: S106 - an example

    token: MailedSecret


class EmailChange(Input):
    model_config = example(
        email="new@example.com",
        password="long and private",  # noqa: S106 - an example
    )

    email: Email
    password: Password | None = Field(default=None, description=INSTEAD)
    code: Code | None = None
