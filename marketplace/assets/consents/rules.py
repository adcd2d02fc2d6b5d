"""Whose consent an act needs, and whether a consent covers an act. Pure."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Final
from uuid import UUID

from marketplace.assets.consents.lifecycle import ConsentState
from marketplace.assets.consents.models import Consent
from marketplace.assets.legal_rules.terms import Act, Consents, Whose
from marketplace.kernel.money import Money

MOST: Final = frozenset({Act.PLEDGE, Act.PLEDGE_SHARE})
"""Acts whose limit is the most that may be secured; of all others it is the least price."""


@dataclass(frozen=True, slots=True)
class Deed:
    """What an owner is about to do with a right, by the very text of its terms."""

    right_id: UUID
    act: Act
    by: UUID
    terms_sha256: str
    counterparty: UUID | None = None
    amount: Money | None = None
    subject: str = field(default="")


def whose(rule: Consents | None, act: Act) -> Whose:
    """Whose consent an act needs; where no rule is known, or none for the act, that of all."""
    return rule.acts.get(act, Whose.ALL) if rule else Whose.ALL


def covers(consent: Consent, deed: Deed) -> bool:
    """Whether a consent that was given is for this deed."""
    return (
        consent.state == ConsentState.GIVEN
        and (consent.right_id, consent.act) == (deed.right_id, deed.act)
        and consent.terms_sha256 == deed.terms_sha256
        and consent.counterparty_organisation_id in {None, deed.counterparty}
        and _is_within(consent, deed.amount)
    )


def _is_within(consent: Consent, amount: Money | None) -> bool:
    if consent.limit_minor is None:
        return True
    if amount is None or amount.currency != consent.currency:
        return False
    if consent.act in MOST:
        return amount.amount_minor <= consent.limit_minor
    return amount.amount_minor >= consent.limit_minor


def covering(consents: Iterable[Consent], deed: Deed) -> dict[UUID, Consent]:
    """By owner, a consent that covers the deed."""
    return {one.organisation_id: one for one in consents if covers(one, deed)}
