"""What can be done to a right, written straight into the tables, past every service."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import asyncpg

from marketplace.assets.encumbrances.checking import asked_of
from marketplace.assets.encumbrances.kinds import (
    CONSTITUTIVE,
    WHOLE,
    WITHOUT_HOLDER,
    Act,
    Deed,
    EncumbranceKind,
)
from marketplace.assets.encumbrances.scope import Scope

START = datetime(2026, 1, 1, tzinfo=UTC)
EVERYTHING = Scope.whole(START)
FEE_POLICY = UUID("01890a5d-0000-7000-8000-000000000001")

_ENCUMBRANCE = """
    INSERT INTO encumbrance (id, created_at, version, right_id, kind, subject,
        holder_organisation_id, granted_by, claims, territories, fields_of_use, uses, starts_at,
        ends_at, claim_range, territory_range, field_range, secured_minor, currency,
        registration_number, challenge_accepted, source, valid_from, changed_at, state)
    VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, $9, $10, $11, $2, $12,
        $13::text::int4multirange, $14::text::int8multirange, $15::text::int8multirange,
        $16, $17, $18, $20, 'test', $2, $2, $19)
"""
_DEAL = """
    INSERT INTO deal (id, created_at, version, negotiation_id, listing_id, right_id,
        buyer_organisation_id, seller_organisation_id, fee_policy_id, right_kind, type,
        price_minor, currency, commission_basis_points, commission_vat_basis_points, vat_minor,
        released_minor, refunded_minor, commission_minor, commission_vat_minor, withheld_minor,
        released_vat_minor, returned_minor, returned_vat_minor, shared, withholds, in_parts,
        co_owned, pledged, bundled, brokered, dual_agency, brokerage_minor, fees_shared,
        recordal_waived_by_seller, title_passed, state)
    VALUES ($1, $2, 1, $3, $4, $5, $6, $7, $8, 'patent', 'sale', 1000, 'KRW', 500,
        0, 0, 0, 0, 0, 0, 0, 0, 0, 0, false, false, false, false, false, false, false, false, 0,
        false, false, false, 'partly_signed')
"""
_CLOUDED = {
    "fees_due": "UPDATE ip_right SET fees_paid_until = $2::date - 1 WHERE id = $1",
    "challenged": "UPDATE ip_right SET challenged_since = $2::date WHERE id = $1",
    "restrained": "UPDATE ip_right SET restrained_since = $2::date WHERE id = $1",
}
_CONFLICTS = """
    SELECT standing, verdict FROM conflicts_of($1, $2, $3::text::int4multirange,
        $4::text::int8multirange, $5::text::int8multirange, $6, tstzrange($7, $8), $9, $10,
        $11, $12, NULL)
