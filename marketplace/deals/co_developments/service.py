"""Developing an awarded idea together: signed by all, paid for, and binding what is filed of it."""

from fractions import Fraction
from typing import Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.accounts.models import Organisation
from marketplace.assets.filings.models import FutureShare
from marketplace.assets.filings.service import promised
from marketplace.assets.models import Right
from marketplace.assets.schemas import TITLE_PARTS_MAX, TitleShare
from marketplace.assets.service import end_reservation, reserve
from marketplace.deals.co_developments.errors import FutureSharesError
from marketplace.deals.co_developments.lifecycle import PARTY, CoDevelopmentState
from marketplace.deals.co_developments.models import CoDevelopment
from marketplace.deals.co_developments.schemas import CoDevelopmentRead, PartyShare
from marketplace.deals.payees.errors import InvalidSharesError
from marketplace.documents.service import disclose
from marketplace.documents.signatures import keep, newest, sign, signatures_of
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import BY_SYSTEM, SYSTEM, Identity, begin, move
from marketplace.kernel.money import split
from marketplace.kernel.schemas import Amount
from marketplace.listings.service import withdraw_listings_of
from marketplace.listings.solicitations.models import Award, Solicitation, Submission
from marketplace.payments.funding.service import cancel_request, request_of, request_payment
from marketplace.payments.ledger.addresses import held, payable
from marketplace.payments.ledger.service import Booking, Posting, post

_TEXT: Final = """\
AGREEMENT TO DEVELOP AN IDEA TOGETHER

Agreement  {id}
Idea       {title} ({right_id})
Price      {price_minor} {currency}, in minor units, paid by the organiser to the authors

Shares of every right that comes of the idea
{shares}

1. The parties develop the idea together. Whatever is filed of it belongs to them by these shares.
2. The organiser pays the price to the marketplace operator. When it is held, this is in force,
   the authors are paid by their shares of the idea, and the organiser may read the idea.
3. The idea itself stays its authors'. The organiser keeps it secret until an office publishes it.
4. Until the price is paid each party may withdraw, and then nobody owes anything.
"""


async def propose(
    session: AsyncSession,
    solicitation: Solicitation,
    submission: Submission,
    award: Award,
    *,
    actor: Actor,
) -> CoDevelopment:
    """Draw up what all parties have to sign; until then nothing else happens to the idea.

    Raises:
        RightReservedError: by the database, when a deal over the idea runs.
        FutureSharesError: nothing would be left to its authors.
        InvalidSharesError: the shares are finer than a register's.
    """
    share = solicitation.organiser_share
    assert share is not None
    right = await lock(session, Right, submission.right_id)
    if sum((await promised(session, right.id)).values(), share) >= 1:
        raise FutureSharesError
    await withdraw_listings_of(session, right.id)
    agreement = CoDevelopment(
        created_at=now(session),
        award_id=award.id,
        right_id=right.id,
        organiser_organisation_id=solicitation.organiser_organisation_id,
        share_numerator=share.numerator,
        share_denominator=share.denominator,
        team=submission.shares,
        price_minor=award.amount_minor,
        currency=solicitation.currency,
    )
    if any(one.denominator > TITLE_PARTS_MAX for one in shares_of(agreement).values()):
        raise InvalidSharesError(f"shares are of {TITLE_PARTS_MAX} parts at most")
    await reserve(session, right.id, subject=agreement.subject)
    begin(session, agreement, actor, right_id=right.id, award_id=award.id)
    await session.flush()
    keep(session, subject=agreement.subject, content=await _text(session, agreement, right))
    await session.flush()
    return agreement


async def _text(session: AsyncSession, agreement: CoDevelopment, right: Right) -> str:
    lines = []
    for organisation_id, share in shares_of(agreement).items():
        name = (await session.get_one(Organisation, organisation_id)).name
        lines.append(f"  {name} ({organisation_id}): {share.numerator}/{share.denominator}")
    return _TEXT.format(
        id=agreement.id,
        title=right.title,
        right_id=right.id,
        price_minor=agreement.price_minor,
        currency=agreement.currency,
        shares="\n".join(lines),
    )


def shares_of(agreement: CoDevelopment) -> dict[UUID, Fraction]:
    """Whose what comes of the idea is, exactly; the organiser first, the sum one."""
    organisers = Fraction(agreement.share_numerator, agreement.share_denominator)
    return {agreement.organiser_organisation_id: organisers} | {
        UUID(one["organisation_id"]): (1 - organisers)
        * Fraction(one["numerator"], one["denominator"])
        for one in agreement.team
    }


