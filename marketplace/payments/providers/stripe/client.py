"""The only place that calls Stripe. Each call is safe to repeat, and none is made in a transaction.

What goes in and comes out is ours (`seen`): the SDK's objects and errors end here.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import datetime
from typing import Any, Final

import httpx2
import stripe
from pydantic import SecretStr

from marketplace.kernel.logs import get_logger
from marketplace.payments.providers.stripe import seen
from marketplace.payments.providers.stripe.amounts import (
    AmountNotRepresentableError,
    from_stripe_whole,
    to_stripe,
)
from marketplace.payments.providers.stripe.errors import (
    StripeRefusalError,
    StripeSilentError,
    StripeUnknownError,
)

logger = get_logger(__name__)

API_VERSION: Final = "2026-05-27.dahlia"
"""Pinned: what Stripe answers changes only when we change this, and the tests' document with it."""
TIMEOUT_SECONDS: Final = 30.0
PAGE: Final = 100
_SILENT: Final = (
    stripe.APIConnectionError,
    stripe.APIError,
    stripe.RateLimitError,
    stripe.IdempotencyError,
    stripe.AuthenticationError,
)
"""After these the outcome is unknown, or will be another one when the platform has been mended."""
_TRANSACTION: Final = {"expand": ["balance_transaction"]}
_REFUND_TRANSACTIONS: Final = {"expand": ["balance_transaction", "failure_balance_transaction"]}
_CHARGE_TRANSACTION: Final = {"expand": ["latest_charge.balance_transaction"]}


class Door(stripe.HTTPClient):
    """HTTP for the SDK over the client that this project uses."""

    name = "httpx2"

    def __init__(self) -> None:
        super().__init__()
        self._client = httpx2.AsyncClient(timeout=TIMEOUT_SECONDS)

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:
        try:
            answer = await self._client.request(method, url, headers=headers, content=post_data)
        except httpx2.HTTPError as error:
            raise StripeSilentError from error
        return answer.content, answer.status_code, answer.headers

    async def close_async(self) -> None:
        await self._client.aclose()


