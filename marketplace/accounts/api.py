from typing import Annotated
from uuid import UUID

from fastapi import Depends, Request, status
from fastapi.security import HTTPAuthorizationCredentials

from marketplace.accounts import queries, service
from marketplace.accounts.access import BEARER, Allowed, CurrentActor
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import (
    AlreadyMemberError,
    EmailTakenError,
    InvalidTokenError,
    NotAMemberError,
    PermissionMissingError,
    UnknownUserError,
    WrongCredentialsError,
)
from marketplace.accounts.models import Membership, Organisation
from marketplace.accounts.permissions import ROLE_PERMISSIONS, Permission
from marketplace.accounts.schemas import (
    Me,
    MemberAdd,
    MemberRead,
    OrganisationCreate,
    OrganisationRead,
    SignedUp,
    SignIn,
    SignUp,
    Token,
    UserRead,
)
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router

router = transactional_router(prefix="/v1", tags=["accounts"])

Reader = Annotated[Actor, Depends(Allowed(Permission.READ))]
MemberManager = Annotated[Actor, Depends(Allowed(Permission.MANAGE_MEMBERS))]


@router.post("/users", status_code=status.HTTP_201_CREATED, responses=problems(EmailTakenError))
async def sign_up(request: SignUp, session: Session) -> SignedUp:
    """Sign up. You get an organisation of kind `person`, and can act as it at once."""
    user, organisation = await service.sign_up(session, request)
    return SignedUp(
        user=UserRead.model_validate(user),
        organisation=OrganisationRead.model_validate(organisation),
    )


@router.post(
    "/sessions",
    status_code=status.HTTP_201_CREATED,
    responses=problems(WrongCredentialsError, NotAMemberError),
)
async def sign_in(request: SignIn, session: Session) -> Token:
    """Sign in for one organisation; the token lasts twelve hours."""
    token, login, organisation = await service.sign_in(session, request)
    return Token(
        token=token,
        expires_at=login.expires_at,
        organisation=OrganisationRead.model_validate(organisation),
    )


@router.get("/sessions/current", responses=problems(InvalidTokenError))
async def who_am_i(actor: CurrentActor, session: Session) -> Me:
    """Who the token belongs to, and what it may do."""
    return Me(
        user=UserRead.model_validate(await queries.get_user(session, actor.user_id)),
        organisation=OrganisationRead.model_validate(
            await queries.get_organisation(session, actor.organisation_id)
        ),
        role=actor.role,
        permissions=sorted(ROLE_PERMISSIONS[actor.role]),
    )


@router.delete(
    "/sessions/current",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(InvalidTokenError),
)
async def sign_out(
    actor: CurrentActor,
    credentials: Annotated[HTTPAuthorizationCredentials, Depends(BEARER)],
    http: Request,
    session: Session,
) -> None:
    """Sign out: the token stops working, everywhere within a second."""
    await service.sign_out(session, credentials.credentials)
    http.app.state.authenticator.forget(actor.user_id)


@router.post(
    "/organisations",
    status_code=status.HTTP_201_CREATED,
    response_model=OrganisationRead,
    responses=problems(InvalidTokenError, PermissionMissingError),
)
async def create_organisation(
    request: OrganisationCreate, actor: Reader, session: Session
) -> Organisation:
    """Create an organisation; you own it. Sign in again with its id to act for it."""
    return await service.create_organisation(session, request, actor=actor)


@router.get(
    "/organisations", response_model=list[OrganisationRead], responses=problems(InvalidTokenError)
)
async def my_organisations(actor: CurrentActor, session: Session) -> object:
    """The organisations that you may act for."""
    return await queries.organisations_of(session, actor)


@router.get(
    "/organisations/{organisation_id}",
    response_model=OrganisationRead,
    responses=problems(InvalidTokenError, NotFoundError),
)
async def get_organisation(
    organisation_id: UUID, actor: CurrentActor, session: Session
) -> Organisation:
    """An organisation's profile."""
    return await queries.get_organisation(session, organisation_id)


@router.post(
    "/organisations/{organisation_id}/members",
    status_code=status.HTTP_201_CREATED,
    response_model=MemberRead,
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        NotAMemberError,
        UnknownUserError,
        AlreadyMemberError,
    ),
)
async def add_member(
    organisation_id: UUID, request: MemberAdd, actor: MemberManager, session: Session
) -> Membership:
    """Let a person who has signed up act for your organisation."""
    return await service.add_member(session, organisation_id, request, actor=actor)
