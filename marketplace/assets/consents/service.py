from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import and_, or_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.assets.consents.errors import (
    ConsentNotNeededError,
    ConsentsMissingError,
    OtherTermsError,
)
from marketplace.assets.consents.lifecycle import ASKER, CO_OWNER, OPEN, ConsentState
from marketplace.assets.consents.models import Consent
from marketplace.assets.consents.rules import Deed, covering, whose
from marketplace.assets.legal_rules.models import LegalRule, Topic
from marketplace.assets.legal_rules.queries import rules_for
from marketplace.assets.legal_rules.terms import Consents, Whose
from marketplace.assets.models import Right
from marketplace.assets.title.queries import owners_of
from marketplace.assets.title.service import require_owner
from marketplace.kernel.db import lock, mark_locked, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, begin, move
from marketplace.kernel.money import Money


async def ask(
    session: AsyncSession,
    deed: Deed,
    terms: str,
    *,
    actor: Actor,
    expires_at: datetime | None = None,
) -> Sequence[Consent]:
    """Ask every other owner whose consent the act needs; who was asked already is not asked twice.

    Raises:
        NotOwnerError: the actor's organisation owns nothing of the right.
        ConsentNotNeededError: it is the only owner, or the law lets it act alone.
    """
    await require_owner(session, deed.right_id, deed.by)
    others, rule = await _needed(session, deed)
    if not others:
        raise ConsentNotNeededError
    open_now = {one.organisation_id: one for one in await _open_for(session, deed)}
    for organisation_id in others:
        if organisation_id not in open_now:
            consent = Consent(
                created_at=now(session),
                right_id=deed.right_id,
                act=deed.act,
                asked_by=deed.by,
                organisation_id=organisation_id,
                counterparty_organisation_id=deed.counterparty,
                terms=terms,
                terms_sha256=deed.terms_sha256,
                rule_id=rule.id if rule else None,
            )
            told = {"right_id": deed.right_id, "act": deed.act, "of": organisation_id}
            begin(session, consent, actor, due_at=expires_at, sha256=deed.terms_sha256, **told)
            open_now[organisation_id] = consent
    await session.flush()
    return [open_now[organisation_id] for organisation_id in others]


async def ask_all(
    session: AsyncSession, deeds: Sequence[Deed], terms: str, *, actor: Actor
) -> Sequence[Consent]:
    """Ask for each of several rights of one text, as far as anybody has to be asked.

    Raises:
        NotOwnerError: the actor's organisation owns nothing of one of the rights.
        ConsentNotNeededError: nobody has to be asked for any of them.
    """
    asked: list[Consent] = []
    for deed in deeds:
        try:
            asked += await ask(session, deed, terms, actor=actor)
        except ConsentNotNeededError:
            continue
    if not asked:
        raise ConsentNotNeededError
    return asked


async def _needed(session: AsyncSession, deed: Deed) -> tuple[list[UUID], LegalRule | None]:
    """The other owners whose consent the law asks for, and the row that says so."""
    others = [owner for owner in await owners_of(session, deed.right_id) if owner != deed.by]
    if not others:
        return [], None
    rules = await rules_for(session, await session.get_one(Right, deed.right_id))
    row = rules.row(Topic.CONSENTS, now(session).astimezone(rules.zone).date())
    rule = Consents.model_validate(row.terms) if row else None
    return (others if whose(rule, deed.act) is Whose.ALL else []), row


async def _open_for(session: AsyncSession, deed: Deed) -> Sequence[Consent]:
    query = (
        select(Consent)
        .where(col(Consent.right_id) == deed.right_id)
        .where(col(Consent.act) == deed.act)
        .where(col(Consent.terms_sha256) == deed.terms_sha256)
        .where(col(Consent.state).in_(OPEN))
        .order_by(col(Consent.id))
        .with_for_update()
    )
    found = (await session.execute(query)).scalars().all()
    return [one for one in found if one.counterparty_organisation_id in {None, deed.counterparty}]


