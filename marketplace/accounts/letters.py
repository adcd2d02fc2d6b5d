"""What is written to people about their accounts; a secret stands in a link on its own line.

Nothing says which language a person reads, so each letter says the same in all of ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.letter_texts import NOT_YOU, SIGNED, TEXTS
from marketplace.kernel.crypto import Keyring
from marketplace.kernel.mail.service import Message, send_later
from marketplace.settings import Settings


class Letter(StrEnum):
    """What a letter is about."""

    VERIFY_EMAIL = "verify_email"
    CHANGE_EMAIL = "change_email"
    EMAIL_CHANGING = "email_changing"
    EMAIL_CHANGED = "email_changed"
    RESET_PASSWORD = "reset_password"  # noqa: S105 - a subject
    PASSWORD_CHANGED = "password_changed"  # noqa: S105 - likewise
    IDENTITY_LINKED = "identity_linked"
    SECOND_FACTOR_ENABLED = "second_factor_enabled"
    SECOND_FACTOR_DISABLED = "second_factor_disabled"
    RECOVERY_CODES_RENEWED = "recovery_codes_renewed"


VERIFY_PAGE: Final = "/verify-email"
RESET_PAGE: Final = "/reset-password"
PAGES: Final[Mapping[Letter, str]] = {
    Letter.VERIFY_EMAIL: VERIFY_PAGE,
    Letter.CHANGE_EMAIL: VERIFY_PAGE,
    Letter.RESET_PASSWORD: RESET_PAGE,
}
"""Where the link of a letter leads; the others only tell what happened."""


@dataclass(frozen=True, slots=True)
class Letters:
    """Writes to people; `issuer` is the address at which they reach the service."""

    keyring: Keyring
    issuer: str

    async def send(
        self, session: AsyncSession, to: str, letter: Letter, token: str | None = None
    ) -> None:
        """Write to somebody, once this transaction has committed; `token` goes into the link."""
        subject, text = self._compose(letter, token)
        await send_later(session, self.keyring, Message(to, subject, text))

    def _compose(self, letter: Letter, token: str | None) -> tuple[str, str]:
        subjects, texts = zip(*TEXTS[letter].values(), strict=True)
        parts = [*texts, *SIGNED]
        if token is None:
            parts = [*texts, *NOT_YOU, f"{self.issuer}{RESET_PAGE}", *SIGNED]
        else:
            parts = [f"{self.issuer}{PAGES[letter]}?{urlencode({'token': token})}", *parts]
        return " · ".join(subjects), "\n\n".join(parts) + "\n"


async def letters_of(request: Request) -> Letters:
    settings: Settings = request.app.state.settings
    return Letters(request.app.state.keyring, settings.issuer)


Writing = Annotated[Letters, Depends(letters_of)]
