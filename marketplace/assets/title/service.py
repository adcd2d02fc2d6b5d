"""Writing chains of title. What they make of a right's owners is written with each link."""

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, astuple, fields
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from typing import Any, Final
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.models import Organisation, OrganisationKind
from marketplace.assets.errors import NotOwnerError
from marketplace.assets.knowing import learn
from marketplace.assets.legal_rules.models import Topic
from marketplace.assets.legal_rules.queries import Rules, rules_for
from marketplace.assets.legal_rules.terms import Passing, Title
from marketplace.assets.models import Right
from marketplace.assets.register.models import Retraction
from marketplace.assets.title.errors import (
    InvalidOwnersError,
    NothingConveyedError,
    ReceiptOrderNeededError,
    ShareNotOwnedError,
)
from marketplace.assets.title.models import Conveyance, ConveyanceKind, Ownership
from marketplace.assets.title.queries import conveyances_known, owners_of, owns
from marketplace.assets.title.recordal import NO_DATES, Recordal
from marketplace.assets.title.rules import (
    WHOLE,
    Chain,
    Period,
    Shares,
    gives_way,
    receipt,
    replay,
)
from marketplace.kernel.clock import latest_date
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.events import publish
from marketplace.kernel.lifecycle import Identity

_TICK: Final = timedelta(microseconds=1)
_DENOMINATOR_MAX: Final = 2**62
HERE: Final = "this marketplace"


async def begin_title(
    session: AsyncSession, right: Right, shares: Shares, *, recorded_by: UUID
) -> None:
    """Write down who owns a new right, as its registrant declares.

    Raises:
        InvalidOwnersError: the shares are no whole, or an owner is not known here.
    """
    await _require_whole(session, shares)
    assert right.known_at is not None
    for organisation_id, share in shares.items():
        session.add(
            Conveyance(
                created_at=right.known_at,
                right_id=right.id,
                kind=ConveyanceKind.DECLARATION,
                to_organisation_id=organisation_id,
                numerator=share.numerator,
                denominator=share.denominator,
                passed_at=right.known_at,
                basis="registration",
                source="declared by the owner",
                recorded_by=recorded_by,
            )
        )
    await session.flush()
    await _project(session, right.id)


async def _require_whole(session: AsyncSession, shares: Shares) -> None:
    if sum(shares.values()) != WHOLE:
        raise InvalidOwnersError(f"they sum to {sum(shares.values())}")
    query = (
        select(Organisation.id)
        .where(col(Organisation.id).in_(shares))
        .where(col(Organisation.kind) != OrganisationKind.OPERATOR)
    )
    if len((await session.execute(query)).all()) != len(shares):
        raise InvalidOwnersError("an owner is no organisation of this marketplace")


async def require_owner(session: AsyncSession, right_id: UUID, organisation_id: UUID) -> None:
    """Refuse, with a NotOwnerError, what only a present owner may do."""
    if not await owns(session, right_id, organisation_id):
        raise NotOwnerError


async def transfer_title(
    session: AsyncSession,
    right_id: UUID,
    *,
    to: UUID,
    basis: str,
    actor: Identity,
    recordal: Recordal = NO_DATES,
    source: str = HERE,
) -> None:
    """Give every present owner's share to one, at one moment, leaving no gap."""
    right, known_at = await learn(session, right_id)
    known = await conveyances_known(session, right_id)
    rules = await rules_for(session, right)
    passed_at = _passes_at(rules, ConveyanceKind.ASSIGNMENT, recordal, known_at)
    latest = max((link.passed_at for link in known), default=passed_at)
    common = {
        "created_at": known_at,
        "right_id": right_id,
        "to_organisation_id": to,
        "passed_at": passed_at if passed_at > latest else max(latest + _TICK, known_at),
        "basis": basis,
        "source": source,
        "recordal_months": _recordal_months(rules, recordal, known_at),
        **asdict(recordal),
    }
    owners = await owners_of(session, right_id)
    links = [
        _link(ConveyanceKind.ASSIGNMENT, owner, share, common)
        for owner, share in owners.items()
        if owner != to
    ]
    await _write(session, right, links, actor=actor)


def _link(
    kind: ConveyanceKind, giver: UUID | None, share: Fraction, common: Mapping[str, Any]
) -> Conveyance:
    return Conveyance(
        kind=kind,
        from_organisation_id=giver,
        numerator=share.numerator,
        denominator=share.denominator,
        **common,
    )


