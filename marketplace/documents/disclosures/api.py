from typing import Annotated
from uuid import UUID

from fastapi import Depends, status

from marketplace.accounts.access import Allowed
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError, PersonNeededError
from marketplace.accounts.permissions import Permission
from marketplace.documents.disclosures import queries, service, unwanted
from marketplace.documents.disclosures.errors import (
    DisclosureExistsError,
    InvalidExpiryError,
    InvalidRecipientError,
    KnownDeclaredError,
    KnownTooLateError,
    NothingToShowError,
    NotWantedError,
    ProofNotEarlierError,
)
from marketplace.documents.disclosures.schemas import (
    AgreementSign,
    DisclosureDetail,
    DisclosurePropose,
    DisclosureRead,
    KnownDeclare,
    UnwantedAdd,
    UnwantedRead,
)
from marketplace.documents.errors import AlreadySignedError, TextChangedError
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import IllegalMoveError, NotYourMoveError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page

router = transactional_router(prefix="/v1", tags=["disclosures"])

Registrant = Annotated[Actor, Depends(Allowed(Permission.REGISTER_RIGHTS))]
Negotiator = Annotated[Actor, Depends(Allowed(Permission.NEGOTIATE))]
Signer = Annotated[Actor, Depends(Allowed(Permission.SIGN))]
Reader = Annotated[Actor, Depends(Allowed(Permission.READ))]
MOVE_ERRORS = (
    InvalidTokenError,
    PermissionMissingError,
    NotFoundError,
    IllegalMoveError,
    NotYourMoveError,
)


@router.post(
    "/rights/{right_id}/disclosures",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        NotFoundError,
        NothingToShowError,
        InvalidRecipientError,
        InvalidExpiryError,
        NotWantedError,
        DisclosureExistsError,
    ),
)
async def propose_disclosure(
    right_id: UUID, request: DisclosurePropose, actor: Registrant, session: Session
) -> DisclosureDetail:
    """Propose to show your idea to somebody: the agreement is drawn up, both sides sign it."""
    disclosure = await service.propose(session, right_id, request, actor=actor)
    return await queries.read_detail(session, disclosure, actor)


@router.get("/disclosures", responses=problems(InvalidTokenError, InvalidCursorError))
async def my_disclosures(
    actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[DisclosureRead]:
    """Disclosures of your ideas, and to you, newest first."""
    found, following = await queries.disclosures_of(
        session, actor=actor, cursor=cursor, limit=limit
    )
    return Page(items=[DisclosureRead.model_validate(one) for one in found], next=following)


@router.get("/disclosures/{disclosure_id}", responses=problems(InvalidTokenError, NotFoundError))
async def get_disclosure(disclosure_id: UUID, actor: Reader, session: Session) -> DisclosureDetail:
    """A disclosure with the agreement, who signed it, and what was declared as known."""
    return await queries.get_disclosure(session, disclosure_id, actor=actor)


@router.post(
    "/disclosures/{disclosure_id}/sign",
    responses=problems(
        *MOVE_ERRORS, PersonNeededError, TextChangedError, AlreadySignedError, NotWantedError
    ),
)
async def sign_disclosure(
    disclosure_id: UUID, request: AgreementSign, actor: Signer, session: Session
) -> DisclosureDetail:
    """Sign the agreement, named by its hash. With both signatures the recipient may read."""
    disclosure = await service.sign_disclosure(session, disclosure_id, request.sha256, actor=actor)
    return await queries.read_detail(session, disclosure, actor)


@router.post("/disclosures/{disclosure_id}/decline", responses=problems(*MOVE_ERRORS))
async def decline_disclosure(
    disclosure_id: UUID, actor: Negotiator, session: Session
) -> DisclosureDetail:
    """Recipient: do without being shown it."""
    disclosure = await service.end(session, disclosure_id, "decline", actor=actor)
    return await queries.read_detail(session, disclosure, actor)


@router.post("/disclosures/{disclosure_id}/withdraw", responses=problems(*MOVE_ERRORS))
async def withdraw_disclosure(
    disclosure_id: UUID, actor: Registrant, session: Session
) -> DisclosureDetail:
    """Owner: take a proposal back before it is in force."""
    disclosure = await service.end(session, disclosure_id, "withdraw", actor=actor)
    return await queries.read_detail(session, disclosure, actor)


@router.post("/disclosures/{disclosure_id}/revoke", responses=problems(*MOVE_ERRORS))
async def revoke_disclosure(
    disclosure_id: UUID, actor: Registrant, session: Session
) -> DisclosureDetail:
    """Either side: end it. No request that comes after this answer reads anything."""
    disclosure = await service.end(session, disclosure_id, "revoke", actor=actor)
    return await queries.read_detail(session, disclosure, actor)


@router.post(
    "/disclosures/{disclosure_id}/declare-known",
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        NotFoundError,
        PersonNeededError,
        KnownTooLateError,
        ProofNotEarlierError,
        KnownDeclaredError,
    ),
)
async def declare_known(
    disclosure_id: UUID, request: KnownDeclare, actor: Registrant, session: Session
) -> DisclosureDetail:
    """Recipient: say that you knew it, by a proof of your own from before your first reading."""
    await service.declare_known(session, disclosure_id, request.proof_id, actor=actor)
    return await queries.get_disclosure(session, disclosure_id, actor=actor)


@router.post(
    "/unwanted-ideas",
    status_code=status.HTTP_201_CREATED,
    responses=problems(InvalidTokenError, PermissionMissingError, NotFoundError),
)
async def add_unwanted_idea(
    request: UnwantedAdd, actor: Registrant, session: Session
) -> UnwantedRead:
    """Say what your organisation does not want to be shown: a field it works in, or an author.

    From then on nobody can propose it to you, and what was disclosed before is not shown.
    """
    found = await unwanted.add_unwanted(session, request, actor=actor)
    return UnwantedRead.model_validate(found)


@router.get("/unwanted-ideas", responses=problems(InvalidTokenError, InvalidCursorError))
async def unwanted_ideas(
    actor: Reader, session: Session, cursor: Cursor = None, limit: Limit = 20
) -> Page[UnwantedRead]:
    """What your organisation does not want to be shown."""
    found, following = await unwanted.unwanted_of(session, actor=actor, cursor=cursor, limit=limit)
    return Page(items=[UnwantedRead.model_validate(one) for one in found], next=following)


@router.delete(
    "/unwanted-ideas/{unwanted_id}",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(InvalidTokenError, PermissionMissingError, NotFoundError),
)
async def remove_unwanted_idea(unwanted_id: UUID, actor: Registrant, session: Session) -> None:
    """Take something off that list."""
    await unwanted.remove_unwanted(session, unwanted_id, actor=actor)
