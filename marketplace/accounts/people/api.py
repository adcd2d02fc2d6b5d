from fastapi import status

from marketplace.accounts.errors import EmailTakenError
from marketplace.accounts.organisations.errors import WrongRegionError
from marketplace.accounts.organisations.schemas import OrganisationRead
from marketplace.accounts.people import service
from marketplace.accounts.people.schemas import SignedUp, SignUp, UserRead
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router

router = transactional_router(prefix="/v1/users", tags=["accounts"])


@router.post(
    "", status_code=status.HTTP_201_CREATED, responses=problems(EmailTakenError, WrongRegionError)
)
async def sign_up(request: SignUp, session: Session) -> SignedUp:
    """Sign up. You get an organisation of kind `person`, and can act as it at once."""
    user, organisation = await service.sign_up(session, request)
    return SignedUp(
        user=UserRead.model_validate(user),
        organisation=OrganisationRead.model_validate(organisation),
    )