async def return_title(
    session: AsyncSession, right_id: UUID, *, basis: str, actor: Identity
) -> None:
    """Give back, share by share, what was transferred on a basis."""
    right, known_at = await learn(session, right_id)
    known = await conveyances_known(session, right_id)
    given = [link for link in known if link.basis == basis]
    latest = max(link.passed_at for link in known)
    links = [
        _link(
            ConveyanceKind.RETURN,
            link.to_organisation_id,
            link.share,
            {
                "created_at": known_at,
                "right_id": right_id,
                "to_organisation_id": link.from_organisation_id,
                "passed_at": max(known_at, latest + _TICK),
                "basis": basis,
                "source": HERE,
            },
        )
        for link in given
        if link.kind is ConveyanceKind.ASSIGNMENT
    ]
    await _write(session, right, links, actor=actor)


async def record_conveyance(
    session: AsyncSession,
    right_id: UUID,
    *,
    kind: ConveyanceKind,
    giver: UUID | None,
    to: UUID,
    share: Fraction,
    recordal: Recordal,
    source: str,
    actor: Actor,
) -> tuple[Conveyance, bool]:
    """Note a transfer that an office's register tells. Rivals rank as the office received them.

    Told again, by whomever, nothing changes. Says also whether it was new.

    Raises:
        FutureConveyanceError: one of its days lies in the future.
        NothingConveyedError: nobody gives, or to themselves.
        ShareNotOwnedError: the giver has not that share, or an earlier receipt took it.
        ReceiptOrderNeededError: it would take the place of a known transfer without saying why.
        RecordalKnownError: by the database.
    """
    if (kind is ConveyanceKind.GRANT) != (giver is None) or giver == to:
        raise NothingConveyedError
    if kind in {ConveyanceKind.DECLARATION, ConveyanceKind.RETURN}:
        raise NothingConveyedError("a register tells of grants and transfers")
    recordal.require_past(latest_date(now(session)))
    await lock(session, Right, right_id)
    await _require_known(session, to)
    content = _content(kind, giver, to, share, recordal)
    told = [one for one in await _told(session, right_id) if _content_of(one) == content]
    counting = {one.id: one for one in await conveyances_known(session, right_id)}
    for one in told:
        if one.id in counting:
            return one, False
    right, known_at = await learn(session, right_id)
    rules = await rules_for(session, right)
    common = {
        "created_at": known_at,
        "right_id": right_id,
        "to_organisation_id": to,
        "passed_at": _passes_at(rules, kind, recordal, known_at),
        "basis": f"register:{recordal.recordal_number or source}",
        "source": source,
        "recorded_by": actor.organisation_id,
        # What was told before was taken back each time; told anew, it is another link.
        "content_sha256": hashlib.sha256(repr((content, len(told))).encode()).hexdigest(),
        "recordal_months": _recordal_months(rules, recordal, known_at) if giver else None,
        **asdict(recordal),
    }
    link = _link(kind, giver, share, common)
    await _write(session, right, [link], actor=actor)
    return link, True


def _content(
    kind: ConveyanceKind, giver: UUID | None, to: UUID, share: Fraction, recordal: Recordal
) -> tuple[str, ...]:
    """What a register tells of a link, whoever tells it."""
    return (str(kind), *map(str, (giver, to, share)), *map(str, astuple(recordal)))


def _content_of(link: Conveyance) -> tuple[str, ...]:
    recordal = Recordal(**{field.name: getattr(link, field.name) for field in fields(Recordal)})
    giver, to = link.from_organisation_id, link.to_organisation_id
    return _content(link.kind, giver, to, link.share, recordal)


async def _told(session: AsyncSession, right_id: UUID) -> Sequence[Conveyance]:
    """Every link that a register told, also those taken back."""
    query = select(Conveyance).where(
        col(Conveyance.right_id) == right_id, col(Conveyance.basis).startswith("register:")
    )
    return (await session.execute(query.limit(1_000))).scalars().all()


async def _require_known(session: AsyncSession, organisation_id: UUID) -> None:
    if await session.get(Organisation, organisation_id) is None:
        raise InvalidOwnersError("the new owner is no organisation of this marketplace")


def _passes_at(
    rules: Rules, kind: ConveyanceKind, recordal: Recordal, known_at: datetime
) -> datetime:
    """When title passes by the rule of the jurisdiction; with no date given, when we learn it."""
    rule = _title_rule(rules, recordal, known_at)
    passing = rule.by_kind.get(kind, rule.otherwise) if rule else Passing.EFFECTIVE
    day = recordal.passes_on(passing)
    return _midnight(day, rules) if day else known_at


