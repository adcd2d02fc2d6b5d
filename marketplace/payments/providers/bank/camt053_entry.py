"""The entries (Ntry) of a camt.053 statement and the transactions (TxDtls) they are made of."""

from dataclasses import dataclass
from datetime import date
from typing import Final
from xml.etree.ElementTree import Element

from marketplace.payments.providers.bank.errors import MalformedStatementError
from marketplace.payments.providers.bank.statement import Direction, StatementEntry
from marketplace.payments.providers.bank.statement_values import (
    optional_text,
    read_amount_minor,
    read_date,
    read_identifier,
    remittance_text,
)

_DIRECTIONS: Final = {"CRDT": Direction.CREDIT, "DBIT": Direction.DEBIT}
_NOT_BOOKED: Final = frozenset({"PDNG", "INFO", "FUTR"})
_PLACEHOLDERS: Final = frozenset({"NOTPROVIDED", "NONREF", "NOTAVAILABLE"})
"""Banks write these where they have no reference; taken as ids they would all be one entry."""


@dataclass(frozen=True, slots=True)
class Movement:
    direction: Direction
    amount_minor: int

    @property
    def signed_minor(self) -> int:
        return self.amount_minor if self.direction is Direction.CREDIT else -self.amount_minor


@dataclass(frozen=True, slots=True)
class _Booking:
    """What an entry says for all of its transactions."""

    element: Element
    movement: Movement
    currency: str
    booked_on: date
    reversal: bool
    statement_id: str


def read_entry(element: Element, statement_id: str, currency: str) -> list[StatementEntry]:
    """Read one Ntry: none when it is not booked or moves nothing, several when it is a batch.

    A batch becomes one entry per transaction when the transactions carry amounts that sum to it;
    otherwise it stays one entry, with the remittance of all of its transactions.
    """
    if not _is_booked(element):
        return []
    booking = _booking(element, statement_id, currency)
    if booking.movement.amount_minor == 0:
        return []
    transactions = element.findall("NtryDtls/TxDtls") or [Element("TxDtls")]
    movements = _split(transactions, booking)
    if len(transactions) == 1:
        return [_entry(booking, transactions[0], booking.movement, position=None)]
    if movements is None:
        return [_entry(booking, _merged(transactions), booking.movement, position=None)]
    return [
        _entry(booking, transaction, movement, position)
        for position, (transaction, movement) in enumerate(
            zip(transactions, movements, strict=True), start=1
        )
    ]


def read_movement(element: Element, currency: str) -> Movement:
    """Read Amt and CdtDbtInd of an entry or a balance; the amount may be zero.

    Raises:
        MalformedStatementError: either is missing or wrong, or the currency is another one.
    """
    amount = element.find("Amt")
    if amount is None or amount.get("Ccy") != currency:
        raise MalformedStatementError(f"there is no amount (Amt) with the currency {currency}")
    return Movement(_direction(_text(element, "CdtDbtInd")), _amount_minor(amount, currency))


def _is_booked(element: Element) -> bool:
    status = _text(element, "Sts") or _text(element, "Sts/Cd")
    if status != "BOOK" and status not in _NOT_BOOKED:
        raise MalformedStatementError(f"the status (Sts) {status[:40]!r} is not known")
    return status == "BOOK"


def _booking(element: Element, statement_id: str, currency: str) -> _Booking:
    return _Booking(
        element=element,
        movement=read_movement(element, currency),
        currency=currency,
        booked_on=_booked_on(element),
        reversal=_text(element, "RvslInd") in {"true", "1"},
        statement_id=statement_id,
    )


def _booked_on(element: Element) -> date:
    paths = ("BookgDt/Dt", "BookgDt/DtTm", "ValDt/Dt", "ValDt/DtTm")
    return read_date(next((text for path in paths if (text := _text(element, path))), ""))


def _split(transactions: list[Element], booking: _Booking) -> list[Movement] | None:
    movements = [_part(transaction, booking) for transaction in transactions]
    known = [movement for movement in movements if movement and movement.amount_minor > 0]
    complete = len(known) == len(transactions)
    total_minor = sum(movement.signed_minor for movement in known)
    return known if complete and total_minor == booking.movement.signed_minor else None


