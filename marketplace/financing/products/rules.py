"""Which products fit a request, and why the others do not. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Final

from marketplace.financing.loans.rules import within_ltv
from marketplace.financing.products.models import LenderProduct

GRADES: Final = ("AAA", "AA", "A", "BBB", "BB", "B", "CCC", "CC", "C")
"""From the best; a right without a grade reaches none of them."""


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a request decides. The value and the worst grade are known once appraised."""

    amount_minor: int
    currency: str
    term_months: int
    region: str | None
    right_kinds: frozenset[str]
    guarantee_offered: bool
    value_minor: int | None
    grade: str | None


def misfits(product: LenderProduct, asked: Asked, today: date) -> list[str]:
    """Why a product does not fit, as stable codes; none, and it fits."""
    found = [
        ("currency", product.currency != asked.currency),
        ("amount_too_small", asked.amount_minor < product.amount_min_minor),
        ("amount_too_large", asked.amount_minor > product.amount_max_minor),
        ("term_too_long", asked.term_months > product.term_months_max),
        ("region", not _covers(product.regions, asked.region)),
        ("right_kind", not asked.right_kinds <= {*(product.right_kinds or asked.right_kinds)}),
        ("guarantee_required", product.guarantee_required and not asked.guarantee_offered),
        ("grade_too_low", not _reaches(asked.grade, product.grade_min)),
        ("loan_to_value", not _fits_value(product, asked)),
        ("not_offered", not _is_offered(product, today)),
    ]
    return [code for code, speaks_against in found if speaks_against]


def worst(grades: Iterable[str | None]) -> str | None:
    """The worst of some grades; none when one of them is unknown."""
    known = list(grades)
    if not known or any(grade not in GRADES for grade in known):
        return None
    return max((grade for grade in known if grade), key=GRADES.index)


def _covers(regions: list[str], region: str | None) -> bool:
    """A country stands for all of its regions."""
    return not regions or (region is not None and bool({region, region[:2]} & {*regions}))


def _reaches(grade: str | None, wanted: str | None) -> bool:
    if wanted is None:
        return True
    return grade in GRADES and GRADES.index(str(grade)) <= GRADES.index(wanted)


def _fits_value(product: LenderProduct, asked: Asked) -> bool:
    """Before the valuation nobody can tell, so it is no reason yet."""
    if asked.value_minor is None:
        return True
    return within_ltv(asked.amount_minor, asked.value_minor, product.ltv_max_basis_points)


def _is_offered(product: LenderProduct, today: date) -> bool:
    begun = product.valid_from <= today
    over = product.valid_until is not None and product.valid_until <= today
    return begun and not over and product.withdrawn_at is None