async def require_consents(session: AsyncSession, deed: Deed, *, use: bool = False) -> None:
    """Refuse a deed that an owner has not consented to, in the deed's own transaction.

    With `use`, what was given for a single use is used up, for the deed's subject.

    Raises:
        ConsentsMissingError: it names the owners; nothing changed.
    """
    others, _ = await _needed(session, deed)
    if not others:
        return
    given = covering(await _in_time(session, deed), deed)
    missing = [str(owner) for owner in others if owner not in given]
    if missing:
        raise ConsentsMissingError(owners=missing)
    for owner in others if use else ():
        _use(session, given[owner], deed.subject)


async def void_consents(session: AsyncSession, hashes: Sequence[str]) -> None:
    """Texts were replaced by others: what was asked or given for them is of no use any more."""
    query = (
        select(Consent)
        .where(col(Consent.terms_sha256).in_(hashes), col(Consent.state).in_(OPEN))
        .order_by(col(Consent.id))
        .with_for_update()
    )
    for consent in (await session.execute(query)).scalars().all() if hashes else ():
        mark_locked(session, consent)
        move(session, consent, "void", role=SYSTEM, actor=BY_SYSTEM)


async def _in_time(session: AsyncSession, deed: Deed) -> list[Consent]:
    """The clock may be late with its move; the validity is exact."""
    asked = await _open_for(session, deed)
    return [one for one in asked if one.due_at and one.due_at > now(session)]


async def missing_for(session: AsyncSession, deed: Deed) -> list[UUID]:
    """The owners who still have to consent to a deed, or had to when it was done."""
    others, _ = await _needed(session, deed)
    if not others:
        return []
    given = covering(await _in_time(session, deed), deed).keys() | await agreed_to(session, deed)
    return [owner for owner in others if owner not in given]


async def agreed_to(session: AsyncSession, deed: Deed) -> set[UUID]:
    """Whose consent the deed used up, or stands."""
    query = select(Consent.organisation_id).where(
        col(Consent.right_id) == deed.right_id,
        col(Consent.terms_sha256) == deed.terms_sha256,
        or_(
            col(Consent.used_for) == deed.subject,
            and_(col(Consent.state) == ConsentState.GIVEN, ~col(Consent.single_use)),
        ),
    )
    return set((await session.execute(query)).scalars())


async def require_used(session: AsyncSession, deed: Deed) -> None:
    """Refuse to complete a deed to which an owner of this moment did not consent.

    Raises:
        ConsentsMissingError: as when a share went to somebody new since the signatures.
    """
    others, _ = await _needed(session, deed)
    agreed = await agreed_to(session, deed) if others else set()
    missing = [str(owner) for owner in others if owner not in agreed]
    if missing:
        raise ConsentsMissingError(owners=missing)


def _use(session: AsyncSession, consent: Consent, subject: str) -> None:
    if not consent.single_use:
        return
    mark_locked(session, consent)
    move(session, consent, "use", role=SYSTEM, actor=BY_SYSTEM, used_for=subject)
    consent.used_for = subject


async def answer(
    session: AsyncSession,
    consent_id: UUID,
    name: str,
    *,
    actor: Actor,
    terms_sha256: str | None = None,
    limit: Money | None = None,
    expires_at: datetime | None = None,
    single_use: bool = True,
) -> Consent:
    """Give, refuse or revoke what one was asked, or withdraw what one asked.

    Raises:
        NotFoundError: neither asked of the actor's organisation nor by it.
        OtherTermsError: giving, they name other terms than they are asked about.
        IllegalMoveError, NotYourMoveError: as when a consent was used already.
    """
    consent = await lock(session, Consent, consent_id)
    roles = {consent.organisation_id: CO_OWNER, consent.asked_by: ASKER}
    role = roles.get(actor.organisation_id)
    if role is None:
        raise NotFoundError("no such consent")
    move(session, consent, name, role=role, actor=actor, due_at=expires_at)
    if name != "give":
        return consent
    if terms_sha256 != consent.terms_sha256:
        raise OtherTermsError(f"the terms have SHA-256 {consent.terms_sha256}")
    consent.single_use = single_use
    if limit is not None:
        consent.limit_minor, consent.currency = limit.amount_minor, limit.currency
    return consent
