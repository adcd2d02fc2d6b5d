from typing import Annotated

from fastapi import Depends, Query, status

from marketplace.accounts.access import Allowed
from marketplace.accounts.actors import Actor
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.accounts.permissions import Permission
from marketplace.assets.legal_rules import queries, service
from marketplace.assets.legal_rules.errors import RuleOverlapError
from marketplace.assets.legal_rules.models import LegalRule
from marketplace.assets.legal_rules.schemas import RuleRead, RuleSet
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import CountryCode

router = transactional_router(prefix="/v1/legal-rules", tags=["rights"])

Operator = Annotated[Actor, Depends(Allowed(Permission.OPERATE_LISTINGS))]
Jurisdiction = Annotated[CountryCode | None, Query(description="left out: all of them")]


@router.get("", response_model=list[RuleRead])
async def legal_rules(session: Session, jurisdiction: Jurisdiction = None) -> object:
    """The rules of law that the register goes by, each with its source and the time it is for."""
    return await queries.rules_of(session, jurisdiction)


@router.post(
    "",
    status_code=status.HTTP_201_CREATED,
    response_model=RuleRead,
    responses=problems(InvalidTokenError, PermissionMissingError, RuleOverlapError),
)
async def set_legal_rule(request: RuleSet, actor: Operator, session: Session) -> LegalRule:
    """Operator: put a rule in force; the open rule on the same ends on that day."""
    return await service.set_rule(session, request, actor=actor)
