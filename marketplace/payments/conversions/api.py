from typing import Final
from uuid import UUID

from fastapi import status

from marketplace.accounts.calendar import Today
from marketplace.accounts.errors import InvalidTokenError, PermissionMissingError
from marketplace.accounts.permissions import Permission
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.lifecycle import IllegalMoveError
from marketplace.kernel.money import UnknownCurrencyError
from marketplace.kernel.pagination import Cursor, InvalidCursorError, Limit
from marketplace.kernel.problems import problems
from marketplace.kernel.routing import Session, transactional_router
from marketplace.kernel.schemas import Amount, Page
from marketplace.payments.access import AccountManager, Operator, Reader
from marketplace.payments.conversions import exchanging, service
from marketplace.payments.conversions.errors import (
    BalanceTooLowError,
    NothingConvertedError,
    SameCurrencyError,
)
from marketplace.payments.conversions.lifecycle import ConversionState
from marketplace.payments.conversions.models import Conversion
from marketplace.payments.conversions.schemas import (
    ConversionQuote,
    ConversionRead,
    EntryExchange,
    RateRead,
)
from marketplace.payments.currencies.errors import NoExchangeRateError
from marketplace.payments.funding.models import BankEntry
from marketplace.payments.funding.schemas import BankEntryRead

router = transactional_router(prefix="/v1", tags=["conversions"])
MOVE_ERRORS: Final = (InvalidTokenError, PermissionMissingError, NotFoundError, IllegalMoveError)


def _read(conversion: Conversion) -> ConversionRead:
    own = conversion.model_dump(include={"id", "organisation_id", "state", "version", "created_at"})
    return ConversionRead(
        **own,
        given=Amount(amount_minor=conversion.from_minor, currency=conversion.from_currency),
        got=Amount(amount_minor=conversion.to_minor, currency=conversion.to_currency),
        rate=RateRead(
            from_per_euro=conversion.from_per_euro,
            to_per_euro=conversion.to_per_euro,
            source=conversion.source,
            day=conversion.rate_day,
        ),
        expires_at=conversion.due_at,
    )


@router.post(
    "/conversions",
    status_code=status.HTTP_201_CREATED,
    responses=problems(
        InvalidTokenError,
        PermissionMissingError,
        UnknownCurrencyError,
        SameCurrencyError,
        NoExchangeRateError,
        NothingConvertedError,
        BalanceTooLowError,
    ),
)
async def quote_conversion(
    request: ConversionQuote, actor: AccountManager, session: Session, today: Today
) -> ConversionRead:
    """Have a part of what you are owed quoted in another currency; the rate holds for an hour.

    It is the newest reference rate, at most a week old. Nothing moves until you confirm, and an
    operator converts.
    """
    amount = request.amount.money()
    return _read(await service.quote(session, amount, request.into, on=today, actor=actor))


@router.get("/conversions", responses=problems(InvalidTokenError, InvalidCursorError))
async def conversions(
    actor: Reader,
    session: Session,
    state: ConversionState | None = None,
    cursor: Cursor = None,
    limit: Limit = 20,
) -> Page[ConversionRead]:
    """Your organisation's conversions, newest first; an operator sees those of all."""
    wanted = None if actor.may(Permission.OPERATE_PAYMENTS) else actor.organisation_id
    found, following = await service.conversions_page(
        session, wanted, state, cursor=cursor, limit=limit
    )
    return Page(items=[_read(conversion) for conversion in found], next=following)


@router.post("/conversions/{conversion_id}/confirm", responses=problems(*MOVE_ERRORS))
async def confirm_conversion(
    conversion_id: UUID, actor: AccountManager, session: Session
) -> ConversionRead:
    """Take a quote that has not expired; an operator has a day to convert it."""
    return _read(await service.confirm(session, conversion_id, actor=actor))


@router.post("/conversions/{conversion_id}/withdraw", responses=problems(*MOVE_ERRORS))
async def withdraw_conversion(
    conversion_id: UUID, actor: AccountManager, session: Session
) -> ConversionRead:
    """Do without a conversion that was not made yet."""
    return _read(await service.withdraw(session, conversion_id, actor=actor))


@router.post(
    "/conversions/{conversion_id}/convert", responses=problems(*MOVE_ERRORS, BalanceTooLowError)
)
async def convert_balance(conversion_id: UUID, actor: Operator, session: Session) -> ConversionRead:
    """Operator: book a confirmed conversion, at the rate that was frozen."""
    return _read(await service.convert(session, conversion_id, actor=actor))


@router.post("/conversions/{conversion_id}/decline", responses=problems(*MOVE_ERRORS))
async def decline_conversion(
    conversion_id: UUID, actor: Operator, session: Session
) -> ConversionRead:
    """Operator: do not convert it; nothing was moved."""
    return _read(await service.decline(session, conversion_id, actor=actor))


@router.post(
    "/bank-entries/{entry_id}/exchange",
    response_model=BankEntryRead,
    responses=problems(*MOVE_ERRORS, UnknownCurrencyError, SameCurrencyError),
)
async def exchange_bank_entry(
    entry_id: UUID, request: EntryExchange, actor: Operator, session: Session
) -> BankEntry:
    """Operator: a queued entry is one side of an exchange of the platform's own at its bank.

    Together with the conversions of payees, what is left is gain or loss.
    """
    return await exchanging.exchange_entry(session, entry_id, request.counterpart, actor=actor)
