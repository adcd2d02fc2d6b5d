from uuid import UUID

from fastapi import Request
from sqlmodel import col, select

from marketplace.accounts.access import Keys
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit, page_by_id
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Page
from marketplace.payments.access import Operator, PayeesOf, Payer, Providers, Reader
from marketplace.payments.errors import RequestNotOpenError
from marketplace.payments.online import service
from marketplace.payments.online.errors import (
    NoClientSecretError,
    PaymentExistsError,
    ProviderNotPossibleError,
)
from marketplace.payments.online.lifecycle import OnlinePaymentState
from marketplace.payments.online.models import OnlinePayment
from marketplace.payments.online.queries import options_of, read_held, read_online, read_request
from marketplace.payments.online.schemas import (
    ClientSecretRead,
    HeldPaymentRead,
    OnlinePaymentRead,
    PaymentRequestRead,
    ProviderChoose,
)

router = transactional_router(prefix="/v1", tags=["payments"])
READ_ERRORS = (InvalidTokenError, NotFoundError)
MOVE_ERRORS = (*READ_ERRORS, PermissionMissingError)


@router.get("/payment-requests/{request_id}", responses=problems(*READ_ERRORS))
async def payment_request(
    request_id: UUID, actor: Reader, session: Session, providers: Providers, payees_of: PayeesOf
) -> PaymentRequestRead:
    """What you are asked to pay, the ways that are possible, and what became of a payment."""
    request = await service.request_for(session, request_id, actor)
    payees = await payees_of(session, request.subject)
    found = await options_of(session, request, providers, payees)
    return await read_request(session, request, found)


@router.put(
    "/payment-requests/{request_id}/provider",
    responses=problems(
        *MOVE_ERRORS, RequestNotOpenError, ProviderNotPossibleError, PaymentExistsError
    ),
)
async def choose_provider(
    request_id: UUID,
    request: ProviderChoose,
    actor: Payer,
    session: Session,
    providers: Providers,
    payees_of: PayeesOf,
) -> PaymentRequestRead:
    """Choose how you pay. With Stripe a payment begins; a moment later its client secret is there.

    Choosing another way cancels the payment that was begun; choosing Stripe again after a payment
    was cancelled begins a new one.
    """
    asked = await service.request_for(session, request_id, actor, for_update=True)
    found = await options_of(session, asked, providers, await payees_of(session, asked.subject))
    option = next(one for one in found if one.provider is request.provider)
    await service.choose_provider(session, asked, option, actor=actor)
    return await read_request(session, asked, found)


@router.get(
    "/payment-requests/{request_id}/client-secret",
    responses=problems(*READ_ERRORS, NoClientSecretError),
)
async def client_secret(
    request_id: UUID, actor: Reader, session: Session, keys: Keys, http: Request
) -> ClientSecretRead:
    """Payer: what your browser needs to enter the card, or to confirm it with your bank (SCA).

    It is nobody else's, and in no other answer.
    """
    request = await service.request_for(session, request_id, actor)
    if request.payer_organisation_id != actor.organisation_id:
        raise NotFoundError
    payment = await service.newest_payment(session, request.id)
    secret = service.client_secret_of(keys, payment)
    return ClientSecretRead(
        client_secret=secret,
        publishable_key=http.app.state.settings.stripe_publishable_key,
        provider_status=payment.provider_status if payment else None,
    )


@router.post("/payment-requests/{request_id}/confirm", responses=problems(*MOVE_ERRORS))
async def confirm_payment(request_id: UUID, actor: Payer, session: Session) -> OnlinePaymentRead:
    """Say that you confirmed the payment in your browser; the platform looks at Stripe now.

    It would learn of it anyway. Call it as often as you like.
    """
    request = await service.request_for(session, request_id, actor)
    return read_online(await service.look_again(session, request))


@router.get(
    "/online-payments",
    responses=problems(InvalidTokenError, PermissionMissingError, InvalidCursorError),
)
async def online_payments(
    actor: Operator,
    session: Session,
    state: OnlinePaymentState = OnlinePaymentState.HOLD_ENDING,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[HeldPaymentRead]:
    """Operator: online payments in a state, oldest first.

    For `hold_ending` ones the time is running out in which the money may be held; `returned` ones
    were paid twice or too late, and are refunded.
    """
    query = select(OnlinePayment).where(col(OnlinePayment.state) == state)
    found, following = await page_by_id(
        session, query, OnlinePayment, cursor=cursor, limit=limit, oldest_first=True
    )
    return Page(items=[read_held(payment) for payment in found], next=following)
