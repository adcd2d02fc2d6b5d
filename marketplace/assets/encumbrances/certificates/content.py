"""What was true of a right at one moment, as it was known at another."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.models import Organisation
from marketplace.assets.encumbrances.lifecycle import LIVE
from marketplace.assets.encumbrances.scope import names_of
from marketplace.assets.models import LegalEvent, LegalEventKind, LegalStatus, Ownership, Right
from marketplace.assets.queries import identifiers_of
from marketplace.assets.rules import DECISIVE, STATUS_AFTER
from marketplace.kernel.db import fetch

_VERSIONS: Final = text(
    """
    SELECT DISTINCT ON (encumbrance_id) facts FROM encumbrance_version
    WHERE right_id = :right_id AND known_from <= :known_at AND valid_from <= :valid_at
    ORDER BY encumbrance_id, valid_from DESC, number DESC
    """
)


async def content_of(
    session: AsyncSession, right: Right, *, valid_at: datetime, known_at: datetime
) -> dict[str, Any]:
    """All that a certificate says, in JSON's own types. Names are those of today."""
    found = await encumbrances_at(session, right.id, valid_at=valid_at, known_at=known_at)
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
        **await status_at(session, right, valid_at=valid_at, known_at=known_at),
        "owners": [{"organisation_id": one, "name": names[one]} for one in owners],
        "encumbrances": [
            one | {"holder_name": one["holder_name"] or names.get(one["holder_organisation_id"])}
            for one in found
        ],
    }


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
) -> Sequence[str]:
    """Who owned a right. A title passes when it is known to, so the earlier moment counts."""
    moment = min(valid_at, known_at)
    query = (
        select(Ownership.organisation_id)
        .where(
            col(Ownership.right_id) == right_id,
            col(Ownership.owned_from) <= moment,
            col(Ownership.owned_until).is_(None) | (col(Ownership.owned_until) > moment),
        )
        .order_by(col(Ownership.id))
    )
    return [str(found) for found in (await session.execute(query)).scalars()]


async def status_at(
    session: AsyncSession, right: Right, *, valid_at: datetime, known_at: datetime
) -> dict[str, Any]:
    """The legal status, and the days in between without effect if the right was restored.

    What the owner declared at its registration is outranked by whatever a register told.
    """
    query = (
        select(LegalEvent)
        .where(
            col(LegalEvent.right_id) == right.id,
            col(LegalEvent.created_at) <= known_at,
            col(LegalEvent.occurred_on) <= valid_at.date(),
        )
        .order_by(col(LegalEvent.occurred_on), col(LegalEvent.id))
    )
    events = (await session.execute(query)).scalars().all()
    told = [e for e in events if e.kind in DECISIVE and e.recorded_by != right.registered_by]
    declared = [e for e in events if e.recorded_by == right.registered_by]
    deciding = [*declared[:1], *told]
    status = STATUS_AFTER[deciding[-1].kind] if deciding else LegalStatus.UNREGISTERED
    return {"legal_status": str(status), "without_effect": _gaps(told)}


def _gaps(told: Sequence[LegalEvent]) -> list[dict[str, str]]:
    """From each lapse to the restoration that followed; encumbrances had no effect meanwhile."""
    gaps, lapsed_on = [], None
    for event in told:
        if event.kind is LegalEventKind.LAPSED:
            lapsed_on = lapsed_on or event.occurred_on
        elif event.kind is LegalEventKind.RESTORED and lapsed_on is not None:
            gaps.append({"from": str(lapsed_on), "until": str(event.occurred_on)})
            lapsed_on = None
    return gaps


async def _names(session: AsyncSession, ids: Sequence[str | None]) -> Mapping[str, str]:
    query = select(Organisation.id, Organisation.name).where(
        col(Organisation.id).in_({UUID(one) for one in ids if one})
    )
    return {str(row[0]): row[1] for row in await session.execute(query)}
