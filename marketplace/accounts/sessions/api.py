from typing import Annotated

from fastapi import Depends, status
from fastapi.security import HTTPAuthorizationCredentials

from marketplace.accounts.access import BEARER, CurrentActor
from marketplace.accounts.errors import (
    InvalidTokenError,
    NotAMemberError,
    OrganisationSuspendedError,
    WrongCredentialsError,
)
from marketplace.accounts.organisations.queries import get_organisation
from marketplace.accounts.organisations.schemas import OrganisationRead
from marketplace.accounts.people.queries import get_user
from marketplace.accounts.people.schemas import UserRead
from marketplace.accounts.sessions import service
from marketplace.accounts.sessions.schemas import Me, SignIn, Token
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router

router = transactional_router(prefix="/v1/sessions", tags=["accounts"])


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=problems(WrongCredentialsError, NotAMemberError, OrganisationSuspendedError),
)
async def sign_in(request: SignIn, session: Session) -> Token:
    """Sign in for one organisation; the token lasts twelve hours."""
    token, login, organisation = await service.sign_in(session, request)
    return Token(
        token=token,
        expires_at=login.expires_at,
        organisation=OrganisationRead.model_validate(organisation),
    )


@router.get("/current", responses=problems(InvalidTokenError))
async def who_am_i(actor: CurrentActor, session: Session) -> Me:
    """Who the token belongs to, and what it may do."""
    user = await get_user(session, actor.user_id) if actor.user_id else None
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
    responses=problems(InvalidTokenError),
)
async def sign_out(
    actor: CurrentActor,
    credentials: Annotated[HTTPAuthorizationCredentials, Depends(BEARER)],
    session: Session,
) -> None:
    """Sign out: the token stops working, everywhere within a second."""
    await service.sign_out(session, credentials.credentials)
