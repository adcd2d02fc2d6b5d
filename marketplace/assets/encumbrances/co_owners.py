"""The other owners' consents to what one of several owners grants by a contract of their own."""

from hashlib import sha256
from typing import Final
from uuid import UUID

import orjson
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.assets.consents.errors import ConsentsMissingError
from marketplace.assets.consents.rules import Deed
from marketplace.assets.consents.service import require_consents
from marketplace.assets.encumbrances.kinds import EncumbranceKind
from marketplace.assets.encumbrances.models import Encumbrance
from marketplace.assets.encumbrances.schemas import EncumbranceGrant
from marketplace.assets.legal_rules.terms import Act

K = EncumbranceKind

CONSENTED_AS: Final = {
    K.PLEDGE: Act.PLEDGE,
    K.REGISTERED_EXCLUSIVE: Act.LICENSE_EXCLUSIVE,
    K.EXCLUSIVE: Act.LICENSE_EXCLUSIVE,
    K.SOLE: Act.LICENSE_SOLE,
    K.NON_EXCLUSIVE: Act.LICENSE,
    K.OPEN_LICENCE: Act.LIST,
    K.OPTION: Act.SELL,
}
"""What others consent to. An open licence is a statement to everybody, as a listing is; an option
may be called for the right itself. The database's own check knows the same."""


def terms_of(right_id: UUID, request: EncumbranceGrant) -> str:
    """The text that they consent to: all that is asked for; other terms are another text."""
    terms = orjson.dumps(
        request.model_dump(mode="json"), option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2
    )
    return f"GRANT OF AN ENCUMBRANCE\nRight    {right_id}\nTerms    {terms.decode()}"


async def use_consents(
    session: AsyncSession, encumbrance: Encumbrance, request: EncumbranceGrant, *, by: UUID
) -> None:
    """Refuse what another owner has not consented to; else use their consents up for it.

    Raises:
        ConsentsMissingError: it has the owners, the act and the exact text to ask them for.
    """
    terms = terms_of(encumbrance.right_id, request)
    deed = Deed(
        encumbrance.right_id,
        CONSENTED_AS[encumbrance.kind],
        by,
        sha256(terms.encode()).hexdigest(),
        counterparty=encumbrance.holder_organisation_id,
        amount=request.secured.money() if request.secured else None,
        subject=f"encumbrance:{encumbrance.id}",
    )
    try:
        await require_consents(session, deed, use=True)
    except ConsentsMissingError as error:
        detail = f"ask them with POST /v1/rights/{encumbrance.right_id}/consents"
        raise ConsentsMissingError(detail, act=deed.act, terms=terms, **error.extra) from error
