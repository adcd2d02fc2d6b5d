"""An invoice or a credit note as PDF; the same bytes each time."""

from marketplace.kernel.money import BASIS_POINTS, grouped_text
from marketplace.kernel.pdf import Column, Pdf
from marketplace.kernel.representations import Language
from marketplace.payments.invoices.models import Invoice, InvoiceKind, SellerOfRecord
from marketplace.payments.invoices.words import LABELS
from marketplace.payments.wording import words


def pdf_content(
    invoice: Invoice, seller: SellerOfRecord, credited: Invoice | None, language: Language
) -> bytes:
    """The document of an issued invoice; `credited` is what a credit note is about."""

    def label(of: str) -> str:
        return words(LABELS, of, language)

    pdf = Pdf(f"{label(invoice.kind)} {invoice.label}", language=language)
    pdf.pairs(
        [
            (label("issued_on"), str(invoice.issued_on)),
            (label("supplied_on"), str(invoice.supplied_on)),
            (label("credits"), credited.label if credited else ""),
        ]
    )
    pdf.heading(label("seller"))
    pdf.pairs(
        [
            (label("name"), f"{seller.name} ({seller.country})"),
            (label("address"), seller.address or ""),
            (label("registration_number"), seller.registration_number or ""),
            (label("vat_number"), seller.vat_number or ""),
        ]
    )
    pdf.heading(label("buyer"))
    pdf.pairs(
        [
            (label("name"), f"{invoice.buyer_name} ({invoice.buyer_country})"),
            (label("vat_number"), invoice.buyer_vat_number or ""),
        ]
    )
    _amounts(pdf, invoice, language)
    is_credit = invoice.kind == InvoiceKind.CREDIT_NOTE
    pdf.paragraph(label("given_back" if is_credit else "kept"))
    return pdf.content()


def _amounts(pdf: Pdf, invoice: Invoice, language: Language) -> None:
    def amount(minor: int) -> str:
        return f"{grouped_text(minor, invoice.currency)} {invoice.currency}"

    columns = [
        Column(words(LABELS, of, language), share, right)
        for of, share, right in (
            ("what", 4, False),
            ("net", 2, True),
            ("vat", 2, True),
            ("gross", 2, True),
        )
    ]
    percent, rest = divmod(invoice.vat_basis_points * 100, BASIS_POINTS)
    rate = f"{percent}.{rest // 100:02} %" if rest else f"{percent} %"
    what = f"{words(LABELS, 'fee', language)} {invoice.subject}"
    vat = f"{amount(invoice.vat_minor)} ({rate})"
    row = (what, amount(invoice.net_minor), vat, amount(invoice.gross_minor))
    pdf.table(columns, [row])
