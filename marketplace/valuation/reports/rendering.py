"""A report on paper. The same signed content makes the same bytes, and the file carries it."""

from collections.abc import Iterator
from typing import Any, Final

from marketplace.kernel.money import grouped_text
from marketplace.kernel.pdf import Column, Pdf
from marketplace.valuation.reports.models import ValuationReport
from marketplace.valuation.reports.service import content

LANGUAGE: Final = "ko"
"""Whose form Chinese characters take where a text does not tell."""


def render(report: ValuationReport) -> bytes:
    """The PDF of a report; the JWS itself stands in its keywords."""
    said = content(report)
    pdf = Pdf("Valuation report", language=LANGUAGE, keywords=report.jws)
    pdf.pairs(_head(said))
    pdf.heading("Value")
    pdf.pairs((name, _money(said["value"][name])) for name in ("point", "low", "high"))
    pdf.paragraph(said["reconciliation"])
    pdf.heading("Rights valued")
    pdf.table(
        (Column("Title", 4), Column("Kind", 2), Column("Numbers", 3), Column("Status", 2)),
        (
            (r["title"], r["kind"], ", ".join(r["numbers"]), r["legal_status"])
            for r in said["rights"]
        ),
    )
    _methods(pdf, said)
    for label in ("assumptions", "information_sources", "limiting_conditions"):
        _paragraphs(pdf, label.replace("_", " ").capitalize(), said[label])
    _people(pdf, said)
    pdf.heading("Signature of the platform")
    pdf.paragraph(f"SHA-256 of the signed content: {report.content_sha256}")
    return pdf.content()


def _head(said: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "Report", f"{said['jti']}, version {said['version']}"
    yield "Corrects", f"{said['previous']}: {said['correction']}" if said["previous"] else ""
    yield "Institution", said["institution"]["name"]
    yield "Client", said["client"]["name"]
    yield "Purpose", said["purpose"].replace("_", " ")
    yield "Base date", said["base_date"]
    yield "Report date", said["report_date"]
    yield "Valid until", said["valid_until"]
    yield "Basis of value", said["basis_of_value"]
    yield "Standard", said["standard"]
    if rating := said["rating"]:
        yield "Rating", f"{rating['grade']} ({rating['score']}), cohort {rating['cohort']}"


def _methods(pdf: Pdf, said: dict[str, Any]) -> None:
    pdf.heading("Methods")
    for made in said["calculations"]:
        result, found = made["result"], made["range"]
        pdf.paragraph(f"{made['method']}: {_quantity(result)}{_between(found)}")
        rows = ((line["label"], line["unit"], _numbers(line["values"])) for line in made["lines"])
        pdf.table((Column("Step", 4), Column("Unit", 1), Column("Values", 6)), rows)
    rejected = [f"{one['method']}: {one['reason']}" for one in said["rejected"]]
    _paragraphs(pdf, "Methods considered and not used", rejected)


def _people(pdf: Pdf, said: dict[str, Any]) -> None:
    pdf.heading("Appraisers")
    pdf.pairs((one["name"], one["qualification"]) for one in said["appraisers"])
    pdf.heading("Subcontractors")
    if not said["subcontractors"]:
        pdf.paragraph("none")
    pdf.pairs((one["name"], one["task"]) for one in said["subcontractors"])
    pdf.heading("Independence")
    pdf.paragraph(said["independence"])


def _paragraphs(pdf: Pdf, title: str, texts: list[str]) -> None:
    if texts:
        pdf.heading(title)
    for text in texts:
        pdf.paragraph(text)


def _money(amount: dict[str, Any]) -> str:
    return f"{grouped_text(amount['amount_minor'], amount['currency'])} {amount['currency']}"


def _quantity(quantity: dict[str, Any]) -> str:
    return _money(quantity["amount"]) if quantity["amount"] else f"{quantity['number']:g}"


def _between(found: dict[str, Any] | None) -> str:
    return f", from {_quantity(found['low'])} to {_quantity(found['high'])}" if found else ""


def _numbers(values: list[float]) -> str:
    return "  ".join(f"{value:,.6g}" for value in values)
