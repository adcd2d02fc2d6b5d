from fastapi import status

from marketplace.accounts.errors import EmailTakenError
from marketplace.accounts.letters import Writing
from marketplace.accounts.organisations.errors import WrongRegionError
from marketplace.accounts.organisations.schemas import OrganisationRead
from marketplace.accounts.passwords.errors import PasswordBreachedError
from marketplace.accounts.people import service
from marketplace.accounts.people.schemas import SignedUp, SignUp, UserRead
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router

router = transactional_router(prefix="/v1/users", tags=["accounts"])


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    responses=problems(EmailTakenError, PasswordBreachedError, WrongRegionError),
)
async def sign_up(request: SignUp, letters: Writing, session: Session) -> SignedUp:
    """Sign up. You get an organisation of kind `person`, and can act as it at once.

    A link is mailed to you; opening it confirms that the address is yours.
    """
    user, organisation = await service.sign_up(session, request, letters=letters)
    return SignedUp(
        user=UserRead.model_validate(user),
        organisation=OrganisationRead.model_validate(organisation),
    )
