"""What organisations have on persons: invitations, and what somebody recorded or decided there."""

from collections.abc import Iterator
from typing import Final

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import SQLModel

from marketplace.accounts.affiliations.models import Affiliation, AffiliationProposal
from marketplace.accounts.designations.models import (
    Designation,
    DesignationPeriod,
    DesignationStep,
)
from marketplace.accounts.invitations.models import Invitation
from marketplace.accounts.invitations.service import revoke_all_of
from marketplace.accounts.organisations.models import OrganisationNumber
from marketplace.accounts.people.queries import ERASED
from marketplace.accounts.personal_data.registry import OWN, Holder, PersonalData, Section
from marketplace.accounts.suspensions.models import OrganisationSuspension

_THEIR_EMAIL: Final = "(SELECT email FROM user_account WHERE id = :user_id)"
_ERASE: Final = (
    # Before the address is overwritten: it is how an invitation is found.
    text(f"UPDATE invitation SET email = id || '{ERASED}' WHERE email = {_THEIR_EMAIL}"),
    text(f"DELETE FROM organisation_number WHERE organisation_id = {OWN}"),
)


async def _erase(session: AsyncSession, holder: Holder) -> None:
    await revoke_all_of(session, holder.user_id, actor=holder)
    for statement in _ERASE:
        await session.execute(statement, holder.values)


def _whole(name: str, model: type[SQLModel], *where: str) -> Section:
    """A table all of whose columns are shown."""
    columns = tuple(model.model_fields)
    return Section(name, model, columns, " OR ".join(where))


def _sections() -> Iterator[Section]:
    yield Section(
        "invitations",
        Invitation,
        tuple(name for name in Invitation.model_fields if name != "token_hash"),
        f"invited_by = :user_id OR email = {_THEIR_EMAIL} OR organisation_id = {OWN}",
        {"token_hash": "a secret's hash, which is of use to nobody but a thief"},
    )
    by_organisation = f"organisation_id = {OWN}"
    yield _whole("business_numbers", OrganisationNumber, by_organisation)
    yield _whole(
        "suspensions",
        OrganisationSuspension,
        by_organisation,
        "suspended_by = :user_id",
        "lifted_by = :user_id",
    )
    parties = (f"parent_id = {OWN}", f"affiliate_id = {OWN}")
    yield _whole("affiliation_proposals", AffiliationProposal, *parties, f"proposer_id = {OWN}")
    yield _whole("affiliations", Affiliation, *parties, "recorded_by = :user_id")
    yield _whole("designations", Designation, by_organisation)
    yield _whole("designation_periods", DesignationPeriod, by_organisation)
    yield _whole("designation_steps", DesignationStep, "taken_by = :user_id")


PERSONAL_DATA: Final = PersonalData(
    sections=tuple(_sections()),
    kept={
        "invitation.invited_by": "who let somebody in has to stay known, by number",
        "affiliation.recorded_by": "which operator recorded it has to stay known, by number",
        "organisation_suspension.suspended_by": "which operator decided has to stay known",
        "designation_step.taken_by": "which operator decided has to stay known, by number",
    },
    erase=_erase,
)
