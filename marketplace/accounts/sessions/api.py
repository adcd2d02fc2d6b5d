from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, status
from fastapi.security import HTTPAuthorizationCredentials

from marketplace.accounts.access import BEARER, CurrentActor, Oneself
from marketplace.accounts.callers import Calling
from marketplace.accounts.errors import (
    InvalidTokenError,
    NotAMemberError,
    OrganisationSuspendedError,
    PermissionMissingError,
    SecondFactorNeededError,
    TooManyAttemptsError,
    WrongCredentialsError,
    WrongSecondFactorError,
)
from marketplace.accounts.organisations.queries import get_organisation
from marketplace.accounts.organisations.schemas import OrganisationRead
from marketplace.accounts.people.queries import get_user
from marketplace.accounts.people.schemas import UserRead
from marketplace.accounts.sessions import service
from marketplace.accounts.sessions.schemas import Me, SessionRead, SignIn, Token
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.problems import problems
from marketplace.kernel.rate_limits import secret_was_right
from marketplace.kernel.routing import Session, transactional_router

Credentials = Annotated[HTTPAuthorizationCredentials, Depends(BEARER)]

router = transactional_router(prefix="/v1/sessions", tags=["accounts"])


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        WrongCredentialsError,
        SecondFactorNeededError,
        WrongSecondFactorError,
        NotAMemberError,
        OrganisationSuspendedError,
        TooManyAttemptsError,
    ),
)
async def sign_in(request: SignIn, caller: Calling, session: Session, http: Request) -> Token:
    """Sign in for one organisation; the token lasts twelve hours."""
    token, login, organisation = await service.sign_in(session, request, caller=caller)
    secret_was_right(http)
    return Token(
        token=token,
        expires_at=login.expires_at,
        organisation=OrganisationRead.model_validate(organisation),
    )


@router.get(
    "",
    response_model=list[SessionRead],
    responses=problems(InvalidTokenError, PermissionMissingError),
)
async def my_sessions(
    actor: Oneself, credentials: Credentials, session: Session
) -> Sequence[object]:
    """Where you are signed in, for whichever organisation; newest first, at most a hundred."""
    return await service.sessions_of(session, actor.person_id, credentials.credentials)


@router.delete(
    "",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(InvalidTokenError, PermissionMissingError),
)
async def sign_out_elsewhere(actor: Oneself, credentials: Credentials, session: Session) -> None:
    """Sign out everywhere but here."""
    but = credentials.credentials
    await service.sign_out_everywhere(session, actor.person_id, but=but)


@router.get("/current", responses=problems(InvalidTokenError))
async def who_am_i(actor: CurrentActor, session: Session) -> Me:
    """Who the token belongs to, and what it may do.

    An application is told of its person at `/oauth/userinfo`, as far as they allowed it.
    """
    is_own = actor.user_id is not None and actor.client_id is None
    user = await get_user(session, actor.person_id) if is_own else None
    organisation = await get_organisation(session, actor.organisation_id)
    return Me(
        user=UserRead.model_validate(user) if user else None,
        organisation=OrganisationRead.model_validate(organisation),
        role=actor.role,
        permissions=sorted(actor.permissions),
    )


@router.delete(
    "/current",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(InvalidTokenError, PermissionMissingError),
)
async def sign_out(actor: Oneself, credentials: Credentials, session: Session) -> None:
    """Sign out: the token stops working, everywhere within a second.

    An API key ends by `DELETE /v1/api-keys/{id}`, an access token at `/oauth/revoke`.
    """
    await service.sign_out(session, credentials.credentials)


@router.delete(
    "/{session_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(InvalidTokenError, PermissionMissingError, NotFoundError),
)
async def end_session(session_id: UUID, actor: Oneself, session: Session) -> None:
    """Sign out one of your sessions, such as that of a lost telephone."""
    await service.end_session(session, actor.person_id, session_id)
