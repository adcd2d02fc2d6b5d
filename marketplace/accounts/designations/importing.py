"""Published designations: what an authority printed, loaded once and brought up to date later."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Annotated, Final

from pydantic import Field, ValidationError
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.designations.errors import (
    DesignationsDifferError,
    MalformedDesignationsError,
)
from marketplace.accounts.designations.lifecycle import DesignationState
from marketplace.accounts.designations.models import Designation, Sector
from marketplace.accounts.designations.service import keep_periods, note_step
from marketplace.accounts.models import Organisation, OrganisationKind
from marketplace.accounts.organisations.errors import WrongNumberError, WrongRegionError
from marketplace.accounts.organisations.models import OrganisationNumber
from marketplace.accounts.organisations.numbers import normalise
from marketplace.accounts.organisations.schemas import OrganisationCreate
from marketplace.accounts.organisations.service import register
from marketplace.kernel.db import lock, mark_locked, now
from marketplace.kernel.lifecycle import SYSTEM, Machine, begin, move
from marketplace.kernel.schemas import Day, Input, ShortText

BY_COMMAND_LINE: Final = Machine("command_line")
LIVE: Final = frozenset({DesignationState.DESIGNATED, DesignationState.SUSPENDED})


class _Institution(OrganisationCreate):
    """One designation; an institution that was designated twice has two references."""

    kind: OrganisationKind = OrganisationKind.VALUATION_INSTITUTION
    reference: ShortText
    sector: Sector
    designated_on: Day
    withdrawn_on: Day | None = None


class _Publication(Input):
    source: ShortText
    institutions: Annotated[list[_Institution], Field(min_length=1, max_length=10_000)]


@dataclass(frozen=True, slots=True)
class Imported:
    """How many designations were new, have ended since they were loaded, or were known."""

    new: int
    ended: int
    known: int


async def import_designations(session: AsyncSession, content: bytes) -> Imported:
    """Load a file of published designations; loading it again changes nothing.

    An institution that is here already, by a business number, keeps its organisation; another one
    gets an organisation that nobody acts for until an operator invites its owner.

    Raises:
        MalformedDesignationsError: not such a file, or with a mistyped number or region.
        DesignationsDifferError: a known designation with another sector or day.
        DesignationOverlapError, DesignationExistsError: by the database.
    """
    publication = _read(content)
    known = await _known(session, publication.source)
    done = [
        await _load(session, publication.source, one, known) for one in publication.institutions
    ]
    return Imported(done.count("new"), done.count("ended"), done.count("known"))


def _read(content: bytes) -> _Publication:
    try:
        publication = _Publication.model_validate_json(content)
    except ValidationError as error:
        first = error.errors(include_input=False)[0]
        place = ".".join(str(part) for part in first["loc"])
        raise MalformedDesignationsError(f"{place or 'file'}: {first['msg']}") from error
    references = [one.reference for one in publication.institutions]
    if len(set(references)) < len(references):
        raise MalformedDesignationsError("a reference is used twice")
    for one in publication.institutions:
        if one.withdrawn_on is not None and one.withdrawn_on <= one.designated_on:
            raise MalformedDesignationsError(f"{one.reference}: withdrawn before it was designated")
    return publication


async def _known(session: AsyncSession, source: str) -> Mapping[str | None, Designation]:
    query = select(Designation).where(col(Designation.source) == source)
    return {found.reference: found for found in (await session.execute(query)).scalars()}


async def _load(
    session: AsyncSession,
    source: str,
    published: _Institution,
    known: Mapping[str | None, Designation],
) -> str:
    designation = known.get(published.reference)
    if designation is None:
        try:
            await _recognise(session, source, published)
        except (WrongNumberError, WrongRegionError) as error:
            raise MalformedDesignationsError(f"{published.reference}: {error}") from error
        return "new"
    same = (designation.sector, designation.designated_on, designation.withdrawn_on)
    told = (published.sector, published.designated_on, published.withdrawn_on)
    if same == told:
        return "known"
    if same != (*told[:2], None) or designation.state not in LIVE:
        raise DesignationsDifferError(f"{published.reference}: loaded before with other facts")
    designation = await lock(session, Designation, designation.id)
    await _move(session, designation, "withdraw", published.withdrawn_on)
    return "ended"


async def _recognise(session: AsyncSession, source: str, published: _Institution) -> None:
    organisation = await _organisation(session, published)
    designation = Designation(
        created_at=now(session),
        organisation_id=organisation.id,
        sector=published.sector,
        source=source,
        reference=published.reference,
    )
    begin(session, designation, BY_COMMAND_LINE, organisation_id=organisation.id)
    await session.flush()
    mark_locked(session, designation)
    await _move(session, designation, "recognise", published.designated_on)
    if published.withdrawn_on is not None:
        await _move(session, designation, "withdraw", published.withdrawn_on)


async def _move(
    session: AsyncSession, designation: Designation, name: str, on: date | None
) -> None:
    assert on is not None
    move(session, designation, name, role=SYSTEM, actor=BY_COMMAND_LINE, on=on)
    designation.suspended_until = None
    await keep_periods(session, designation, name, on)
    note_step(session, designation, name, on, f"published by {designation.source}")


async def _organisation(session: AsyncSession, published: _Institution) -> Organisation:
    """The organisation that has one of the numbers, else a new one without members."""
    country = published.country
    for number in published.numbers:
        query = (
            select(Organisation)
            .join(OrganisationNumber, col(OrganisationNumber.organisation_id) == Organisation.id)
            .where(col(OrganisationNumber.scheme) == number.scheme)
            .where(
                col(OrganisationNumber.number)
                == normalise(number.scheme, number.number, country=country)
            )
        )
        found = (await session.execute(query)).scalar_one_or_none()
        if found is not None:
            return found
    own = OrganisationCreate.model_validate(
        published.model_dump(include=set(OrganisationCreate.model_fields))
    )
    return await register(session, own, by=BY_COMMAND_LINE.label)
