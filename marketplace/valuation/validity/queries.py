from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from marketplace.accounts.actors import Actor
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import page_by_id
from marketplace.valuation.orders.lifecycle import OPERATOR
from marketplace.valuation.validity.lifecycle import INSTITUTION, REQUESTER
from marketplace.valuation.validity.models import ValidityOpinion, ValiditySurvey
from marketplace.valuation.validity.schemas import OpinionRead, ValidityListed, ValidityRead

READER: Final = "client"
_OWN = ValidityRead.model_fields.keys() & ValiditySurvey.model_fields.keys()


def visible_to(actor: Actor) -> SelectOfScalar[ValiditySurvey]:
    """Whom it concerns: the institution, its client, who asked for it, and the operator."""
    model, own = ValiditySurvey, actor.organisation_id
    if actor.is_operator:
        return select(model)
    return select(model).where(
        or_(
            col(model.institution_id) == own,
            col(model.client_id) == own,
            col(model.requested_by) == own,
        )
    )


def role_in(survey: ValiditySurvey, actor: Actor) -> str:
    """What the actor is to a survey that it sees."""
    if actor.is_operator:
        return OPERATOR
    if actor.organisation_id == survey.institution_id:
        return INSTITUTION
    return REQUESTER if actor.organisation_id == survey.requested_by else READER


async def get_validity(session: AsyncSession, survey_id: UUID, *, actor: Actor) -> ValiditySurvey:
    """Raises NotFoundError for one that does not concern the actor."""
    query = visible_to(actor).where(col(ValiditySurvey.id) == survey_id)
    found = (await session.execute(query)).scalar_one_or_none()
    if found is None:
        raise NotFoundError("no such validity survey")
    return found


async def surveys_for(
    session: AsyncSession, actor: Actor, *, cursor: str | None, limit: int
) -> tuple[Sequence[ValiditySurvey], str | None]:
    return await page_by_id(session, visible_to(actor), ValiditySurvey, cursor=cursor, limit=limit)


async def opinions_of(session: AsyncSession, survey_id: UUID) -> Sequence[ValidityOpinion]:
    query = select(ValidityOpinion).where(col(ValidityOpinion.survey_id) == survey_id)
    query = query.order_by(col(ValidityOpinion.heard_as))
    return (await session.execute(query)).scalars().all()


def read_listed(survey: ValiditySurvey, actor: Actor) -> ValidityListed:
    own = {
        name: getattr(survey, name) for name in ValidityListed.model_fields if name != "your_moves"
    }
    return ValidityListed(**own, your_moves=_moves(survey, actor))


def _moves(survey: ValiditySurvey, actor: Actor) -> list[str]:
    return survey.lifecycle.open_to(survey.state, role_in(survey, actor))


async def read_validity(
    session: AsyncSession, survey: ValiditySurvey, actor: Actor
) -> ValidityRead:
    own = {name: getattr(survey, name) for name in _OWN}
    opinions = [OpinionRead.model_validate(one) for one in await opinions_of(session, survey.id)]
    return ValidityRead(**own, opinions=opinions, your_moves=_moves(survey, actor))
