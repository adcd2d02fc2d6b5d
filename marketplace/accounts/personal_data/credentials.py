"""What is kept so that a person can prove who they are, but for passwords, sessions and keys."""

from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.identity_providers.models import (
    ExternalIdentity,
    ExternalLogin,
    IdentityProvider,
)
from marketplace.accounts.mailed_tokens.models import MailedToken
from marketplace.accounts.passwords.models import PasswordResetRequest
from marketplace.accounts.personal_data.registry import OWN, Holder, PersonalData, Section
from marketplace.accounts.second_factor.models import RecoveryCode, SecondFactor

SEALED_COLUMNS: Final = ("key_id", "wrapped_key", "ciphertext")
_SEALED: Final = "a secret, encrypted, which is of use to nobody but a thief"
_HASH: Final = "a secret's hash, which is of use to nobody but a thief"
_ERASE: Final = (
    # Before the address is overwritten, by which a request for a new password is found.
    text(
        "DELETE FROM password_reset_request"
        " WHERE email = (SELECT email FROM user_account WHERE id = :user_id)"
    ),
    text("DELETE FROM mailed_token WHERE user_id = :user_id"),
    text("DELETE FROM recovery_code WHERE user_id = :user_id"),
    text("DELETE FROM second_factor WHERE user_id = :user_id"),
    text("DELETE FROM external_identity WHERE user_id = :user_id"),
    text("DELETE FROM external_login WHERE user_id = :user_id"),
)


async def _erase(session: AsyncSession, holder: Holder) -> None:
    for statement in _ERASE:
        await session.execute(statement, {"user_id": holder.user_id})


PERSONAL_DATA: Final = PersonalData(
    sections=(
        Section(
            "mailed_links",
            MailedToken,
            ("id", "created_at", "user_id", "purpose", "email", "expires_at", "times_mailed"),
            "user_id = :user_id",
            {"token_hash": _HASH},
        ),
        Section(
            "password_resets",
            PasswordResetRequest,
            ("email", "requested_at"),
            "email = (SELECT email FROM user_account WHERE id = :user_id)",
        ),
        Section(
            "second_factor",
            SecondFactor,
            ("id", "created_at", "user_id", "confirmed_at"),
            "user_id = :user_id",
            {
                **dict.fromkeys(SEALED_COLUMNS, _SEALED),
                "last_step": "which code was taken last, so that none is taken twice",
            },
        ),
        Section(
            "recovery_codes",
            RecoveryCode,
            ("id", "created_at", "user_id"),
            "user_id = :user_id",
            {"code_hash": _HASH},
        ),
        Section(
            "company_logins",
            ExternalIdentity,
            tuple(ExternalIdentity.model_fields),
            "user_id = :user_id",
        ),
        Section(
            "company_logins_to_your_own_organisation",
            IdentityProvider,
            tuple(name for name in IdentityProvider.model_fields if name not in SEALED_COLUMNS),
            f"organisation_id = {OWN}",
            dict.fromkeys(SEALED_COLUMNS, _SEALED),
        ),
        Section(
            "company_logins_waiting_for_a_code",
            ExternalLogin,
            ("id", "created_at", "provider_id", "user_id", "proved_at", "expires_at", "is_anew"),
            "user_id = :user_id",
            {
                "state_hash": _HASH,
                "browser_hash": _HASH,
                "onward": "which application you were about to use; gone within minutes",
            },
        ),
    ),
    impersonal={
        "identity_provider_domain": "which e-mail domains are theirs",
        "attempt_count": "failures by a keyed hash, from which nobody is found",
        "mail": "messages that are not sent yet, encrypted whole; gone when they are sent",
    },
    erase=_erase,
)
