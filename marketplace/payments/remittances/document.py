"""A certificate of withholding as PDF."""

from collections.abc import Iterator
from typing import Final

from marketplace.kernel.money import grouped_text
from marketplace.kernel.pdf import Column, Pdf
from marketplace.kernel.representations import Language
from marketplace.kernel.schemas import Amount
from marketplace.payments.remittances.schemas import CertificateRead
from marketplace.payments.remittances.words import LABELS
from marketplace.payments.wording import words

_COLUMNS: Final = (
    ("date", 14, False),
    ("subject", 38, False),
    ("gross", 20, True),
    ("tax", 17, True),
    ("surtax", 17, True),
    ("returned", 17, True),
)


def pdf_content(certificate: CertificateRead, language: Language) -> bytes:
    """The document of a certificate."""

    def label(of: str) -> str:
        return words(LABELS, of, language)

    pdf = Pdf(label("title"), language=language)
    agent = certificate.agent
    pdf.pairs(
        [
            (label("agent"), f"{agent.name} ({agent.country})"),
            (label("address"), agent.address or ""),
            (label("registration_number"), agent.registration_number or ""),
            (label("payee"), certificate.payee),
            (label("residence"), certificate.residence or ""),
            (label("jurisdiction"), certificate.jurisdiction),
            (label("period"), f"{certificate.first} – {certificate.last}"),
            (label("as_of"), certificate.as_of.isoformat(timespec="seconds")),
            (label("gross"), _amount(certificate.gross)),
            (label("tax"), _amount(certificate.tax)),
            (label("surtax"), _amount(certificate.surtax)),
            (label("returned"), _amount(certificate.returned)),
            (label("withheld"), _amount(certificate.withheld)),
        ]
    )
    columns = [Column(label(of), share, right) for of, share, right in _COLUMNS]
    pdf.table(columns, _rows(certificate))
    for law in sorted({line.law for line in certificate.lines}):
        pdf.paragraph(f"{label('law')}: {law}")
    return pdf.content()


def _rows(certificate: CertificateRead) -> Iterator[tuple[str, ...]]:
    for line in certificate.lines:
        amounts = (line.gross, line.tax, line.surtax, line.returned)
        yield (str(line.paid_on), line.subject, *(_number(amount) for amount in amounts))


def _amount(amount: Amount) -> str:
    return f"{_number(amount)} {amount.currency}"


def _number(amount: Amount) -> str:
    return grouped_text(amount.amount_minor, amount.currency)