"""


@dataclass
class Register:
    """A connection, an owner of rights, and somebody who holds what burdens them."""

    connection: Any
    owner: UUID
    holder: UUID
    user: UUID

    @classmethod
    async def open(cls, connection: Any) -> "Register":
        found = [uuid4() for _ in range(3)]
        for organisation_id in found[:2]:
            await connection.execute(
                "INSERT INTO organisation (id, created_at, name, kind, country, version)"
                " VALUES ($1, now(), 'Somebody', 'company', 'KR', 1)",
                organisation_id,
            )
        await connection.execute(
            "INSERT INTO user_account (id, created_at, email, password_hash, display_name)"
            " VALUES ($1, now(), $2, '-', 'Somebody')",
            found[2],
            f"{found[2].hex}@example.com",
        )
        return cls(connection, *found)

    def on(self, connection: Any) -> "Register":
        return replace(self, connection=connection)

    async def right(
        self, office: str | None = "KR", kind: str = "patent", status: str = "in_force"
    ) -> UUID:
        """A right of the owner's."""
        right_id = uuid4()
        await self.connection.execute(
            "INSERT INTO ip_right (id, created_at, kind, title, language, office, classifications,"
            " legal_status, registered_by) VALUES ($1, $2, $3, 'A right', 'en', $4, '{}', $5, $6)",
            right_id,
            START,
            kind,
            office,
            status,
            self.owner,
        )
        await self.connection.execute(
            "INSERT INTO ownership (id, created_at, right_id, organisation_id, numerator,"
            " denominator, owned_from, basis) VALUES ($1, $2, $3, $4, 1, 1, $2, 'registration')",
            uuid4(),
            START,
            right_id,
            self.owner,
        )
        return right_id

    async def set_status(self, right_id: UUID, status: str) -> None:
        await self.connection.execute(
            "UPDATE ip_right SET legal_status = $2 WHERE id = $1", right_id, status
        )

    async def conflicts(
        self, right_id: UUID, act: Act, scope: Scope = EVERYTHING, subject: str | None = None
    ) -> list[tuple[str, str]]:
        """What the database's own check finds."""
        asked = asked_of(scope)
        values = (right_id, str(act), *asked.values(), subject, self.owner, None, None)
        rows = await self.connection.fetch(_CONFLICTS, *values)
        return [(row["standing"], row["verdict"]) for row in rows]

    async def do(self, act: Act, right_id: UUID, scope: Scope = EVERYTHING) -> Any:
        """Write what an act writes; the database refuses it or not."""
        if isinstance(act, EncumbranceKind):
            return await self.grant(act, right_id, scope)
        return await _DEEDS[act](self, right_id)

    async def grant(
        self,
        kind: EncumbranceKind,
        right_id: UUID,
        scope: Scope = EVERYTHING,
        *,
        state: str = "active",
        subject: str | None = None,
        challenge_accepted: bool = False,
    ) -> UUID:
        encumbrance_id = uuid4()
        asked = asked_of(scope)
        secured = (500, "KRW") if kind is EncumbranceKind.PLEDGE else (None, None)
        needs_number = kind in CONSTITUTIVE and state == "active"
        await self.connection.execute(
            _ENCUMBRANCE,
            encumbrance_id,
            scope.starts_at,
            right_id,
            str(kind),
            subject,
            None if kind in WITHOUT_HOLDER else self.holder,
            self.owner,
            list(scope.claims),
            list(scope.territories),
            list(scope.fields),
            int(scope.uses),
            scope.ends_at,
            asked["claims"],
            asked["territories"],
            asked["fields"],
            *secured,
            f"R-{encumbrance_id}" if needs_number else None,
            state,
            challenge_accepted,
        )
        return encumbrance_id

    async def stand(self, standing: str, right_id: UUID, scope: Scope = EVERYTHING) -> None:
        """Bring about what can stand against an act."""
        if standing in list(EncumbranceKind):
            await self.grant(EncumbranceKind(standing), right_id, scope)
        elif standing == "sale":
            await reserve(self, right_id)
        elif standing in _CLOUDED:
            await self.connection.execute(_CLOUDED[standing], right_id, START.date())
        else:
            await self.set_status(right_id, standing)

    async def listing(self, right_id: UUID, state: str) -> UUID:
        listing_id = uuid4()
        await self.connection.execute(
            "INSERT INTO listing (id, created_at, version, right_id, organisation_id, title,"
            " teaser, language, currency, region, state, published_at, deal_type, bundled)"
            " VALUES ($1, $2, 1, $3, $4, 'A right', 'It is.', 'en', 'KRW', 'KR', $5, $2, 'sale',"
            " false)",
            listing_id,
            START,
            right_id,
            self.owner,
            state,
        )
        return listing_id

    async def deal(self, right_id: UUID) -> UUID:
        """A deal that one side has signed."""
        listing_id, negotiation_id, deal_id = await self.listing(right_id, "sold"), uuid4(), uuid4()
        await self.connection.execute(
            "INSERT INTO negotiation (id, created_at, version, listing_id, buyer_organisation_id,"
            " seller_organisation_id, rounds, state) VALUES ($1, $2, 1, $3, $4, $5, 1, 'accepted')",
            negotiation_id,
            START,
            listing_id,
            self.holder,
            self.owner,
        )
        await self.connection.execute(
            _DEAL,
            deal_id,
            START,
            negotiation_id,
            listing_id,
            right_id,
            self.holder,
            self.owner,
            FEE_POLICY,
        )
        return deal_id

    async def consent(self, encumbrance_id: UUID, act: Act, subject: str, **changed: Any) -> UUID:
        consent_id = uuid4()
        amounts = (1_000, 500, "KRW") if act is Deed.SELL else (None, None, None)
        row = {
            "price_minor": amounts[0],
            "claim_minor": amounts[1],
            "currency": amounts[2],
            "expires_at": datetime(2099, 1, 1, tzinfo=UTC),
            "used_at": None,
            "revoked_at": None,
        } | changed
        await self.connection.execute(
            "INSERT INTO encumbrance_consent (id, created_at, encumbrance_id, act, subject,"
            " paid_minor, given_by, price_minor, claim_minor, currency, expires_at, used_at,"
            " revoked_at) VALUES ($1, $2, $3, $4, $5, 0, $6, $7, $8, $9, $10, $11, $12)",
            consent_id,
            START,
            encumbrance_id,
            str(act),
            subject,
            self.user,
            *row.values(),
        )
        return consent_id


