from fastapi import status

from marketplace.accounts.access import Keys
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.accounts.permissions import Permission
from marketplace.kernel.db import now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.money import UnknownCurrencyError
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.payments.access import AccountManager, Operator, Reader, StripeTerms
from marketplace.payments.connect import service
from marketplace.payments.connect.errors import (
    AccountExistsError,
    CountryNotPaidError,
    NoAccountForMethodError,
)
from marketplace.payments.connect.models import ConnectedAccount
from marketplace.payments.connect.schemas import (
    ConnectedAccountRead,
    PayoutMethodRead,
    PayoutMethodWrite,
    StripePayoutsCreate,
)
from marketplace.payments.payouts.models import PayoutMethod
from marketplace.payments.payouts.schemas import PayoutRead
from marketplace.payments.providers.stripe.errors import StripeOffError
from marketplace.payments.providers.stripe.requirements import disabled_in_words, in_words
from marketplace.payments.transfers.rest import pay_rest, pay_waiting

router = transactional_router(prefix="/v1", tags=["payouts"])
MANAGER_ERRORS = (InvalidTokenError, PermissionMissingError)


def _read(account: ConnectedAccount, url: str | None) -> ConnectedAccountRead:
    return ConnectedAccountRead(
        id=account.id,
        country=account.country,
        masked=account.masked,
        can_be_paid=account.transfers_enabled,
        can_pay_out=account.payouts_enabled,
        requirements=in_words(account.requirements),
        disabled_reason=disabled_in_words(account.disabled_reason),
        failure=account.failure_text,
        onboarding_url=url,
        onboarding_expires_at=account.link_expires_at if url else None,
    )


@router.post(
    "/connected-account",
    status_code=status.HTTP_201_CREATED,
    responses=problems(*MANAGER_ERRORS, AccountExistsError, CountryNotPaidError, StripeOffError),
)
async def begin_connected_account(
    actor: AccountManager, session: Session, terms: StripeTerms
) -> ConnectedAccountRead:
    """Begin to be paid by Stripe. A moment later GET shows the page on which you continue."""
    return _read(await service.begin_account(session, terms, actor=actor), None)


@router.get("/connected-account", responses=problems(InvalidTokenError, NotFoundError))
async def connected_account(actor: Reader, session: Session, keys: Keys) -> ConnectedAccountRead:
    """Your organisation's Stripe account: what Stripe still wants, and why it is disabled.

    The link to the onboarding is shown to those only who manage how you are paid.
    """
    account = await service.current_account(session, actor.organisation_id)
    may_enter = actor.may(Permission.MANAGE_BANK_ACCOUNT)
    url = service.link_of(keys, account, now(session)) if may_enter else None
    return _read(account, url)


@router.post("/connected-account/link", responses=problems(*MANAGER_ERRORS, NotFoundError))
async def link_connected_account(actor: AccountManager, session: Session) -> ConnectedAccountRead:
    """Ask for a new link to the onboarding; a moment later GET shows it."""
    return _read(await service.ask_for_link(session, actor=actor), None)


@router.delete(
    "/connected-account",
    status_code=status.HTTP_204_NO_CONTENT,
    responses=problems(*MANAGER_ERRORS, NotFoundError),
)
async def retire_connected_account(actor: AccountManager, session: Session) -> None:
    """Stop using your Stripe account, to begin another one or to be paid by bank."""
    await service.retire_account(session, actor=actor)


@router.get("/payout-method", responses=problems(InvalidTokenError))
async def payout_method(actor: Reader, session: Session) -> PayoutMethodRead:
    """How your organisation is paid: by bank, unless it chose Stripe."""
    return PayoutMethodRead(method=await service.method_of(session, actor.organisation_id))


@router.put("/payout-method", responses=problems(*MANAGER_ERRORS, NoAccountForMethodError))
async def choose_payout_method(
    request: PayoutMethodWrite, actor: AccountManager, session: Session
) -> PayoutMethodRead:
    """Choose how your organisation is paid; what you are owed already leaves this way too."""
    method = await service.choose_method(session, request.method, actor=actor)
    if method is PayoutMethod.STRIPE:
        await pay_rest(session, actor.organisation_id, actor=actor)
    return PayoutMethodRead(method=method)


@router.post(
    "/stripe-payouts",
    status_code=status.HTTP_201_CREATED,
    responses=problems(*MANAGER_ERRORS, UnknownCurrencyError),
)
async def create_stripe_payouts(
    request: StripePayoutsCreate, actor: Operator, session: Session
) -> list[PayoutRead]:
    """Operator: send all who are paid by Stripe what they are owed, as after a failed transfer."""
    sent = await pay_waiting(session, request.currency, actor=actor)
    return [PayoutRead.model_validate(payout) for payout in sent]
