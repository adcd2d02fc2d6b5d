from fastapi import status

from marketplace.accounts.access import Oneself
from marketplace.accounts.callers import Calling
from marketplace.accounts.errors import (
    EmailUnverifiedError,
    FreshLoginNeededError,
    InvalidTokenError,
    PermissionMissingError,
    TooManyAttemptsError,
    WrongCredentialsError,
    WrongSecondFactorError,
)
from marketplace.accounts.letters import Writing
from marketplace.accounts.second_factor import service
from marketplace.accounts.second_factor.errors import (
    SecondFactorEnabledError,
    SecondFactorMissingError,
)
from marketplace.accounts.second_factor.schemas import (
    Enrolment,
    EnrolmentBegin,
    EnrolmentConfirm,
    RecoveryCodes,
    SecondFactorRead,
    SecondProof,
)
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router

router = transactional_router(prefix="/v1/users/me/second-factor", tags=["account security"])

PROOF = (
    InvalidTokenError,
    PermissionMissingError,
    WrongCredentialsError,
    FreshLoginNeededError,
    WrongSecondFactorError,
    TooManyAttemptsError,
)


@router.get("", responses=problems(InvalidTokenError, PermissionMissingError))
async def get_second_factor(actor: Oneself, session: Session) -> SecondFactorRead:
    """Whether signing in takes a code beside the password, and how many recovery codes are left."""
    factor, codes = await service.status(session, actor.person_id)
    return SecondFactorRead(
        is_enabled=factor is not None,
        enabled_at=factor.confirmed_at if factor else None,
        recovery_codes_left=codes,
    )


@router.put(
    "/enrolment",
    responses=problems(*PROOF, EmailUnverifiedError, SecondFactorEnabledError),
)
async def begin_second_factor(
    request: EnrolmentBegin, actor: Oneself, caller: Calling, session: Session
) -> Enrolment:
    """Begin to set up a second factor; it counts once a first code is confirmed."""
    who = actor.person_id
    secret, address = await service.begin(session, who, request.password, caller=caller)
    return Enrolment(secret=secret, address=address)


@router.put(
    "",
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        WrongSecondFactorError,
        SecondFactorMissingError,
        SecondFactorEnabledError,
    ),
)
async def enable_second_factor(
    request: EnrolmentConfirm, actor: Oneself, letters: Writing, session: Session
) -> RecoveryCodes:
    """Confirm a first code of your authenticator; signing in takes one from now on."""
    codes = await service.confirm(session, actor.person_id, request.code, letters=letters)
    return RecoveryCodes(recovery_codes=codes)


@router.put("/recovery-codes", responses=problems(*PROOF, SecondFactorMissingError))
async def renew_recovery_codes(
    request: SecondProof, actor: Oneself, caller: Calling, letters: Writing, session: Session
) -> RecoveryCodes:
    """Get new recovery codes; the old ones end."""
    who = actor.person_id
    codes = await service.renew_codes(session, who, request, letters=letters, caller=caller)
    return RecoveryCodes(recovery_codes=codes)


@router.post(
    "/disable",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(*PROOF, SecondFactorMissingError),
)
async def disable_second_factor(
    request: SecondProof, actor: Oneself, caller: Calling, letters: Writing, session: Session
) -> None:
    """Do without a second factor from now on; it takes the password and a code."""
    await service.disable(session, actor.person_id, request, letters=letters, caller=caller)