def _part(transaction: Element, booking: _Booking) -> Movement | None:
    """The amount of a transaction in the account's currency; version 02 has it in AmtDtls."""
    amount = transaction.find("Amt")
    if amount is None:
        amount = transaction.find("AmtDtls/TxAmt/Amt")
    if amount is None or amount.get("Ccy") != booking.currency:
        return None
    direction = _text(transaction, "CdtDbtInd")
    return Movement(
        _direction(direction) if direction else booking.movement.direction,
        _amount_minor(amount, booking.currency),
    )


def _merged(transactions: list[Element]) -> Element:
    """One transaction with only the remittance of all: their other details contradict."""
    merged = Element("TxDtls")
    merged.extend(part for transaction in transactions for part in transaction.iterfind("RmtInf"))
    return merged


def _entry(
    booking: _Booking, transaction: Element, movement: Movement, position: int | None
) -> StatementEntry:
    reversal = booking.reversal or transaction.find("RtrInf") is not None
    name, account = _counterparty(transaction, movement.direction, reversal=reversal)
    reference = _reference(booking, transaction, position)
    return StatementEntry(
        external_id=f"{reference}/reversal" if reversal else reference,
        direction=movement.direction,
        amount_minor=movement.amount_minor,
        currency=booking.currency,
        booked_on=booking.booked_on,
        remittance=_remittance(booking, transaction),
        end_to_end_id=optional_text(_known(transaction, "Refs/EndToEndId")),
        counterparty_name=name,
        counterparty_account=account,
        reversal=reversal,
        return_code=_return_code(transaction),
        return_text=optional_text(_texts(transaction, "RtrInf/AddtlInf")),
    )


def _reference(booking: _Booking, transaction: Element, position: int | None) -> str:
    """The id given by the account's own bank: ids of other parties may collide.

    NtryRef is often a number within the statement, so it needs the statement's id beside it.
    """
    suffix = "" if position is None else f"/{position}"
    if servicer := _known(booking.element, "AcctSvcrRef"):
        return read_identifier(f"{servicer}{suffix}", "reference (AcctSvcrRef)")
    if own := _known(transaction, "Refs/AcctSvcrRef"):
        return read_identifier(own, "reference (Refs/AcctSvcrRef)")
    number = _known(booking.element, "NtryRef")
    reference = f"{booking.statement_id}/{number}{suffix}" if number else ""
    return read_identifier(reference, "reference (AcctSvcrRef or NtryRef)")


def _counterparty(
    transaction: Element, direction: Direction, *, reversal: bool
) -> tuple[str | None, str | None]:
    """The other side. A returned payment still names the parties of the first payment."""
    role = "Dbtr" if (direction is Direction.CREDIT) != reversal else "Cdtr"
    party, account = f"RltdPties/{role}", f"RltdPties/{role}Acct/Id"
    name = _text(transaction, f"{party}/Nm") or _text(transaction, f"{party}/Pty/Nm")
    number = _text(transaction, f"{account}/IBAN") or _text(transaction, f"{account}/Othr/Id")
    return optional_text(name), optional_text(number)


def _remittance(booking: _Booking, transaction: Element) -> str:
    written = " ".join(
        text
        for path in ("RmtInf/Ustrd", "RmtInf/Strd/CdtrRefInf/Ref", "RmtInf/Strd/AddtlRmtInf")
        if (text := _texts(transaction, path))
    )
    return remittance_text(written or _text(booking.element, "AddtlNtryInf"))


def _return_code(transaction: Element) -> str | None:
    code = _text(transaction, "RtrInf/Rsn/Cd") or _text(transaction, "RtrInf/Rsn/Prtry")
    return optional_text(code)


def _direction(text: str) -> Direction:
    if text not in _DIRECTIONS:
        raise MalformedStatementError(f"CdtDbtInd is {text[:40]!r}, neither CRDT nor DBIT")
    return _DIRECTIONS[text]


def _amount_minor(amount: Element, currency: str) -> int:
    return read_amount_minor((amount.text or "").strip(), currency)


def _text(element: Element, path: str) -> str:
    return element.findtext(path, "").strip()


def _texts(element: Element, path: str) -> str:
    return " ".join((found.text or "").strip() for found in element.iterfind(path))


def _known(element: Element, path: str) -> str:
    text = _text(element, path)
    return "" if text.upper() in _PLACEHOLDERS else text
