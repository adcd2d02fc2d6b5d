"""Confidential bodies: put, disclosed, read. Each reading is logged before a byte leaves."""

import hashlib
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.assets.errors import KindMismatchError
from marketplace.assets.models import Right, RightKind
from marketplace.assets.service import is_reserved
from marketplace.assets.title.queries import owns
from marketplace.documents.errors import BodyFrozenError, NotDisclosedError
from marketplace.documents.models import ConfidentialBody, DisclosureGrant, DisclosureView
from marketplace.kernel.crypto import Keyring, Sealed
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.events import publish
from marketplace.kernel.pagination import page_by_id


def _context(right_id: UUID, version: int) -> str:
    """Binds the ciphertext to its row, so that rows cannot be swapped in the database."""
    return f"confidential_body:{right_id}:{version}"


async def put_body(
    session: AsyncSession, keyring: Keyring, right_id: UUID, content: str, *, actor: Actor
) -> ConfidentialBody:
    """Store a new version of an idea's confidential text, encrypted.

    Raises:
        NotFoundError: the right is not the actor's.
        KindMismatchError: only ideas are confidential; a patent is published.
        BodyFrozenError: a deal over the idea is under way.
    """
    if not await owns(session, right_id, actor.organisation_id):
        raise NotFoundError("no such right")
    right = await lock(session, Right, right_id)
    if right.kind is not RightKind.IDEA:
        raise KindMismatchError("only an idea has a confidential text")
    if await is_reserved(session, right_id):
        raise BodyFrozenError
    latest = await latest_body(session, right_id)
    version = latest.version + 1 if latest else 1
    sealed = keyring.seal(content.encode(), context=_context(right_id, version))
    body = ConfidentialBody(
        created_at=now(session),
        right_id=right_id,
        version=version,
        key_id=sealed.key_id,
        wrapped_key=sealed.wrapped_key,
        ciphertext=sealed.ciphertext,
    )
    session.add(body)
    subject, data = f"right:{right_id}", {"version": version}
    publish(session, "right.put_confidential_body", subject=subject, actor=actor.label, data=data)
    await session.flush()
    return body


async def latest_body(session: AsyncSession, right_id: UUID) -> ConfidentialBody | None:
    """The newest version of a confidential text, still sealed; None when none was put."""
    query = (
        select(ConfidentialBody)
        .where(col(ConfidentialBody.right_id) == right_id)
        .order_by(col(ConfidentialBody.version).desc())
        .limit(1)
    )
    return (await session.execute(query)).scalar_one_or_none()


async def body_sha256(session: AsyncSession, keyring: Keyring, right_id: UUID) -> str | None:
    """The SHA-256 of the newest confidential text as UTF-8, in hex; None when there is none.

    Nobody reads the text here, so no reading is logged.
    """
    body = await latest_body(session, right_id)
    return hashlib.sha256(_open(keyring, body)).hexdigest() if body else None


def _open(keyring: Keyring, body: ConfidentialBody) -> bytes:
    sealed = Sealed(body.key_id, body.wrapped_key, body.ciphertext)
    return keyring.open(sealed, context=_context(body.right_id, body.version))


async def disclose(
    session: AsyncSession, right_id: UUID, *, to: UUID, purpose: str, actor: Actor
) -> None:
    """Let an organisation read the confidential text, for the purpose named."""
    session.add(
        DisclosureGrant(
            created_at=now(session),
            right_id=right_id,
            organisation_id=to,
            purpose=purpose,
            granted_by=actor.organisation_id,
        )
    )
    subject, data = f"right:{right_id}", {"to": to, "purpose": purpose}
    publish(session, "right.disclose", subject=subject, actor=actor.label, data=data)
    await session.flush()


async def has_disclosure(session: AsyncSession, right_id: UUID, *, purpose: str) -> bool:
    """Whether the text was disclosed for a purpose (`deal:<id>`), even if revoked since."""
    query = select(DisclosureGrant.id).where(
        col(DisclosureGrant.right_id) == right_id, col(DisclosureGrant.purpose) == purpose
    )
    return (await session.execute(query)).first() is not None


_REVOKE: Final = text(
    "UPDATE disclosure_grant SET revoked_at = :now WHERE purpose = :purpose AND revoked_at IS NULL"
)


async def revoke_disclosures(session: AsyncSession, *, purpose: str) -> None:
    """End the leave that was given for a purpose, as when its deal is refunded."""
    await session.execute(_REVOKE, {"purpose": purpose, "now": now(session)})


async def read_body(
    session: AsyncSession, keyring: Keyring, right_id: UUID, *, actor: Actor
) -> tuple[ConfidentialBody, str]:
    """Decrypt the newest text for its owner or a grantee, and log the reading.

    Raises:
        NotDisclosedError: not theirs and not disclosed to them, or there is none.
    """
    body = await latest_body(session, right_id)
    if body is None or not await _may_read(session, right_id, actor):
        raise NotDisclosedError
    session.add(
        DisclosureView(
            created_at=now(session),
            right_id=right_id,
            version=body.version,
            organisation_id=actor.organisation_id,
            user_id=actor.person_id,
        )
    )
    return body, _open(keyring, body).decode()


async def _may_read(session: AsyncSession, right_id: UUID, actor: Actor) -> bool:
    if await owns(session, right_id, actor.organisation_id):
        return True
    query = select(DisclosureGrant.id).where(
        col(DisclosureGrant.right_id) == right_id,
        col(DisclosureGrant.organisation_id) == actor.organisation_id,
        col(DisclosureGrant.revoked_at).is_(None),
    )
    return (await session.execute(query)).first() is not None


async def views_of(
    session: AsyncSession, right_id: UUID, *, actor: Actor, cursor: str | None, limit: int
) -> tuple[Sequence[DisclosureView], str | None]:
    """Who read the owner's text, newest first."""
    if not await owns(session, right_id, actor.organisation_id):
        raise NotFoundError("no such right")
    query = select(DisclosureView).where(col(DisclosureView.right_id) == right_id)
    return await page_by_id(session, query, DisclosureView, cursor=cursor, limit=limit)
