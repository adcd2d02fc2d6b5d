"""The certificate of what was kept back from a payee, for one state and one currency."""

from collections.abc import Sequence
from typing import Final
from zoneinfo import ZoneInfo

from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.models import Organisation
from marketplace.kernel.db import now
from marketplace.kernel.schemas import Amount
from marketplace.payments.invoices.service import seller_at
from marketplace.payments.periods import Period
from marketplace.payments.remittances.errors import CertificateTooLongError
from marketplace.payments.remittances.queries import Withheld, withheld_from
from marketplace.payments.remittances.schemas import (
    CertificateLine,
    CertificateRead,
    WithholdingAgent,
)
from marketplace.payments.taxes.service import profile_of

LINES_MAX: Final = 2_000


async def certificate_of(
    session: AsyncSession,
    payee: Organisation,
    *,
    jurisdiction: str,
    currency: str,
    period: Period,
) -> CertificateRead:
    """What was kept back from payments to a payee in a period, and returned since.

    Raises:
        CertificateTooLongError: more than `LINES_MAX` payments.
        NoSellerError: nobody is named who kept it back.
    """
    found = await withheld_from(
        session,
        payee.id,
        jurisdiction=jurisdiction,
        currency=currency,
        period=period,
        limit=LINES_MAX + 1,
    )
    if len(found) > LINES_MAX:
        raise CertificateTooLongError(f"more than {LINES_MAX} payments")
    profile = await profile_of(session, payee.id)
    seller = await seller_at(session, now(session))
    return CertificateRead(
        agent=WithholdingAgent.model_validate(seller),
        organisation_id=payee.id,
        payee=payee.name,
        residence=profile.residence if profile else None,
        jurisdiction=jurisdiction,
        first=period.first,
        until=period.after,
        as_of=now(session),
        lines=[_line(one, currency, period.zone) for one in found],
        **_totals(found, currency),
    )


def _totals(found: Sequence[Withheld], currency: str) -> dict[str, Amount]:
    names = ("gross", "tax", "surtax", "returned")
    sums = {name: sum(getattr(one, f"{name}_minor") for one in found) for name in names}
    sums["withheld"] = sums["tax"] + sums["surtax"] - sums["returned"]
    return {name: Amount(amount_minor=minor, currency=currency) for name, minor in sums.items()}


def _line(one: Withheld, currency: str, zone: ZoneInfo) -> CertificateLine:
    def amount(minor: int) -> Amount:
        return Amount(amount_minor=minor, currency=currency)

    return CertificateLine(
        withholding_id=one.id,
        paid_on=one.at.astimezone(zone).date(),
        subject=one.subject,
        law=one.law,
        gross=amount(one.gross_minor),
        tax=amount(one.tax_minor),
        surtax=amount(one.surtax_minor),
        returned=amount(one.returned_minor),
    )