async def sign_agreement(
    session: AsyncSession, agreement_id: UUID, sha256: str, *, actor: Actor
) -> CoDevelopment:
    """Sign for one's organisation; the last signature asks the organiser for the price.

    Raises:
        NotFoundError: not a party.
        TextChangedError, AlreadySignedError: another text, or signed before.
    """
    agreement = await lock_for(session, agreement_id, actor)
    document = await newest(session, agreement.subject)
    signed = {one.organisation_id for one in await signatures_of(session, document)}
    is_last = agreement.parties - signed == {actor.organisation_id}
    move(session, agreement, "countersign" if is_last else "sign", role=PARTY, actor=actor)
    await sign(session, subject=agreement.subject, sha256=sha256, actor=actor)
    if is_last:
        await request_payment(
            session,
            subject=agreement.subject,
            payer=agreement.organiser_organisation_id,
            amount_minor=agreement.price_minor,
            currency=agreement.currency,
        )
    return agreement


async def cancel_by(session: AsyncSession, agreement_id: UUID, *, actor: Actor) -> CoDevelopment:
    """A party withdraws before the price is paid."""
    agreement = await lock_for(session, agreement_id, actor)
    await cancel(session, agreement, role=PARTY, actor=actor)
    return agreement


async def cancel(
    session: AsyncSession, agreement: CoDevelopment, *, role: str, actor: Identity
) -> None:
    """It is not signed or not paid in time: the idea is free again.

    Raises:
        RequestNotOpenError: the price has arrived in the meantime.
    """
    was_signed = agreement.state is CoDevelopmentState.SIGNED
    move(session, agreement, "cancel", role=role, actor=actor)
    if was_signed:
        await cancel_request(session, agreement.subject, actor=actor)
    await end_reservation(session, subject=agreement.subject)


async def bring_in_force(session: AsyncSession, agreement_id: UUID) -> None:
    """The price is held: pay the authors, bind what will be filed, and let the organiser read.

    Told again, nothing happens.
    """
    agreement = await lock(session, CoDevelopment, agreement_id)
    if agreement.state is not CoDevelopmentState.SIGNED:
        return
    move(session, agreement, "pay", role=SYSTEM, actor=BY_SYSTEM)
    await _pay(session, agreement)
    session.add(
        FutureShare(
            created_at=now(session),
            idea_id=agreement.right_id,
            organisation_id=agreement.organiser_organisation_id,
            numerator=agreement.share_numerator,
            denominator=agreement.share_denominator,
            subject=agreement.subject,
        )
    )
    await disclose(
        session,
        agreement.right_id,
        to=agreement.organiser_organisation_id,
        purpose=agreement.subject,
        actor=BY_SYSTEM,
        granted_by=UUID(agreement.team[0]["organisation_id"]),
        survives_transfer=True,
    )
    await end_reservation(session, subject=agreement.subject)


async def _pay(session: AsyncSession, agreement: CoDevelopment) -> None:
    amounts = split(agreement.price_minor, [one["numerator"] for one in agreement.team])
    postings = [
        Posting(held(agreement.subject), payable(UUID(one["organisation_id"])), amount_minor)
        for one, amount_minor in zip(agreement.team, amounts, strict=True)
        if amount_minor
    ]
    await post(
        session,
        Booking(
            key=f"co_develop:{agreement.subject}",
            kind="co_develop",
            subject=agreement.subject,
            currency=agreement.currency,
            postings=postings,
        ),
    )


async def lock_for(session: AsyncSession, agreement_id: UUID, actor: Actor) -> CoDevelopment:
    """Hold an agreement that the actor is a party to.

    Raises:
        NotFoundError: none of theirs.
    """
    agreement = await lock(session, CoDevelopment, agreement_id)
    _require_party(agreement, actor)
    return agreement


def _require_party(agreement: CoDevelopment, actor: Actor) -> None:
    if actor.organisation_id not in agreement.parties:
        raise NotFoundError("no such co development")


async def get(session: AsyncSession, agreement_id: UUID, *, actor: Actor) -> CoDevelopmentRead:
    """An agreement, to its parties.

    Raises:
        NotFoundError: none of theirs.
    """
    agreement = await session.get(CoDevelopment, agreement_id)
    if agreement is None:
        raise NotFoundError("no such co development")
    _require_party(agreement, actor)
    return await read(session, agreement)


async def read(session: AsyncSession, agreement: CoDevelopment) -> CoDevelopmentRead:
    document = await newest(session, agreement.subject)
    signed = {one.organisation_id for one in await signatures_of(session, document)}
    request = await request_of(session, agreement.subject)
    return CoDevelopmentRead(
        id=agreement.id,
        right_id=agreement.right_id,
        state=agreement.state,
        version=agreement.version,
        price=Amount(amount_minor=agreement.price_minor, currency=agreement.currency),
        parties=[
            PartyShare(
                organisation_id=organisation_id,
                share=TitleShare(numerator=share.numerator, denominator=share.denominator),
                signed=organisation_id in signed,
            )
            for organisation_id, share in shares_of(agreement).items()
        ],
        agreement=document.content,
        sha256=document.sha256,
        payment_reference=request.reference if request else None,
        your_moves=agreement.lifecycle.open_to(agreement.state, PARTY),
    )
