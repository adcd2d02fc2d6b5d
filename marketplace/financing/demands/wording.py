"""The agreement of a demand and its accepted offer: one plain text of the frozen terms."""

from collections.abc import Sequence
from uuid import UUID

import orjson

from marketplace.financing.demands.models import Demand, DemandOffer
from marketplace.kernel.money import Money


def render(demand: Demand, offer: DemandOffer, right_ids: Sequence[UUID]) -> str:
    """The text. Both sets of terms are in it word for word, in a canonical form."""
    return "\n".join(
        (
            f"AGREEMENT {demand.id} by offer {offer.id}",
            f"Product: {demand.product}",
            f"Company: {demand.company_organisation_id}",
            f"Offerer: {offer.offerer_organisation_id}",
            f"Amount: {Money(offer.amount_minor, offer.currency)}",
            "Rights concerned:",
            *(f"- right {right_id}" for right_id in right_ids),
            "Asked for:",
            _canonical(demand.terms),
            "Offered:",
            _canonical(offer.terms),
        )
    )


def _canonical(terms: object) -> str:
    return orjson.dumps(terms, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2).decode()
