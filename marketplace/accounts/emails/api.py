from fastapi import status

from marketplace.accounts.access import Oneself
from marketplace.accounts.callers import Calling
from marketplace.accounts.emails import service
from marketplace.accounts.emails.errors import EmailVerifiedError
from marketplace.accounts.emails.schemas import EmailChange, EmailConfirm
from marketplace.accounts.errors import (
    EmailTakenError,
    FreshLoginNeededError,
    InvalidTokenError,
    PermissionMissingError,
    SecondFactorNeededError,
    TooManyAttemptsError,
    WrongCredentialsError,
    WrongSecondFactorError,
)
from marketplace.accounts.letters import Writing
from marketplace.accounts.mailed_tokens.errors import LinkInvalidError, MailedLatelyError
from marketplace.accounts.people.queries import get_user
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router

verifications = transactional_router(prefix="/v1/email-verifications", tags=["account security"])
addresses = transactional_router(prefix="/v1/users/me/email", tags=["account security"])


@verifications.post(
    "",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(
        InvalidTokenError, PermissionMissingError, EmailVerifiedError, MailedLatelyError
    ),
)
async def mail_verification(actor: Oneself, letters: Writing, session: Session) -> None:
    """Have the link that confirms your e-mail address mailed to you again."""
    user = await get_user(session, actor.person_id)
    await service.mail_link(session, user, letters=letters)


@verifications.post(
    "/confirm",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(LinkInvalidError, EmailTakenError),
)
async def confirm_email(request: EmailConfirm, letters: Writing, session: Session) -> None:
    """Confirm an e-mail address by the token of the link that was mailed to it."""
    await service.confirm(session, request.token.get_secret_value(), letters=letters)


@addresses.put(
    "",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        WrongCredentialsError,
        FreshLoginNeededError,
        SecondFactorNeededError,
        WrongSecondFactorError,
        TooManyAttemptsError,
        MailedLatelyError,
    ),
)
async def change_email(
    request: EmailChange, actor: Oneself, caller: Calling, letters: Writing, session: Session
) -> None:
    """Change your e-mail address, once the link that is mailed to the new one is opened."""
    await service.change(session, actor.person_id, request, letters=letters, caller=caller)
