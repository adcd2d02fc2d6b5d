"""Names of ledger accounts.

Of these `world:`, `payable:`, `expense:`, `loss:` and `tax:remitted:` may be negative.
"""

import zlib
from typing import Final
from uuid import UUID

BANK: Final = "world:bank"
"""The bank account, seen from outside: its negative balance is the money we keep there."""

STRIPE: Final = "world:stripe"
"""The platform's Stripe balance, seen from outside."""

BETWEEN: Final = "world:between"
"""Money on its way between accounts of the platform's own: from its Stripe balance to its bank."""

BANK_EXPENSE: Final = "expense:bank"
STRIPE_EXPENSE: Final = "expense:stripe"
DISPUTE_LOSS: Final = "loss:dispute"
"""What chargebacks took beyond the payment that they are about."""

COMMISSION_SHARDS: Final = 32


def held(subject: str) -> str:
    """Funds held for one deal: a liability to its parties, never revenue."""
    return f"held:{subject}"


def payable(organisation_id: UUID) -> str:
    """What the platform owes an organisation; negative after a claw-back."""
    return f"payable:organisation:{organisation_id}"


def payee_of(address: str) -> UUID | None:
    """The organisation of a `payable` address; None for any other address."""
    prefix, _, organisation_id = address.rpartition(":")
    return UUID(organisation_id) if prefix == "payable:organisation" else None


def commission(subject: str) -> str:
    """The platform's commission, spread over shards so that deals do not queue for one row.

    A subject always has the same shard, so a refund takes the commission from where it went.
    """
    return f"commission:{_shard(subject)}"


def vat(country: str, subject: str) -> str:
    """VAT on the platform's commission, owed to a state; spread like the commission."""
    return f"tax:vat:{country}:{_shard(subject)}"


def withholding(country: str, subject: str) -> str:
    """Tax kept back from payees, owed to a state; spread like the commission."""
    return f"tax:withholding:{country}:{_shard(subject)}"


def remitted(tax: str, country: str) -> str:
    """What of a tax (`vat` or `withholding`) was paid to a state, negative.

    With the shards of the tax it makes what is owed. It stands apart from them, so that a refund
    can take a tax back from the shard that it went to, though it was paid to the state already.
    """
    return f"tax:remitted:{tax}:{country}"


def tax_accounts(tax: str, country: str) -> list[str]:
    """All accounts of a tax, whose sum is what is owed to the state."""
    shards = [f"tax:{tax}:{country}:{shard:02}" for shard in range(COMMISSION_SHARDS)]
    return [*shards, remitted(tax, country)]


def exchange(currency: str) -> str:
    """What was given for, or got from, another currency by conversions, seen from outside."""
    return f"world:exchange:{currency}"


def _shard(subject: str) -> str:
    return f"{zlib.crc32(subject.encode()) % COMMISSION_SHARDS:02}"


def unallocated(bank_entry_id: UUID) -> str:
    """Money that arrived and that an operator has yet to allocate."""
    return f"unallocated:bank_entry:{bank_entry_id}"


def bank_entry_of(address: str) -> UUID | None:
    """The entry whose money is kept at an `unallocated` address; None for any other address."""
    prefix, _, entry_id = address.rpartition(":")
    return UUID(entry_id) if prefix == "unallocated:bank_entry" else None


def transit(payout_id: UUID) -> str:
    """Money on its way out by a payout that the bank has not confirmed."""
    return f"transit:payout:{payout_id}"


def fund(fund_id: UUID) -> str:
    """What a compensation fund has to share losses with; never below nothing."""
    return f"fund:{fund_id}"
