"""ISO 20022 camt.053, the bank's end-of-day statement, versions 001.02 and later.

Shapes of the message: https://www.iso20022.org/iso-20022-message-definitions, Bank-to-Customer
Cash Management. `camt053_entry` reads the entries; here are the message and its balances.
"""

import re
from itertools import chain
from typing import Final
from xml.etree.ElementTree import Element

from marketplace.kernel.money import minor_digits
from marketplace.payments.providers.bank.camt053_entry import read_entry, read_movement
from marketplace.payments.providers.bank.errors import MalformedStatementError
from marketplace.payments.providers.bank.safe_xml import read_xml
from marketplace.payments.providers.bank.statement import (
    Statement,
    StatementEntry,
    joined,
    require_balanced,
    require_distinct,
    require_few,
)
from marketplace.payments.providers.bank.statement_values import placed, read_identifier

_NAMESPACE: Final = re.compile(r"camt\.053\.001\.[0-9]{2}")
_OPENING_TYPES: Final = ("OPBD", "PRCD")
"""Some banks give only the closing balance of the day before, which is the opening balance."""
_CLOSING_TYPES: Final = ("CLBD",)


def parse_camt053(content: bytes) -> Statement:
    """Read the booked entries of a camt.053 message.

    Several statements in one message are joined when they are of one account and currency; the
    id is then that of the message.

    Raises:
        MalformedStatementError: the message says which statement and entry.
        StatementDoesNotBalanceError: an opening and a closing balance disagree with the entries.
        StatementTooLargeError: more than `ENTRIES_MAX` entries.
    """
    message = _message(*read_xml(content))
    statements = [
        _statement(element, f"statement {number}")
        for number, element in enumerate(message.iterfind("Stmt"), start=1)
    ]
    if not statements:
        raise MalformedStatementError("the file holds no statement (BkToCstmrStmt/Stmt)")
    for statement in statements:
        require_balanced(statement)
    whole = joined(statements, _message_id(message, statements))
    require_few(len(whole.entries))
    require_distinct(whole.entries)
    return whole


def _message(root: Element, namespace: str) -> Element:
    message = root.find("BkToCstmrStmt") if root.tag == "Document" else None
    if message is None or (namespace and not _NAMESPACE.search(namespace)):
        raise MalformedStatementError("the file is not a camt.053 bank-to-customer statement")
    return message


def _message_id(message: Element, statements: list[Statement]) -> str:
    text = message.findtext("GrpHdr/MsgId", "").strip()
    return read_identifier(text or statements[0].statement_id, "message id (MsgId)")


def _statement(element: Element, place: str) -> Statement:
    with placed(place):
        currency = _currency(element)
        statement_id = read_identifier(element.findtext("Id", "").strip(), "statement id (Id)")
        account = read_identifier(_account(element), "account (Acct/Id)")
        balances = _balances(element, currency)
    return Statement(
        account=account,
        currency=currency,
        entries=tuple(_entries(element, statement_id, currency, place)),
        statement_id=statement_id,
        opening_minor=_first(balances, _OPENING_TYPES),
        closing_minor=_first(balances, _CLOSING_TYPES),
    )


def _entries(
    statement: Element, statement_id: str, currency: str, place: str
) -> list[StatementEntry]:
    entries: list[StatementEntry] = []
    for number, element in enumerate(statement.findall("Ntry"), start=1):
        with placed(f"{place}, entry {number}"):
            entries.extend(read_entry(element, statement_id, currency))
        require_few(len(entries))
    return entries


def _account(statement: Element) -> str:
    iban = statement.findtext("Acct/Id/IBAN", "").strip()
    return iban or statement.findtext("Acct/Id/Othr/Id", "").strip()


def _currency(statement: Element) -> str:
    """The account's own currency, else the one that its balances and entries are in."""
    amounts = chain(statement.iterfind("Bal/Amt"), statement.iterfind("Ntry/Amt"))
    stated = (amount.get("Ccy", "") for amount in amounts)
    currency = statement.findtext("Acct/Ccy", "").strip() or next(filter(None, stated), "")
    minor_digits(currency)
    return currency


def _balances(statement: Element, currency: str) -> dict[str, int]:
    balances: dict[str, int] = {}
    for element in statement.iterfind("Bal"):
        kind = element.findtext("Tp/CdOrPrtry/Cd", "").strip()
        if kind not in {*_OPENING_TYPES, *_CLOSING_TYPES}:
            continue
        if kind in balances:
            raise MalformedStatementError(f"the balance {kind} is given twice")
        with placed(f"balance {kind}"):
            balances[kind] = read_movement(element, currency).signed_minor
    return balances


def _first(balances: dict[str, int], kinds: tuple[str, ...]) -> int | None:
    return next((balances[kind] for kind in kinds if kind in balances), None)
