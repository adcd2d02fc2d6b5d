from typing import Annotated

from fastapi import Depends, status
from fastapi.security import HTTPAuthorizationCredentials

from marketplace.accounts.access import BEARER, Oneself
from marketplace.accounts.callers import Calling
from marketplace.accounts.errors import (
    FreshLoginNeededError,
    InvalidTokenError,
    PermissionMissingError,
    SecondFactorNeededError,
    TooManyAttemptsError,
    WrongCredentialsError,
    WrongSecondFactorError,
)
from marketplace.accounts.letters import Writing
from marketplace.accounts.mailed_tokens.errors import LinkInvalidError
from marketplace.accounts.passwords import service
from marketplace.accounts.passwords.errors import PasswordBreachedError
from marketplace.accounts.passwords.schemas import PasswordChange, Reset, ResetRequest
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router

passwords = transactional_router(prefix="/v1/users/me/password", tags=["account security"])
resets = transactional_router(prefix="/v1/password-resets", tags=["account security"])


@passwords.put(
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
        PasswordBreachedError,
    ),
)
async def change_password(  # what a person shows, and what it takes to judge it
    request: PasswordChange,
    actor: Oneself,
    credentials: Annotated[HTTPAuthorizationCredentials, Depends(BEARER)],
    caller: Calling,
    letters: Writing,
    session: Session,
) -> None:
    """Change your password; you are signed out everywhere but here."""
    but, who = credentials.credentials, actor.person_id
    await service.change(session, who, request, but=but, letters=letters, caller=caller)


@resets.post("", status_code=status.HTTP_204_NO_CONTENT)
async def request_password_reset(request: ResetRequest, session: Session) -> None:
    """Have a link mailed by which a new password is chosen; the answer is the same for anyone."""
    await service.request_reset(session, request.email)


@resets.post(
    "/confirm",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(LinkInvalidError, PasswordBreachedError),
)
async def reset_password(
    request: Reset, caller: Calling, letters: Writing, session: Session
) -> None:
    """Choose a new password by the token of the link; everybody is signed out."""
    await service.reset(session, request, letters=letters, caller=caller)