async def reserve(register: Register, right_id: UUID) -> None:
    await register.connection.execute(
        "INSERT INTO right_reservation (id, created_at, right_id, subject, reserved_from)"
        " VALUES ($1, $2, $3, $4, $2)",
        uuid4(),
        START,
        right_id,
        f"deal:{uuid4()}",
    )


async def _list(register: Register, right_id: UUID) -> None:
    await register.listing(right_id, "published")


async def _sell(register: Register, right_id: UUID) -> None:
    deal_id = await register.deal(right_id)
    await sign(register, deal_id)


async def sign(register: Register, deal_id: UUID) -> None:
    await register.connection.execute("UPDATE deal SET state = 'signed' WHERE id = $1", deal_id)


async def transfer(register: Register, right_id: UUID, basis: str = "deal:nobody") -> None:
    moment = datetime(2026, 2, 1, tzinfo=UTC)
    await register.connection.execute(
        "INSERT INTO conveyance (id, created_at, right_id, kind, from_organisation_id,"
        " to_organisation_id, numerator, denominator, passed_at, basis, source)"
        " VALUES ($1, $2, $3, 'assignment', $4, $5, 1, 1, $2, $6, 'here')",
        uuid4(),
        moment,
        right_id,
        register.owner,
        register.holder,
        basis,
    )


async def _surrender(register: Register, right_id: UUID) -> None:
    await register.connection.execute(
        "INSERT INTO legal_event (id, created_at, right_id, kind, occurred_on, source, origin,"
        " event_key, recorded_by)"
        " VALUES ($1, $2, $3, 'surrendered', '2026-01-01', 'gazette', 'operator', '1', $4)",
        uuid4(),
        START,
        right_id,
        register.owner,
    )


_DEEDS: dict[Act, Callable[[Register, UUID], Awaitable[None]]] = {
    Deed.LIST: _list,
    Deed.SELL: _sell,
    Deed.TRANSFER: transfer,
    Deed.SURRENDER: _surrender,
}

REFUSALS = {
    "refused": "conflict_refused",
    "consent": "conflict_consent",
    "holder": "conflict_holder",
    "restrained": "conflict_restrained",
}
"""The constraint that the database names, by the verdict of the table."""


def refusal(error: BaseException) -> str:
    """The constraint that an error of the driver names."""
    assert isinstance(error, asyncpg.PostgresError)
    return str(error.constraint_name)


def may_be_partial(kind: str) -> bool:
    return kind in set(EncumbranceKind) - WHOLE
