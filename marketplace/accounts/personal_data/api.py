from collections.abc import Sequence
from typing import Annotated

import orjson
from fastapi import Depends, Request, Response

from marketplace.accounts.access import Oneself
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
from marketplace.accounts.personal_data import queries, service
from marketplace.accounts.personal_data.errors import ObligationsOpenError
from marketplace.accounts.personal_data.registry import PersonalData
from marketplace.accounts.personal_data.schemas import (
    ErasureRead,
    ErasureRequest,
    Kept,
    PersonalExport,
)
from marketplace.kernel.db import now
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router

router = transactional_router(prefix="/v1/users/me", tags=["accounts"])


async def _registry(request: Request) -> Sequence[PersonalData]:
    registry: Sequence[PersonalData] = request.app.state.personal_data
    return registry


Registry = Annotated[Sequence[PersonalData], Depends(_registry)]


@router.get(
    "/export",
    response_model=PersonalExport,
    responses=problems(InvalidTokenError, PermissionMissingError),
)
async def export_my_data(actor: Oneself, session: Session, registry: Registry) -> Response:
    """Everything that is known about you, as a file: who you are, what you did, what you read."""
    found = await queries.export(session, actor.person_id, registry)
    name = f"marketplace-{actor.person_id}.json"
    headers = {"content-disposition": f'attachment; filename="{name}"'}
    content = orjson.dumps(found, default=str, option=orjson.OPT_INDENT_2)
    return Response(content, headers=headers, media_type="application/json")


@router.post(
    "/erase",
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        WrongCredentialsError,
        FreshLoginNeededError,
        SecondFactorNeededError,
        WrongSecondFactorError,
        TooManyAttemptsError,
        ObligationsOpenError,
    ),
)
async def erase_me(
    request: ErasureRequest,
    actor: Oneself,
    caller: Calling,
    session: Session,
    registry: Registry,
) -> ErasureRead:
    """Erase yourself for good: offers are taken back, and your name, address and texts are gone.

    Deals under way, money that is owed either way, and an organisation that would lose its last
    owner have to be finished first.
    """
    await service.erase(session, request, registry, actor=actor, caller=caller)
    kept = [Kept(what=w, why=y) for domain in registry for w, y in domain.kept.items()]
    return ErasureRead(erased_at=now(session), kept=kept)
