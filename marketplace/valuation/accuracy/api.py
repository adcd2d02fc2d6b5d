from marketplace.accounts.errors import InvalidTokenError
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.valuation.access import Reader
from marketplace.valuation.accuracy import service
from marketplace.valuation.accuracy.schemas import AccuracyRead
from marketplace.valuation.institutions.queries import keeps_profile

router = transactional_router(prefix="/v1/valuation/accuracy", tags=["valuation quality"])


@router.get("", responses=problems(InvalidTokenError))
async def valuation_accuracy(actor: Reader, session: Session) -> list[AccuracyRead]:
    """Values against prices realised later: your institution's; an operator sees everybody's."""
    if not actor.is_operator and not await keeps_profile(session, actor.organisation_id):
        return []
    found = await service.accuracies(session)
    own = str(actor.organisation_id)
    return [
        AccuracyRead.model_validate(one)
        for one in found
        if actor.is_operator or one.institution == own
    ]
