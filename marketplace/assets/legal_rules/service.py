from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.assets.legal_rules.models import LegalRule
from marketplace.assets.legal_rules.schemas import RuleSet
from marketplace.kernel.db import now
from marketplace.kernel.events import publish


async def set_rule(session: AsyncSession, request: RuleSet, *, actor: Actor) -> LegalRule:
    """Begin a rule and end the open one on that day. What used the old one keeps it.

    Raises:
        RuleOverlapError: by the database, when a rule begins then or later.
    """
    current = await _open_row(session, request)
    if current is not None and current.valid_from < request.valid_from:
        current.valid_until = request.valid_from
        await session.flush()
    rule = LegalRule(created_at=now(session), **request.model_dump())
    session.add(rule)
    data = request.model_dump(mode="json") | {"replaces": current and current.id}
    subject = f"legal_rule:{rule.id}"
    publish(session, "legal_rule.set", subject=subject, actor=actor.label, data=data)
    await session.flush()
    return rule


async def _open_row(session: AsyncSession, request: RuleSet) -> LegalRule | None:
    query = (
        select(LegalRule)
        .where(col(LegalRule.jurisdiction) == request.jurisdiction)
        .where(col(LegalRule.right_kind) == request.right_kind)
        .where(col(LegalRule.topic) == request.topic)
        .where(col(LegalRule.valid_until).is_(None))
        .with_for_update()
    )
    return (await session.execute(query)).scalar_one_or_none()