def _recordal_months(rules: Rules, recordal: Recordal, known_at: datetime) -> int | None:
    rule = _title_rule(rules, recordal, known_at)
    return rule.protects_later_purchaser_months if rule else None


def _title_rule(rules: Rules, recordal: Recordal, known_at: datetime) -> Title | None:
    return rules.at(Topic.TITLE, Title, recordal.effective_on or known_at.date())


def _midnight(day: date, rules: Rules) -> datetime:
    return datetime.combine(day, time(), rules.zone).astimezone(UTC)


async def retract_conveyance(
    session: AsyncSession, right_id: UUID, conveyance_id: UUID, source: str, *, actor: Actor
) -> None:
    """Take back a link that was none. What it is replaced by is recorded first or next.

    Raises:
        NotFoundError: no such link of the right, or it is taken back.
        SharesNotWholeError: by the database, when nothing whole would be left.
    """
    right, known_at = await learn(session, right_id)
    known = {link.id: link for link in await conveyances_known(session, right_id)}
    if conveyance_id not in known:
        raise NotFoundError("no such link of this chain of title")
    session.add(
        Retraction(
            created_at=known_at,
            right_id=right_id,
            conveyance_id=conveyance_id,
            source=source,
            recorded_by=actor.organisation_id,
        )
    )
    await session.flush()
    data = {"conveyance_id": conveyance_id, "basis": known[conveyance_id].basis}
    subject = f"right:{right.id}"
    publish(session, "right.retract_conveyance", subject=subject, actor=actor.label, data=data)
    await _project(session, right_id)


async def _write(
    session: AsyncSession, right: Right, links: Sequence[Conveyance], *, actor: Identity
) -> None:
    before = replay(await conveyances_known(session, right.id))
    session.add_all(links)
    await session.flush()
    after = await _project(session, right.id)
    await _require_effect(session, links, after.void - before.void)
    for link in links:
        data = {
            "from": link.from_organisation_id,
            "to": link.to_organisation_id,
            "share": f"{link.numerator}/{link.denominator}",
            "basis": link.basis,
            "passed_at": link.passed_at,
        }
        publish(
            session, "right.transfer", subject=f"right:{right.id}", actor=actor.label, data=data
        )
    await session.flush()


async def _require_effect(
    session: AsyncSession, links: Sequence[Conveyance], voided: frozenset[UUID]
) -> None:
    """A new link has to convey something; it takes an older one's place only by its receipt.

    Or because that one was received too late to hold against it.
    """
    if any(link.id in voided for link in links):
        raise ShareNotOwnedError
    rivals = [await session.get_one(Conveyance, conveyance_id) for conveyance_id in voided]
    if any(gives_way(rival, link) for rival in rivals for link in links):
        return  # and with it what was bought from whom it gave the right to
    for rival in rivals:
        if any(link.received_on is None or receipt(link) >= receipt(rival) for link in links):
            raise ReceiptOrderNeededError


async def _project(session: AsyncSession, right_id: UUID) -> Chain:
    """Bring the rows of `ownership` to what the chain of title says."""
    chain = replay(await conveyances_known(session, right_id))
    query = select(Ownership).where(col(Ownership.right_id) == right_id)
    rows = {_begun(row): row for row in (await session.execute(query)).scalars()}
    wanted = {_begun(period): period for period in chain.periods}
    kept = set()
    for key, row in rows.items():
        until = wanted[key].owned_until if key in wanted else None
        if key not in wanted or row.owned_until not in {None, until}:
            await session.delete(row)
            continue
        row.owned_until = until
        kept.add(key)
    await session.flush()
    _add(session, right_id, (wanted[key] for key in wanted.keys() - kept))
    await session.flush()
    return chain


def _begun(row: Period | Ownership) -> tuple[object, ...]:
    return row.organisation_id, row.share, row.owned_from, row.basis


def _add(session: AsyncSession, right_id: UUID, periods: Iterable[Period]) -> None:
    added = list(periods)
    if any(period.share.denominator > _DENOMINATOR_MAX for period in added):
        raise InvalidOwnersError("the shares have no common denominator in reach; use rounder ones")
    session.add_all(
        Ownership(
            created_at=now(session),
            right_id=right_id,
            organisation_id=period.organisation_id,
            numerator=period.share.numerator,
            denominator=period.share.denominator,
            owned_from=period.owned_from,
            owned_until=period.owned_until,
            basis=period.basis,
        )
        for period in added
    )
