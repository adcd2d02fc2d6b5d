"""What was true of a right at one moment, as it was known at another."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.models import Organisation
from marketplace.assets.encumbrances.lifecycle import LIVE
from marketplace.assets.encumbrances.scope import names_of
from marketplace.assets.legal_rules.queries import rules_for
from marketplace.assets.models import Right
from marketplace.assets.queries import identifiers_of
from marketplace.assets.standing.queries import events_known, standing_of
from marketplace.assets.title.queries import conveyances_known
from marketplace.assets.title.rules import replay
from marketplace.kernel.db import fetch

NOT_KNOWN: Final = "not_known"
"""The status of a right on a day before anything that is known of it."""
EVERYTHING: Final = "everything"
REGISTERED: Final = "registered"
"""What a certificate tells of: all, or what the register shows and its asker holds."""

_VERSIONS: Final = text(
    """
    SELECT DISTINCT ON (encumbrance_id) facts FROM encumbrance_version
    WHERE right_id = :right_id AND known_from <= :known_at AND valid_from <= :valid_at
    ORDER BY encumbrance_id, valid_from DESC, number DESC
    """
)


async def content_of(
    session: AsyncSession,
    right: Right,
    *,
    valid_at: datetime,
    known_at: datetime,
    seen_by: UUID | None = None,
) -> dict[str, Any]:
    """All that a certificate says, in JSON's own types. Names are those of today.

    `seen_by` is a holder who is not the owner: they are told what the register shows, and what is
    theirs.
    """
    found = await encumbrances_at(session, right.id, valid_at=valid_at, known_at=known_at)
    if seen_by is not None:
        found = [one for one in found if _is_seen_by(one, seen_by)]
    owners = await owners_at(session, right.id, valid_at=valid_at, known_at=known_at)
    names = await _names(session, [*owners, *(one["holder_organisation_id"] for one in found)])
    return {
        "right": {
            "id": str(right.id),
            "kind": str(right.kind),
            "title": right.title,
            "office": right.office,
            "numbers": [row.display for row in await identifiers_of(session, right.id)],
        },
        **await status_at(
            session, right, valid_at=valid_at, known_at=known_at, is_owned=bool(owners)
        ),
        "extent": EVERYTHING if seen_by is None else REGISTERED,
        "owners": [
            {
                "organisation_id": one,
                "name": names[one],
                "share": f"{share.numerator}/{share.denominator}",
            }
            for one, share in owners.items()
        ],
        "encumbrances": [
            one | {"holder_name": one["holder_name"] or names.get(one["holder_organisation_id"])}
            for one in found
        ],
    }


def _is_seen_by(one: Mapping[str, Any], organisation_id: UUID) -> bool:
    """The same as `queries.encumbrances_of` lets a holder see."""
    is_own = one["holder_organisation_id"] == str(organisation_id)
    return is_own or one["registration_number"] is not None


async def encumbrances_at(
    session: AsyncSession, right_id: UUID, *, valid_at: datetime, known_at: datetime
) -> list[dict[str, Any]]:
    """What burdened a right: first what is registered, by rank; then the rest, by its beginning."""
    values = {"right_id": right_id, "valid_at": valid_at, "known_at": known_at}
    rows = await fetch(session, _VERSIONS, **values)
    facts = sorted((row.facts for row in rows if _lives(row.facts, valid_at)), key=_order)
    registered = [one["id"] for one in facts if one["received_on"]]
    ranks = {encumbrance_id: rank for rank, encumbrance_id in enumerate(registered, 1)}
    return [_shown(one, ranks.get(one["id"])) for one in facts]


def _lives(facts: Mapping[str, Any], valid_at: datetime) -> bool:
    ends_at = facts["ends_at"]
    is_over = ends_at is not None and datetime.fromisoformat(ends_at) <= valid_at
    return facts["state"] in LIVE and not is_over


def _order(facts: Mapping[str, Any]) -> tuple[Any, ...]:
    if facts["received_on"]:
        return 0, facts["received_on"], facts["receipt_order"], facts["id"]
    return 1, datetime.fromisoformat(facts["starts_at"]), 0, facts["id"]


def _shown(facts: Mapping[str, Any], rank: int | None) -> dict[str, Any]:
    same = (
        "id",
        "kind",
        "state",
        "holder_organisation_id",
        "holder_name",
        "registration_number",
        "contract_on",
        "effective_on",
        "received_on",
        "receipt_order",
        "recorded_on",
        "gazetted_on",
        "source",
    )
    secured = facts["secured_minor"]
    return {
        "rank": rank,
        **{name: facts[name] for name in same},
        "scope": {
            "claims": facts["claims"],
            "territories": facts["territories"],
            "fields": facts["fields_of_use"],
            "uses": names_of(facts["uses"]),
            "starts_at": facts["starts_at"],
            "ends_at": facts["ends_at"],
        },
        "secured": secured and {"amount_minor": secured, "currency": facts["currency"]},
    }


async def owners_at(
    session: AsyncSession, right_id: UUID, *, valid_at: datetime, known_at: datetime
) -> Mapping[str, Fraction]:
    """Who owned which share of a right, by the chain of title as it was known."""
    chain = replay(await conveyances_known(session, right_id, known_at))
    return {
        str(period.organisation_id): period.share
        for period in chain.periods
        if period.owned_from <= valid_at
        and (period.owned_until is None or valid_at < period.owned_until)
    }


async def status_at(
    session: AsyncSession,
    right: Right,
    *,
    valid_at: datetime,
    known_at: datetime,
    is_owned: bool,
) -> dict[str, Any]:
    """The legal status, what hangs over the right, and the days in between without effect.

    Of a day before all facts that were known, it is said that nothing was known.
    """
    on = valid_at.astimezone((await rules_for(session, right)).zone).date()
    standing = await standing_of(session, right, on=on, known_at=known_at)
    gaps = [{"from": str(begun), "until": str(ended)} for begun, ended in standing.no_effect]
    events = await events_known(session, right.id, known_at)
    is_known = is_owned or any(event.occurred_on <= on for event in events)
    return {
        "legal_status": str(standing.status) if is_known else NOT_KNOWN,
        "without_effect": gaps,
        "last_day": _day(standing.last_day),
        "restrained_since": _day(standing.restrained_since),
        "challenged_since": _day(standing.challenged_since),
        "invalid_claims": list(standing.invalid_claims),
    }


def _day(day: date | None) -> str | None:
    return day.isoformat() if day else None


async def _names(session: AsyncSession, ids: Sequence[str | None]) -> Mapping[str, str]:
    query = select(Organisation.id, Organisation.name).where(
        col(Organisation.id).in_({UUID(one) for one in ids if one})
    )
    return {str(row[0]): row[1] for row in await session.execute(query)}
