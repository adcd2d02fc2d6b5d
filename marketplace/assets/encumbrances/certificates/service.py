"""Certificates of encumbrances: a statement about knowledge, signed once and never changed."""

from datetime import datetime
from typing import Any, Final
from uuid import UUID

import orjson
from joserfc import jws
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.accounts.signing_keys.models import KeyPurpose
from marketplace.accounts.signing_keys.service import ALGORITHM, signing_key
from marketplace.assets.encumbrances.certificates.content import content_of
from marketplace.assets.encumbrances.certificates.models import EncumbranceCertificate
from marketplace.assets.encumbrances.errors import FutureMomentError
from marketplace.assets.encumbrances.lifecycle import LIVE
from marketplace.assets.encumbrances.models import Encumbrance
from marketplace.assets.encumbrances.queries import sees_all
from marketplace.assets.models import Right
from marketplace.kernel.crypto import Keyring
from marketplace.kernel.db import now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.events import publish

TYPE: Final = "encumbrance-certificate+jws"

# Whoever is writing is waited for, and whoever comes later is known later than this.
_KNOWN: Final = text(
    "UPDATE ip_right SET burdened_at = greatest(burdened_at, :known_at)"
    " WHERE id = :right_id RETURNING burdened_at"
)


async def issue(
    session: AsyncSession,
    keyring: Keyring,
    issuer: str,
    right_id: UUID,
    *,
    valid_at: datetime | None,
    known_at: datetime | None,
    actor: Actor,
) -> EncumbranceCertificate:
    """Certify what was true of a right at `valid_at`, as it was known at `known_at`; both now.

    Raises:
        NotFoundError: the right is not the actor's, and they hold nothing registered of it.
        FutureMomentError: nobody knows yet.
    """
    seen_by = None
    if not await sees_all(session, right_id, actor):
        await _require_registered_holder(session, right_id, actor)
        seen_by = actor.organisation_id
    moment = now(session)
    if max(valid_at or moment, known_at or moment) > moment:
        raise FutureMomentError
    right = await session.get_one(Right, right_id)
    asked = {"right_id": right_id, "known_at": known_at or moment}
    newest: datetime = (await session.execute(_KNOWN, asked)).scalar_one()
    known_at = known_at or newest
    certificate = EncumbranceCertificate(
        created_at=moment,
        right_id=right_id,
        organisation_id=actor.organisation_id,
        valid_at=valid_at or newest,
        known_at=known_at,
        jws="",
    )
    content = await content_of(
        session, right, valid_at=certificate.valid_at, known_at=known_at, seen_by=seen_by
    )
    certificate.jws = await _sign(session, keyring, _stated(certificate, issuer) | content)
    session.add(certificate)
    subject = f"right:{right_id}"
    data = {"certificate_id": certificate.id}
    publish(session, "right.certify", subject=subject, actor=actor.label, data=data)
    return certificate


async def _require_registered_holder(session: AsyncSession, right_id: UUID, actor: Actor) -> None:
    """Whoever holds what the register shows may have on paper what it shows."""
    query = select(Encumbrance.id).where(
        col(Encumbrance.right_id) == right_id,
        col(Encumbrance.holder_organisation_id) == actor.organisation_id,
        col(Encumbrance.registration_number).is_not(None),
        col(Encumbrance.state).in_(LIVE),
    )
    if (await session.execute(query.limit(1))).first() is None:
        raise NotFoundError("no such right")


def _stated(certificate: EncumbranceCertificate, issuer: str) -> dict[str, Any]:
    return {
        "iss": issuer,
        "jti": str(certificate.id),
        "iat": int(certificate.created_at.timestamp()),
        "valid_at": certificate.valid_at.isoformat(),
        "known_at": certificate.known_at.isoformat(),
    }


async def _sign(session: AsyncSession, keyring: Keyring, content: dict[str, Any]) -> str:
    key = await signing_key(session, keyring, KeyPurpose.CERTIFICATES)
    header = {"alg": ALGORITHM, "kid": key.kid, "typ": TYPE}
    return jws.serialize_compact(header, orjson.dumps(content), key, algorithms=[ALGORITHM])


async def get_certificate(
    session: AsyncSession, certificate_id: UUID, *, actor: Actor
) -> EncumbranceCertificate:
    """One that was issued to the actor's organisation, or any for an operator.

    Raises:
        NotFoundError: there is none.
    """
    query = select(EncumbranceCertificate).where(col(EncumbranceCertificate.id) == certificate_id)
    if not actor.is_operator:
        query = query.where(col(EncumbranceCertificate.organisation_id) == actor.organisation_id)
    found = (await session.execute(query)).scalar_one_or_none()
    if found is None:
        raise NotFoundError("no such certificate")
    return found
