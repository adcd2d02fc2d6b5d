"""Disclosures: proposed by an owner, signed by both, in force until they end, at once."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.members.queries import role_in
from marketplace.accounts.models import Organisation
from marketplace.assets.models import Right
from marketplace.assets.title.queries import owns
from marketplace.documents.disclosures.agreement import render
from marketplace.documents.disclosures.errors import (
    InvalidExpiryError,
    InvalidRecipientError,
    KnownTooLateError,
    NothingToShowError,
    ProofNotEarlierError,
)
from marketplace.documents.disclosures.lifecycle import OWNER, RECIPIENT, DisclosureState
from marketplace.documents.disclosures.models import Disclosure, KnownDeclaration
from marketplace.documents.disclosures.schemas import DisclosurePropose
from marketplace.documents.disclosures.unwanted import require_wanted
from marketplace.documents.models import DisclosureGrant, DisclosureView
from marketplace.documents.proofs.models import ExistenceProof, ProofBatch
from marketplace.documents.service import disclose, latest_body, revoke_disclosures
from marketplace.documents.signatures import keep, sign
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.events import publish
from marketplace.kernel.lifecycle import Identity, begin, move

TERM_MAX: Final = timedelta(days=5 * 366)


async def propose(
    session: AsyncSession, right_id: UUID, request: DisclosurePropose, *, actor: Actor
) -> Disclosure:
    """Draw up the agreement that both sides have to sign before anything is shown.

    Raises:
        NotFoundError: the idea is not the actor's.
        InvalidRecipientError, InvalidExpiryError, NothingToShowError, NotWantedError.
        DisclosureExistsError: by the database, when one is proposed or in force.
    """
    if not await owns(session, right_id, actor.organisation_id):
        raise NotFoundError("no such right")
    if await latest_body(session, right_id) is None:
        raise NothingToShowError
    if not timedelta(0) < request.expires_at - now(session) <= TERM_MAX:
        raise InvalidExpiryError
    recipient = await _recipient(session, right_id, request)
    await require_wanted(session, right_id, recipient.id)
    disclosure = Disclosure(
        created_at=now(session),
        right_id=right_id,
        owner_organisation_id=actor.organisation_id,
        recipient_organisation_id=recipient.id,
        recipient_user_id=request.user_id,
        purpose=request.purpose,
        expires_at=request.expires_at,
        known_days=request.known_days,
    )
    begin(session, disclosure, actor, right_id=right_id, to=recipient.id)
    await session.flush()
    right = await session.get_one(Right, right_id)
    owner = await session.get_one(Organisation, actor.organisation_id)
    text = render(disclosure, right, owner, recipient)
    keep(session, subject=disclosure.subject, content=text)
    await session.flush()
    return disclosure


async def _recipient(
    session: AsyncSession, right_id: UUID, request: DisclosurePropose
) -> Organisation:
    recipient = await session.get(Organisation, request.organisation_id)
    if recipient is None or await owns(session, right_id, recipient.id):
        raise InvalidRecipientError
    if request.user_id and await role_in(session, recipient.id, request.user_id) is None:
        raise InvalidRecipientError("the person is not of that organisation")
    return recipient


async def sign_disclosure(
    session: AsyncSession, disclosure_id: UUID, sha256: str, *, actor: Actor
) -> Disclosure:
    """Sign for one's side; with both signatures the recipient may read, at once.

    Raises:
        TextChangedError, AlreadySignedError: another text, or signed before.
        NotWantedError: the recipient does not want such ideas any more.
        NotFoundError: the owner sold the idea meanwhile.
    """
    disclosure, role = await lock_for(session, disclosure_id, actor)
    is_last = disclosure.state is DisclosureState.PARTLY_SIGNED
    due_at = disclosure.expires_at if is_last else None
    name = "countersign" if is_last else "sign"
    move(session, disclosure, name, role=role, actor=actor, due_at=due_at, sha256=sha256)
    await sign(session, subject=disclosure.subject, sha256=sha256, actor=actor)
    if disclosure.state is DisclosureState.ACTIVE:
        await _let_read(session, disclosure, actor=actor)
    await session.flush()
    return disclosure


async def _let_read(session: AsyncSession, disclosure: Disclosure, *, actor: Actor) -> None:
    right_id, owner = disclosure.right_id, disclosure.owner_organisation_id
    if not await owns(session, right_id, owner):
        raise NotFoundError("the idea is not the owner's any more")
    await require_wanted(session, right_id, disclosure.recipient_organisation_id)
    await disclose(
        session,
        right_id,
        to=disclosure.recipient_organisation_id,
        purpose=disclosure.subject,
        actor=actor,
        granted_by=owner,
        person_id=disclosure.recipient_user_id,
        expires_at=disclosure.expires_at,
    )


async def end(session: AsyncSession, disclosure_id: UUID, name: str, *, actor: Actor) -> Disclosure:
    """Decline, withdraw or revoke; whoever reads after the commit gets nothing."""
    disclosure, role = await lock_for(session, disclosure_id, actor)
    move(session, disclosure, name, role=role, actor=actor)
    await revoke_disclosures(session, purpose=disclosure.subject)
    return disclosure


async def expire(
    session: AsyncSession, disclosure: Disclosure, *, role: str, actor: Identity
) -> None:
    """Note that the time is over; the grant itself ended at its moment, not at this one."""
    move(session, disclosure, "expire", role=role, actor=actor)
    await revoke_disclosures(session, purpose=disclosure.subject)


async def declare_known(
    session: AsyncSession, disclosure_id: UUID, proof_id: UUID, *, actor: Actor
) -> KnownDeclaration:
    """Say, as the recipient, that one knew the idea before reading it.

    Raises:
        NotFoundError: not the actor's disclosure, or not their proof.
        KnownTooLateError: nothing was read yet, or the days are over.
        ProofNotEarlierError: the proof is not older than the first reading.
        KnownDeclaredError: by the database.
    """
    disclosure, role = await lock_for(session, disclosure_id, actor)
    proof = await session.get(ExistenceProof, proof_id)
    if role != RECIPIENT or proof is None or proof.organisation_id != actor.organisation_id:
        raise NotFoundError("no such disclosure to you, or no such proof of yours")
    first_read_at = await _first_read_at(session, disclosure)
    last = timedelta(days=disclosure.known_days)
    if first_read_at is None or now(session) > first_read_at + last:
        raise KnownTooLateError
    batch = await session.get(ProofBatch, proof.batch_id) if proof.batch_id else None
    if batch is None or batch.timestamped_at is None or batch.timestamped_at >= first_read_at:
        raise ProofNotEarlierError
    declaration = KnownDeclaration(
        created_at=now(session),
        disclosure_id=disclosure.id,
        proof_id=proof.id,
        timestamped_at=batch.timestamped_at,
        first_read_at=first_read_at,
        declared_by=actor.person_id,
    )
    session.add(declaration)
    data = {"proof_id": proof.id, "commitment": proof.commitment.hex()}
    type_ = "disclosure.declare_known"
    publish(session, type_, subject=disclosure.subject, actor=actor.label, data=data)
    await session.flush()
    return declaration


async def _first_read_at(session: AsyncSession, disclosure: Disclosure) -> datetime | None:
    query = (
        select(DisclosureView.created_at)
        .join(DisclosureGrant, col(DisclosureGrant.id) == col(DisclosureView.grant_id))
        .where(
            col(DisclosureView.right_id) == disclosure.right_id,
            col(DisclosureGrant.purpose) == disclosure.subject,
        )
        .order_by(col(DisclosureView.id))
        .limit(1)
    )
    return (await session.execute(query)).scalar_one_or_none()


async def lock_for(
    session: AsyncSession, disclosure_id: UUID, actor: Actor
) -> tuple[Disclosure, str]:
    """Hold a disclosure that the actor is a side of, and say which.

    Raises:
        NotFoundError: no such disclosure of theirs.
    """
    disclosure = await lock(session, Disclosure, disclosure_id)
    return disclosure, require_side(disclosure, actor)


def require_side(disclosure: Disclosure, actor: Actor) -> str:
    """Which side the actor is; a NotFoundError when that is none."""
    if actor.organisation_id == disclosure.owner_organisation_id:
        return OWNER
    person_id = disclosure.recipient_user_id
    is_recipient = actor.organisation_id == disclosure.recipient_organisation_id
    if is_recipient and person_id in {None, actor.user_id}:
        return RECIPIENT
    raise NotFoundError("no such disclosure")
