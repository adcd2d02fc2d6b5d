from uuid import UUID

from marketplace.accounts.access import Keys
from marketplace.accounts.errors import InvalidTokenError, PersonNeededError
from marketplace.deals.access import MOVE_ERRORS, Performer, Reader, Signer
from marketplace.deals.brokers.consenting import consent_to_dual_agency, consent_to_split
from marketplace.deals.brokers.errors import (
    BrokerLeftOutError,
    InvalidBrokerError,
    NothingToConsentError,
)
from marketplace.deals.brokers.naming import name_brokers
from marketplace.deals.brokers.queries import read_brokers, require_visible
from marketplace.deals.brokers.schemas import BrokersName, BrokersRead
from marketplace.deals.models import Deal
from marketplace.deals.payees.errors import InvalidSharesError
from marketplace.deals.queries import read_agreement
from marketplace.deals.schemas import AgreementSign
from marketplace.documents.errors import TextChangedError
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router

router = transactional_router(prefix="/v1/deals", tags=["brokers"])
CONSENT_ERRORS = (*MOVE_ERRORS, PersonNeededError, NothingToConsentError, TextChangedError)


async def _read(session: Session, deal: Deal) -> BrokersRead:
    return await read_brokers(session, deal, await read_agreement(session, deal))


@router.get("/{deal_id}/brokers", responses=problems(InvalidTokenError, NotFoundError))
async def deal_brokers(deal_id: UUID, actor: Reader, session: Session) -> BrokersRead:
    """Who acts for which side, for which share and amount, with the text and the consents.

    For both sides, their brokers and the operator.
    """
    return await _read(session, await require_visible(session, deal_id, actor))


@router.post(
    "/{deal_id}/name-brokers",
    responses=problems(*MOVE_ERRORS, InvalidSharesError, InvalidBrokerError, BrokerLeftOutError),
)
async def name_deal_brokers(
    deal_id: UUID, request: BrokersName, actor: Performer, session: Session, keys: Keys
) -> BrokersRead:
    """Buyer or seller: before the signature, name your side's brokers by their contributions.

    Each gets its share of its own mandate's commission out of the released price. Who made an offer
    for you has a share. This voids a signature under the text before.
    """
    deal = await name_brokers(session, keys, deal_id, request.brokers, actor=actor)
    return await _read(session, deal)


@router.post("/{deal_id}/consent-to-dual-agency", responses=problems(*CONSENT_ERRORS))
async def consent_to_a_dual_agency(
    deal_id: UUID, request: AgreementSign, actor: Signer, session: Session
) -> BrokersRead:
    """Buyer or seller: consent that a broker, or its group, acts for both, in exactly this text."""
    return await _read(
        session, await consent_to_dual_agency(session, deal_id, request.sha256, actor=actor)
    )


@router.post("/{deal_id}/consent-to-split", responses=problems(*CONSENT_ERRORS))
async def consent_to_a_split(
    deal_id: UUID, request: AgreementSign, actor: Signer, session: Session
) -> BrokersRead:
    """Broker: consent to your share among several brokers of one side, in exactly this text."""
    return await _read(
        session, await consent_to_split(session, deal_id, request.sha256, actor=actor)
    )
