"""Payment orders for the bank: ISO 20022 pain.001.001.09, customer credit transfer initiation."""

import re
from collections import Counter
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from marketplace.kernel.money import AMOUNT_MINOR_MAX, major_text, minor_digits
from marketplace.payments.providers.bank.bank_account import HOLDER_NAME_LENGTH_MAX, BankAccount
from marketplace.payments.providers.bank.errors import InvalidCreditTransferError
from marketplace.payments.providers.bank.iso_text import clean_text

NAMESPACE: Final = "urn:iso:std:iso:20022:tech:xsd:pain.001.001.09"
_DECLARATION: Final = '<?xml version="1.0" encoding="UTF-8"?>'

TRANSFERS_MAX: Final = 10_000
REMITTANCE_LENGTH_MAX: Final = 140

_IDENTIFIER: Final = re.compile(r"(?!/)(?!.*//)[A-Za-z0-9/?:().,'+ -]{1,35}(?<![/ ])")
"""Max35Text in the character set that every bank accepts in ids, slashes as the rules want."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditTransfer:
    """One payment of a batch.

    Attributes:
        end_to_end_id: ours, at most 35 characters (a UUID as 32 hex digits fits); the payee's bank
            and any return carry it back.
        amount_minor: in minor units of the batch's currency.
        remittance: what the payee reads; cut at 140 characters.
    """

    end_to_end_id: str
    amount_minor: int
    payee: BankAccount
    remittance: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CreditTransferBatch:
    """Payments in one currency from one account on one day.

    Attributes:
        message_id: at most 35 characters; a bank refuses one that it has seen, which makes
            sending the same batch twice harmless.
        created_at: with a time zone.
    """

    message_id: str
    created_at: datetime
    execute_on: date
    debtor: BankAccount
    currency: str
    transfers: tuple[CreditTransfer, ...]


def render_batch(batch: CreditTransferBatch) -> bytes:
    """Write a batch as a UTF-8 pain.001.001.09 document; equal batches give equal bytes.

    Names and remittances are cleaned and cut to the lengths of ISO 20022. Ids are refused
    instead: a cut id would no longer match when the bank sends it back.

    Raises:
        InvalidCreditTransferError: no transfer or too many, a bad or repeated id, an impossible
            amount.
        InvalidBankAccountError: the account of the debtor or of a payee.
        UnknownCurrencyError: the currency.
    """
    _require_valid(batch)
    document = Element("Document", {"xmlns": NAMESPACE})
    initiation = SubElement(document, "CstmrCdtTrfInitn")
    _add_group_header(initiation, batch)
    _add_payment(initiation, batch)
    indent(document)
    return f"{_DECLARATION}\n{tostring(document, encoding='unicode')}\n".encode()


def _require_valid(batch: CreditTransferBatch) -> None:
    minor_digits(batch.currency)
    batch.debtor.validate()
    _require(
        is_right=0 < len(batch.transfers) <= TRANSFERS_MAX,
        advice=f"a batch has 1 to {TRANSFERS_MAX:,} transfers",
    )
    _require(is_right=batch.created_at.tzinfo is not None, advice="created_at needs a time zone")
    _require_identifier(batch.message_id)
    for transfer in batch.transfers:
        _require_identifier(transfer.end_to_end_id)
        transfer.payee.validate()
        _require(
            is_right=0 < transfer.amount_minor <= AMOUNT_MINOR_MAX,
            advice=f"transfer {transfer.end_to_end_id}: the amount cannot be paid",
        )
    _require_distinct(batch.transfers)


def _require_distinct(transfers: tuple[CreditTransfer, ...]) -> None:
    (identifier, count), *_ = Counter(item.end_to_end_id for item in transfers).most_common(1)
    _require(is_right=count == 1, advice=f"the id {identifier} appears {count} times")


def _require_identifier(identifier: str) -> None:
    _require(
        is_right=_IDENTIFIER.fullmatch(identifier) is not None,
        advice=f"the id {identifier[:40]!r} needs 1 to 35 Latin letters, digits or /-?:().,'+",
    )


def _require(*, is_right: bool, advice: str) -> None:
    if not is_right:
        raise InvalidCreditTransferError(advice)


def _add_group_header(initiation: Element, batch: CreditTransferBatch) -> None:
    header = SubElement(initiation, "GrpHdr")
    _add(header, "MsgId", batch.message_id)
    _add(header, "CreDtTm", batch.created_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    _add_totals(header, batch)
    _add_name(header, "InitgPty", batch.debtor)


def _add_payment(initiation: Element, batch: CreditTransferBatch) -> None:
    """One PmtInf. The order of the elements is fixed by the schema."""
    payment = SubElement(initiation, "PmtInf")
    _add(payment, "PmtInfId", batch.message_id)
    _add(payment, "PmtMtd", "TRF")
    _add_totals(payment, batch)
    _add(SubElement(payment, "ReqdExctnDt"), "Dt", batch.execute_on.isoformat())
    _add_name(payment, "Dbtr", batch.debtor)
    _add_account(payment, "DbtrAcct", batch.debtor)
    _add_bank(payment, "DbtrAgt", batch.debtor)
    for transfer in batch.transfers:
        _add_transfer(payment, transfer, batch.currency)


def _add_totals(parent: Element, batch: CreditTransferBatch) -> None:
    total_minor = sum(transfer.amount_minor for transfer in batch.transfers)
    _add(parent, "NbOfTxs", str(len(batch.transfers)))
    _add(parent, "CtrlSum", major_text(total_minor, batch.currency))


def _add_transfer(payment: Element, transfer: CreditTransfer, currency: str) -> None:
    element = SubElement(payment, "CdtTrfTxInf")
    _add(SubElement(element, "PmtId"), "EndToEndId", transfer.end_to_end_id)
    amount = _add(
        SubElement(element, "Amt"), "InstdAmt", major_text(transfer.amount_minor, currency)
    )
    amount.set("Ccy", currency)
    _add_bank(element, "CdtrAgt", transfer.payee)
    _add_name(element, "Cdtr", transfer.payee)
    _add_account(element, "CdtrAcct", transfer.payee)
    if remittance := clean_text(transfer.remittance, REMITTANCE_LENGTH_MAX):
        _add(SubElement(element, "RmtInf"), "Ustrd", remittance)


def _add_bank(parent: Element, tag: str, account: BankAccount) -> None:
    """A national clearing id means nothing without its country, so the country goes along."""
    institution = SubElement(SubElement(parent, tag), "FinInstnId")
    if account.has_bic:
        _add(institution, "BICFI", account.bank_code)
        return
    _add(SubElement(institution, "ClrSysMmbId"), "MmbId", account.bank_code)
    _add(SubElement(institution, "PstlAdr"), "Ctry", account.country)


def _add_name(parent: Element, tag: str, account: BankAccount) -> None:
    name = clean_text(account.holder_name, HOLDER_NAME_LENGTH_MAX)
    _add(SubElement(parent, tag), "Nm", name)


def _add_account(parent: Element, tag: str, account: BankAccount) -> None:
    identification = SubElement(SubElement(parent, tag), "Id")
    if account.is_iban:
        _add(identification, "IBAN", account.compact_number)
    else:
        _add(SubElement(identification, "Othr"), "Id", account.compact_number)


def _add(parent: Element, tag: str, text: str) -> Element:
    element = SubElement(parent, tag)
    element.text = text
    return element
