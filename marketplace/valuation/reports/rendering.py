"""A report on paper. The same signed content makes the same bytes, and the file carries it."""

from collections.abc import Iterator, Sequence
from typing import Any, Final

from marketplace.kernel.pdf import Column, Pdf
from marketplace.valuation.library.working import Unit
from marketplace.valuation.reports.signed import content, sha256_of
from marketplace.valuation.reports.wording import inputs, money, number, quantity, title, words

LANGUAGE: Final = "ko"
"""Whose form Chinese characters take where a text does not tell."""


def render(signed: str) -> bytes:
    """The PDF of a report, given as a compact JWS, which itself stands in its keywords."""
    said = content(signed)
    pdf = Pdf("Valuation report", language=LANGUAGE, keywords=signed)
    pdf.pairs(_head(said))
    pdf.heading("Value")
    pdf.pairs((title(name), money(said["value"][name])) for name in ("point", "low", "high"))
    pdf.paragraph(said["reconciliation"])
    pdf.heading("Rights valued")
    pdf.table(
        (Column("Title", 4), Column("Kind", 2), Column("Numbers", 3), Column("Status", 2)),
        (
            (r["title"], words(r["kind"]), ", ".join(r["numbers"]), words(r["legal_status"]))
            for r in said["rights"]
        ),
    )
    _methods(pdf, said)
    for label in ("assumptions", "information_sources", "limiting_conditions"):
        _paragraphs(pdf, title(label), said[label])
    _people(pdf, said)
    pdf.heading("Signature of the platform")
    pdf.paragraph(f"SHA-256 of the signed content: {sha256_of(signed)}")
    return pdf.content()


def _head(said: dict[str, Any]) -> Iterator[tuple[str, str]]:
    yield "Report", f"{said['jti']}, version {said['version']}"
    yield "Corrects", f"{said['previous']}: {said['correction']}" if said["previous"] else ""
    yield "Institution", said["institution"]["name"]
    yield "Client", said["client"]["name"]
    yield "Order", said["order"]
    yield "Purpose", words(said["purpose"])
    yield "Base date", said["base_date"]
    yield "Report date", said["report_date"]
    yield "Valid until", said["valid_until"]
    yield "Basis of value", said["basis_of_value"]
    yield "Standard", said["standard"]
    if rating := said["rating"]:
        yield "Rating", f"{rating['grade']} ({rating['score']}), cohort {rating['cohort']}"


def _methods(pdf: Pdf, said: dict[str, Any]) -> None:
    for made in said["calculations"]:
        pdf.heading(f"Method: {words(made['method'])}")
        found = made["range"]
        between = f", from {quantity(found['low'])} to {quantity(found['high'])}" if found else ""
        pdf.paragraph(f"Result: {quantity(made['result'])}{between}")
        pdf.pairs(inputs(made["inputs"]))
        pdf.pairs(("Edition", f"{words(m['name'])}, {m['edition']}") for m in made["models"])
        _steps(pdf, made)
        _swings(pdf, made, (found and found["swings"]) or ())
    rejected = [f"{words(one['method'])}: {one['reason']}" for one in said["rejected"]]
    _paragraphs(pdf, "Methods considered and not used", rejected)


def _steps(pdf: Pdf, made: dict[str, Any]) -> None:
    currency = str(made["inputs"].get("currency") or "")
    rows = (
        (
            words(line["label"]),
            currency if line["unit"] == Unit.MONEY else words(line["unit"]),
            "  ".join(number(value, line["unit"], currency) for value in line["values"]),
        )
        for line in made["lines"]
    )
    pdf.table((Column("Step", 4), Column("Unit", 1), Column("One, or one a year", 6)), rows)


def _swings(pdf: Pdf, made: dict[str, Any], swings: Sequence[dict[str, Any]]) -> None:
    """How far each input alone moves the result."""
    unit, currency = made["result"]["unit"], str(made["inputs"].get("currency") or "")
    rows = [
        (
            words(one["input"]),
            number(one["at_low"], unit, currency),
            number(one["at_high"], unit, currency),
        )
        for one in swings
    ]
    if rows:
        columns = (
            Column("Input alone", 4),
            Column("At its low end", 3),
            Column("At its high end", 3),
        )
        pdf.table(columns, rows)


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
