from typing import Annotated

from fastapi import Depends

from marketplace.accounts.access import Allowed
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.accounts.permissions import Permission
from marketplace.assets.identifiers import InvalidIdentifierError
from marketplace.assets.register.errors import MalformedFactsError
from marketplace.assets.register.importing import import_facts
from marketplace.assets.register.schemas import RegisterFacts, RegisterImported
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router

router = transactional_router(prefix="/v1/register-imports", tags=["rights"])

Operator = Annotated[Actor, Depends(Allowed(Permission.OPERATE_LISTINGS))]


@router.post(
    "",
    responses=problems(
        InvalidTokenError, PermissionMissingError, MalformedFactsError, InvalidIdentifierError
    ),
)
async def import_register_facts(
    request: RegisterFacts, actor: Operator, session: Session
) -> RegisterImported:
    """Operator: load what a register tells of rights; loading it again changes nothing.

    It counts as a look at the register on the day of `as_of`.
    """
    return await import_facts(session, request, actor=actor, recorded_by=actor.organisation_id)
