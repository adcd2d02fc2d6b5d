from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.accounts.affiliations.errors import (
    AffiliationEndedError,
    InvalidEndError,
    RecordedByOperatorError,
    SameOrganisationError,
)
from marketplace.accounts.affiliations.lifecycle import COUNTERPART, PROPOSER
from marketplace.accounts.affiliations.models import Affiliation, AffiliationProposal
from marketplace.accounts.affiliations.schemas import (
    AffiliationPropose,
    AffiliationRecord,
    Side,
    Terms,
)
from marketplace.accounts.organisations.queries import get_organisation
from marketplace.accounts.permissions import Permission
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.events import publish
from marketplace.kernel.lifecycle import begin, move


async def propose(
    session: AsyncSession, request: AffiliationPropose, *, actor: Actor
) -> AffiliationProposal:
    """Say that the actor's organisation is another's parent or affiliate.

    Raises:
        NotFoundError: no such counterpart.
        SameOrganisationError: it is the actor's own organisation.
        ProposalPendingError: by the database.
    """
    own, other = actor.organisation_id, request.counterpart_id
    if own == other:
        raise SameOrganisationError
    await get_organisation(session, other)
    parent_id, affiliate_id = (own, other) if request.own_side is Side.PARENT else (other, own)
    proposal = AffiliationProposal(
        created_at=now(session),
        proposer_id=own,
        parent_id=parent_id,
        affiliate_id=affiliate_id,
        **_terms(request),
    )
    begin(session, proposal, actor, parent_id=parent_id, affiliate_id=affiliate_id)
    await session.flush()
    return proposal


async def confirm(session: AsyncSession, proposal_id: UUID, *, actor: Actor) -> Affiliation:
    """Agree to the other side's proposal: the two belong together in the time that it names.

    Raises:
        NotFoundError: the actor's organisation is not named in it.
        IllegalMoveError, NotYourMoveError: it was answered, or is the actor's own.
        OtherParentError, AffiliationCycleError, AffiliationDepthError: by the database.
    """
    proposal = await answer(session, proposal_id, "confirm", actor=actor)
    affiliation = Affiliation(
        created_at=now(session),
        proposal_id=proposal.id,
        recorded_by=actor.person_id,
        **proposal.model_dump(
            include={"parent_id", "affiliate_id", "share_basis_points", "valid_from", "valid_until"}
        ),
    )
    await _put(session, affiliation, actor)
    return affiliation


async def answer(
    session: AsyncSession, proposal_id: UUID, name: str, *, actor: Actor
) -> AffiliationProposal:
    """Confirm, decline or withdraw, as the actor's side may."""
    proposal = await lock(session, AffiliationProposal, proposal_id)
    if actor.organisation_id not in {proposal.parent_id, proposal.affiliate_id}:
        raise NotFoundError("no such affiliation proposal")
    role = PROPOSER if actor.organisation_id == proposal.proposer_id else COUNTERPART
    move(session, proposal, name, role=role, actor=actor)
    return proposal


async def record(session: AsyncSession, request: AffiliationRecord, *, actor: Actor) -> Affiliation:
    """Operator: write down an affiliation on evidence, whether or not its sides say so.

    Raises:
        NotFoundError, SameOrganisationError: not two organisations.
        OtherParentError, AffiliationCycleError, AffiliationDepthError: by the database.
    """
    if request.parent_id == request.affiliate_id:
        raise SameOrganisationError
    for organisation_id in (request.parent_id, request.affiliate_id):
        await get_organisation(session, organisation_id)
    affiliation = Affiliation(
        created_at=now(session),
        parent_id=request.parent_id,
        affiliate_id=request.affiliate_id,
        evidence=request.evidence,
        recorded_by=actor.person_id,
        **_terms(request),
    )
    await _put(session, affiliation, actor)
    return affiliation


async def end(
    session: AsyncSession, affiliation_id: UUID, valid_until: date, *, today: date, actor: Actor
) -> Affiliation:
    """Give an affiliation its last day. Its sides do not rewrite the past; the operator may.

    Raises:
        NotFoundError: the actor's organisation is not a side of it.
        RecordedByOperatorError: only the operator ends what it recorded.
        AffiliationEndedError: it is over.
        InvalidEndError: before its beginning, before today, or later than was agreed.
    """
    affiliation = await lock(session, Affiliation, affiliation_id)
    if not actor.may(Permission.OPERATE_ORGANISATIONS):
        _require_side(affiliation, actor)
        _require_shortened(affiliation, valid_until, today)
    if valid_until < affiliation.valid_from:
        raise InvalidEndError
    before, affiliation.valid_until = affiliation.valid_until, valid_until
    await session.flush()
    _tell(session, affiliation, "end", actor, {"from": before, "to": valid_until})
    return affiliation


def _require_side(affiliation: Affiliation, actor: Actor) -> None:
    if actor.organisation_id not in {affiliation.parent_id, affiliation.affiliate_id}:
        raise NotFoundError("no such affiliation")
    if affiliation.evidence is not None:
        raise RecordedByOperatorError


def _require_shortened(affiliation: Affiliation, valid_until: date, today: date) -> None:
    """One side alone neither changes the past nor prolongs what both agreed."""
    known = affiliation.valid_until
    if known is not None and known <= today:
        raise AffiliationEndedError
    if valid_until < today or (known is not None and valid_until > known):
        raise InvalidEndError


def _terms(request: Terms) -> dict[str, Any]:
    return request.model_dump(include=set(Terms.model_fields))


async def _put(session: AsyncSession, affiliation: Affiliation, actor: Actor) -> None:
    session.add(affiliation)
    await session.flush()
    told = affiliation.model_dump(exclude={"id", "created_at", "evidence", "recorded_by"})
    _tell(session, affiliation, "begin", actor, told)


def _tell(
    session: AsyncSession,
    affiliation: Affiliation,
    name: str,
    actor: Actor,
    data: dict[str, object],
) -> None:
    subject = f"affiliation:{affiliation.id}"
    publish(session, f"affiliation.{name}", subject=subject, actor=actor.label, data=data)
