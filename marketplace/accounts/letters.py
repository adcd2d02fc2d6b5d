"""What is written to people about their accounts; a secret stands in a link on its own line."""

from dataclasses import dataclass
from typing import Annotated, Final
from urllib.parse import urlencode

from fastapi import Depends, Request
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.kernel.crypto import Keyring
from marketplace.kernel.mail.service import Message, send_later
from marketplace.settings import Settings

_END: Final = "\n\nThis is an automatic message of the Idea and Patent Marketplace.\n"
_NOT_YOU: Final = (
    "If it was not you, reset your password now: that signs out everybody else.\n{issuer}/"
    "reset-password"
)


@dataclass(frozen=True, slots=True)
class Letters:
    """Writes to people; `issuer` is the address at which they reach the service."""

    keyring: Keyring
    issuer: str

    async def verify_email(self, session: AsyncSession, to: str, token: str) -> None:
        await self._send(
            session,
            to,
            "Confirm your e-mail address",
            "Somebody, we hope you, signed up with this e-mail address. To confirm it, open this"
            f" link within seven days:\n\n{self._link('verify-email', token)}\n\n"
            "If it was not you, do nothing.",
        )

    async def change_email(self, session: AsyncSession, to: str, token: str) -> None:
        await self._send(
            session,
            to,
            "Confirm your new e-mail address",
            "To use this e-mail address for your account from now on, open this link within a"
            f" day:\n\n{self._link('verify-email', token)}\n\nIf you did not ask for it, do"
            " nothing.",
        )

    async def reset_password(self, session: AsyncSession, to: str, token: str) -> None:
        await self._send(
            session,
            to,
            "Choose a new password",
            "To choose a new password, open this link within an hour:\n\n"
            f"{self._link('reset-password', token)}\n\n"
            "If you did not ask for it, do nothing: the old password goes on working.",
        )

    async def email_changing(self, session: AsyncSession, to: str) -> None:
        await self._warn(
            session,
            to,
            "Another e-mail address was given for your account",
            "Once the other address is confirmed, messages go there and you sign in with it.",
        )

    async def email_changed(self, session: AsyncSession, to: str) -> None:
        await self._warn(
            session,
            to,
            "Your e-mail address was changed",
            "From now on your account goes by another e-mail address. This is the last message to"
            " this one.",
            "If it was not you, write to the operator of the marketplace now.",
        )

    async def password_changed(self, session: AsyncSession, to: str) -> None:
        await self._warn(
            session,
            to,
            "Your password was changed",
            "Everybody who had signed in with the old one is signed out.",
        )

    async def second_factor_changed(self, session: AsyncSession, to: str, what: str) -> None:
        await self._warn(session, to, f"Your second factor {what}", f"Your second factor {what}.")

    async def _warn(
        self, session: AsyncSession, to: str, subject: str, text: str, not_you: str = _NOT_YOU
    ) -> None:
        await self._send(session, to, subject, f"{text}\n\n{not_you.format(issuer=self.issuer)}")

    async def _send(self, session: AsyncSession, to: str, subject: str, text: str) -> None:
        await send_later(session, self.keyring, Message(to, subject, text + _END))

    def _link(self, page: str, token: str) -> str:
        return f"{self.issuer}/{page}?{urlencode({'token': token})}"


async def _letters(request: Request) -> Letters:
    settings: Settings = request.app.state.settings
    return Letters(request.app.state.keyring, settings.issuer)


Writing = Annotated[Letters, Depends(_letters)]
