"""Confidential bodies: put, disclosed, read. Each reading is logged before a byte leaves."""

import asyncio
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import func, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.assets.errors import KindMismatchError
from marketplace.assets.models import Right, RightKind
from marketplace.assets.service import is_reserved
from marketplace.assets.title.queries import owns
from marketplace.documents.errors import BodyFrozenError, NotDisclosedError
from marketplace.documents.models import ConfidentialBody, DisclosureGrant, DisclosureView
from marketplace.documents.proofs.service import commit_to
from marketplace.documents.reading import leave_of, note_view
from marketplace.documents.watermarks import unseen
from marketplace.kernel.crypto import Keyring, decrypt, encrypt
from marketplace.kernel.db import lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.events import publish
from marketplace.kernel.ids import new_id
from marketplace.kernel.lifecycle import Identity
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
        BodyFrozenError: a deal over the idea is under way, or it is bound otherwise.
    """
    if not await owns(session, right_id, actor.organisation_id):
        raise NotFoundError("no such right")
    right = await lock(session, Right, right_id)
    if right.kind is not RightKind.IDEA:
        raise KindMismatchError("only an idea has a confidential text")
    if await is_reserved(session, right_id):
        raise BodyFrozenError
    version = await _versions(session, right_id) + 1
    body_id = new_id()
    key = await asyncio.to_thread(keyring.vault.create, body_id)
    body = ConfidentialBody(
        id=body_id,
        created_at=now(session),
        right_id=right_id,
        version=version,
        ciphertext=encrypt(key, content.encode(), context=_context(right_id, version)),
    )
    session.add(body)
    sha256 = hashlib.sha256(content.encode()).digest()
    commit_to(session, body, key, sha256, organisation_id=actor.organisation_id)
    subject, data = f"right:{right_id}", {"version": version}
    publish(session, "right.put_confidential_body", subject=subject, actor=actor.label, data=data)
    await session.flush()
    return body


async def _versions(session: AsyncSession, right_id: UUID) -> int:
    query = select(func.max(ConfidentialBody.version)).where(
        col(ConfidentialBody.right_id) == right_id
    )
    return (await session.execute(query)).scalar_one() or 0


async def latest_body(session: AsyncSession, right_id: UUID) -> ConfidentialBody | None:
    """The newest version of a confidential text, still sealed; None when there is none to read."""
    query = (
        select(ConfidentialBody)
        .where(
            col(ConfidentialBody.right_id) == right_id, col(ConfidentialBody.shredded_at).is_(None)
        )
        .order_by(col(ConfidentialBody.version).desc())
        .limit(1)
    )
    return (await session.execute(query)).scalar_one_or_none()


async def body_sha256(session: AsyncSession, keyring: Keyring, right_id: UUID) -> str | None:
    """The SHA-256 of the newest confidential text as UTF-8, in hex; None when there is none.

    Nobody reads the text here, so no reading is logged.
    """
    body = await latest_body(session, right_id)
    return hashlib.sha256(open_body(keyring, body)).hexdigest() if body else None


def open_body(keyring: Keyring, body: ConfidentialBody) -> bytes:
    """Decrypt a text for whoever has proved that they may have it."""
    return decrypt(key_of(keyring, body), body.ciphertext, context=body_context(body))


def key_of(keyring: Keyring, body: ConfidentialBody) -> bytes:
    """The key of a text.

    Raises:
        KeyDestroyedError: it was withdrawn.
    """
    if body.key_id is None or body.wrapped_key is None:
        return keyring.vault.read(body.id)
    return keyring.unwrap(body.key_id, body.wrapped_key, context=body_context(body))


def body_context(body: ConfidentialBody) -> str:
    return _context(body.right_id, body.version)


async def disclose(
    session: AsyncSession,
    right_id: UUID,
    *,
    to: UUID,
    purpose: str,
    actor: Identity,
    granted_by: UUID,
    person_id: UUID | None = None,
    expires_at: datetime | None = None,
    survives_transfer: bool = False,
) -> None:
    """Let an organisation, or one person of it, read the confidential body for a purpose.

    Leave that is paid for may survive that the idea passes to another owner.
    """
    session.add(
        DisclosureGrant(
            created_at=now(session),
            right_id=right_id,
            organisation_id=to,
            user_id=person_id,
            purpose=purpose,
            granted_by=granted_by,
            survives_transfer=survives_transfer,
            expires_at=expires_at,
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


@dataclass(frozen=True, slots=True)
class Reading:
    """A text that somebody was given."""

    body: ConfidentialBody
    content: str
    view: DisclosureView
    is_exact: bool
    """Whether they get it as it is: its owners, and whoever it is delivered to."""

    @property
    def shown(self) -> str:
        """What they are given: marked, unseen, unless it is exact."""
        return self.content if self.is_exact else unseen(self.content, self.view.id)


async def read_body(
    session: AsyncSession, keyring: Keyring, right_id: UUID, *, actor: Actor
) -> Reading:
    """Decrypt the newest text for its owner or a grantee, and log the reading.

    Raises:
        NotDisclosedError: not theirs and not disclosed to them, or there is none.
    """
    body = await latest_body(session, right_id)
    if body is None:
        raise NotDisclosedError
    leave = await leave_of(session, right_id, actor)
    content = open_body(keyring, body).decode()
    view = await note_view(session, right_id, version=body.version, actor=actor, leave=leave)
    return Reading(body, content, view, is_exact=leave.is_owners or leave.is_bought)


async def views_of(
    session: AsyncSession, right_id: UUID, *, actor: Actor, cursor: str | None, limit: int
) -> tuple[Sequence[DisclosureView], str | None]:
    """Who read the owner's text, newest first."""
    if not await owns(session, right_id, actor.organisation_id):
        raise NotFoundError("no such right")
    query = select(DisclosureView).where(col(DisclosureView.right_id) == right_id)
    return await page_by_id(session, query, DisclosureView, cursor=cursor, limit=limit)


async def view_of(
    session: AsyncSession, right_id: UUID, copy_id: str, *, actor: Actor
) -> DisclosureView:
    """The reading that a copy of the owner's text or file was given out by.

    Raises:
        NotFoundError: no such reading of a right of theirs.
    """
    view = await session.get(DisclosureView, UUID(hex=copy_id.removeprefix("MPW-")))
    if view is None or view.right_id != right_id:
        raise NotFoundError("no such copy")
    if not await owns(session, right_id, actor.organisation_id):
        raise NotFoundError("no such copy")
    return view