class StripeClient:
    """Stripe, as the platform uses it."""

    def __init__(self, api_key: SecretStr, *, base: str | None = None) -> None:
        """`base` is the address of another service that speaks as Stripe does."""
        self._door = Door()
        self._stripe = stripe.StripeClient(
            api_key.get_secret_value(),
            stripe_version=API_VERSION,
            base_addresses={"api": base, "files": base, "connect": base} if base else None,
            http_client=self._door,
            max_network_retries=0,  # an errand repeats, after it has looked
        )

    async def close(self) -> None:
        await self._door.close_async()

    async def create_intent(
        self, *, payment_id: str, subject: str, amount_minor: int, currency: str
    ) -> seen.Intent:
        """Ask for a payment. The buyer chooses the method; the charge is the platform's own."""
        values: Any = {
            "amount": _carried(amount_minor, currency),
            "currency": currency.lower(),
            "automatic_payment_methods": {"enabled": True},
            "capture_method": "automatic",  # with it, a charge has its balance transaction at once
            "transfer_group": subject,
            "metadata": {"payment": payment_id, "subject": subject},
            **_CHARGE_TRANSACTION,
        }
        options = _keyed("intent", payment_id, amount_minor)
        async with _translated():
            found = await self._stripe.v1.payment_intents.create_async(values, options)
        return seen.Intent.read(found.to_dict())

    async def intent(self, intent_id: str) -> seen.Intent:
        values: Any = _CHARGE_TRANSACTION
        async with _translated():
            found = await self._stripe.v1.payment_intents.retrieve_async(intent_id, values)
        return seen.Intent.read(found.to_dict())

    async def cancel_intent(self, intent_id: str) -> seen.Intent:
        values: Any = {"cancellation_reason": "abandoned", **_CHARGE_TRANSACTION}
        async with _translated():
            found = await self._stripe.v1.payment_intents.cancel_async(intent_id, values)
        return seen.Intent.read(found.to_dict())

    async def create_transfer(
        self,
        *,
        payout_id: str,
        group: str,
        destination: str,
        source_charge: str | None,
        amount_minor: int,
        currency: str,
    ) -> seen.Transfer:
        """Give a payee money; with a source charge it waits until that charge is available."""
        values: Any = {
            "amount": _carried(amount_minor, currency),
            "currency": currency.lower(),
            "destination": destination,
            "transfer_group": group,
            "metadata": {"payout": payout_id},
            **({"source_transaction": source_charge} if source_charge else {}),
            **_TRANSACTION,
        }
        options = _keyed("transfer", payout_id, amount_minor)
        async with _translated():
            found = await self._stripe.v1.transfers.create_async(values, options)
        return seen.Transfer.read(found.to_dict())

    async def find_transfer(self, payout_id: str, group: str) -> seen.Transfer | None:
        """The transfer of a payout, when it was made by a call whose answer was lost."""
        values: Any = {"transfer_group": group, "limit": PAGE, "expand": _of_list(_TRANSACTION)}
        async with _translated():
            page = await self._stripe.v1.transfers.list_async(values)
            found = [seen.Transfer.read(one.to_dict()) async for one in page.auto_paging_iter()]
        return next((one for one in found if one.payout_id == payout_id), None)

    async def create_refund(
        self, *, payout_id: str, charge: str, amount_minor: int, currency: str
    ) -> seen.Refund:
        values: Any = {
            "charge": charge,
            "amount": _carried(amount_minor, currency),
            "metadata": {"payout": payout_id},
            **_REFUND_TRANSACTIONS,
        }
        options = _keyed("refund", payout_id, amount_minor)
        async with _translated():
            found = await self._stripe.v1.refunds.create_async(values, options)
        return seen.Refund.read(found.to_dict())

    async def find_refund(self, payout_id: str, charge: str) -> seen.Refund | None:
        """The refund of a payout, when it was made by a call whose answer was lost."""
        values: Any = {"charge": charge, "limit": PAGE, "expand": _of_list(_REFUND_TRANSACTIONS)}
        async with _translated():
            page = await self._stripe.v1.refunds.list_async(values)
            found = [seen.Refund.read(one.to_dict()) async for one in page.auto_paging_iter()]
        return next((one for one in found if one.payout_id == payout_id), None)

    async def refund(self, refund_id: str) -> seen.Refund:
        values: Any = _REFUND_TRANSACTIONS
        async with _translated():
            found = await self._stripe.v1.refunds.retrieve_async(refund_id, values)
        return seen.Refund.read(found.to_dict())

    async def create_reversal(
        self, *, reversal_id: str, transfer: str, amount_minor: int, currency: str
    ) -> seen.Reversal:
        """Take money back from a payee's Stripe balance."""
        values: Any = {
            "amount": _carried(amount_minor, currency),
            "metadata": {"reversal": reversal_id},
            **_TRANSACTION,
        }
        options = _keyed("reversal", reversal_id, amount_minor)
        async with _translated():
            found = await self._stripe.v1.transfers.reversals.create_async(
                transfer, values, options
            )
        return seen.Reversal.read(found.to_dict())

    async def find_reversal(self, reversal_id: str, transfer: str) -> seen.Reversal | None:
        """A reversal that was made by a call whose answer was lost."""
        values: Any = {"limit": PAGE, "expand": _of_list(_TRANSACTION)}
        async with _translated():
            page = await self._stripe.v1.transfers.reversals.list_async(transfer, values)
            found = [seen.Reversal.read(one.to_dict()) async for one in page.auto_paging_iter()]
        return next((one for one in found if one.reversal_id == reversal_id), None)

    async def balance_minor(self, currency: str, *, account: str | None = None) -> int:
        """What is there, available or on its way: on the platform's balance or on a payee's."""
        options: Any = {"stripe_account": account} if account else None
        async with _translated():
            found = await self._stripe.v1.balance.retrieve_async(None, options)
        body = found.to_dict()
        parts = body["available"] + (body["pending"] if account is None else [])
        total = sum(part["amount"] for part in parts if part["currency"] == currency.lower())
        return from_stripe_whole(total, currency)

    async def create_account(
        self, *, row_id: str, organisation_id: str, country: str, elsewhere: bool
    ) -> seen.Account:
        """Open a payee's account; one `elsewhere` than the platform only receives."""
        values: Any = {
            "country": country,
            "controller": {
                "stripe_dashboard": {"type": "express"},
                "fees": {"payer": "application"},
                "losses": {"payments": "application"},
            },
            "capabilities": {"transfers": {"requested": True}},
            "metadata": {"organisation": organisation_id},
            **({"tos_acceptance": {"service_agreement": "recipient"}} if elsewhere else {}),
        }
        options: Any = {"idempotency_key": f"account:{row_id}"}
        async with _translated():
            found = await self._stripe.v1.accounts.create_async(values, options)
        return seen.Account.read(found.to_dict())

    async def account(self, account_id: str) -> seen.Account:
        async with _translated():
            found = await self._stripe.v1.accounts.retrieve_async(account_id)
        return seen.Account.read(found.to_dict())

    async def create_link(self, account_id: str, *, return_url: str) -> seen.AccountLink:
        """The page on which a payee gives Stripe what it asks for; it works once and briefly."""
        values: Any = {
            "account": account_id,
            "type": "account_onboarding",
            "return_url": return_url,
            "refresh_url": return_url,
        }
        async with _translated():
            found = await self._stripe.v1.account_links.create_async(values)
        return seen.AccountLink.read(found.to_dict())

    async def dispute(self, dispute_id: str) -> seen.Dispute:
        async with _translated():
            found = await self._stripe.v1.disputes.retrieve_async(dispute_id)
        return seen.Dispute.read(found.to_dict())

    async def submit_evidence(self, dispute_id: str, text: str) -> seen.Dispute:
        values: Any = {"evidence": {"uncategorized_text": text}, "submit": True}
        async with _translated():
            found = await self._stripe.v1.disputes.update_async(dispute_id, values)
        return seen.Dispute.read(found.to_dict())

    async def accept_dispute(self, dispute_id: str) -> seen.Dispute:
        async with _translated():
            found = await self._stripe.v1.disputes.close_async(dispute_id)
        return seen.Dispute.read(found.to_dict())

    async def own_payout(self, payout_id: str) -> seen.OwnPayout:
        values: Any = _REFUND_TRANSACTIONS
        async with _translated():
            found = await self._stripe.v1.payouts.retrieve_async(payout_id, values)
        return seen.OwnPayout.read(found.to_dict())

    async def transactions(self, since: datetime, until: datetime) -> list[seen.Transaction]:
        """Every movement on the platform's balance in a half-open period."""
        created = {"gte": int(since.timestamp()), "lt": int(until.timestamp())}
        values: Any = {"created": created, "limit": PAGE}
        async with _translated():
            page = await self._stripe.v1.balance_transactions.list_async(values)
            found = [one.to_dict() async for one in page.auto_paging_iter()]
        return [one for body in found if (one := seen.Transaction.read(body))]


def _keyed(what: str, row_id: str, amount_minor: int) -> Any:
    """The same call has the same key, however often it is made; another amount is another call."""
    return {"idempotency_key": f"{what}:{row_id}:{amount_minor}"}


def _carried(amount_minor: int, currency: str) -> int:
    """An amount as Stripe counts; what Stripe would refuse is refused before the call."""
    try:
        return to_stripe(amount_minor, currency)
    except AmountNotRepresentableError as error:
        raise StripeRefusalError(error.code, str(error)) from error


def _of_list(expansion: Mapping[str, list[str]]) -> list[str]:
    return [f"data.{name}" for name in expansion["expand"]]


@asynccontextmanager
async def _translated() -> AsyncIterator[None]:
    try:
        yield
    except _SILENT as error:
        logger.warning("stripe is silent", error=type(error).__name__, status=error.http_status)
        raise StripeSilentError from error
    except stripe.StripeError as error:
        code = error.code or type(error).__name__
        kind = StripeUnknownError if code == "resource_missing" else StripeRefusalError
        raise kind(code, error.user_message or code) from error
