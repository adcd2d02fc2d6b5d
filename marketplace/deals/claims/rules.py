"""How secured claims are paid out of what payees get: in the order of rank, and exactly."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from uuid import UUID

from marketplace.kernel.money import split


@dataclass(frozen=True, slots=True)
class Claim:
    """What is still to be paid to whoever has a pledge, by the consent to the sale."""

    consent_id: UUID
    encumbrance_id: UUID
    organisation_id: UUID
    due_minor: int


@dataclass(frozen=True, slots=True)
class Payment:
    """One claim's part of a release, and what each payee bears of it."""

    claim: Claim
    borne: Sequence[tuple[UUID, int]]

    @property
    def amount_minor(self) -> int:
        return sum(minor for _, minor in self.borne)


def payments(
    claims: Sequence[Claim], payees: Sequence[UUID], gross_minor: Sequence[int]
) -> Iterator[Payment]:
    """Pay each claim before the next, as far as the payees' shares of the price go.

    Commission and taxes are taken of the rest. Payees bear a claim in proportion to what they have
    left, so that together they keep what the claims leave; nobody pays themselves.
    """
    left = list(gross_minor)
    for claim in claims:
        bearing = [
            0 if payee == claim.organisation_id else minor
            for payee, minor in zip(payees, left, strict=True)
        ]
        amount = min(claim.due_minor, sum(bearing))
        if not amount:
            continue
        borne = split(amount, bearing)
        left = [before - minor for before, minor in zip(left, borne, strict=True)]
        yield Payment(claim, list(zip(payees, borne, strict=True)))
