"""Who may use the routes of financing, and how a move of theirs may be refused."""

from typing import Annotated, Final
from uuid import UUID

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.access import Allowed
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.accounts.models import Organisation, OrganisationKind
from marketplace.accounts.permissions import Permission
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import IllegalMoveError, NotYourMoveError

Reader = Annotated[Actor, Depends(Allowed(Permission.READ))]
Financier = Annotated[Actor, Depends(Allowed(Permission.FINANCE))]
Signer = Annotated[Actor, Depends(Allowed(Permission.SIGN))]
Operator = Annotated[Actor, Depends(Allowed(Permission.OPERATE_FINANCING))]
DOOR_ERRORS: Final = (InvalidTokenError, PermissionMissingError, NotFoundError)
MOVE_ERRORS: Final = (*DOOR_ERRORS, IllegalMoveError, NotYourMoveError)

BORROWER: Final = "borrower"
PLEDGOR: Final = "pledgor"
LENDER: Final = "lender"
OPERATOR: Final = "operator"
PARTICIPANT: Final = "participant"


async def kind_of(session: AsyncSession, organisation_id: UUID) -> OrganisationKind:
    """What an organisation is.

    Raises:
        NotFoundError: there is none.
    """
    query = select(Organisation.kind).where(col(Organisation.id) == organisation_id)
    found = (await session.execute(query)).scalar_one_or_none()
    if found is None:
        raise NotFoundError("no such organisation")
    return OrganisationKind(found)


async def is_lender(session: AsyncSession, organisation_id: UUID) -> bool:
    return await kind_of(session, organisation_id) is OrganisationKind.LENDER
