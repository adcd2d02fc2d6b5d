"""What binds a confidential body as it is, and keeps it sealed for a time."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.documents.models import ConfidentialHold
from marketplace.kernel.db import now

_RELEASE: Final = text(
    "UPDATE confidential_hold SET released_at = :now WHERE subject = :subject"
    " AND released_at IS NULL AND (CAST(:right_id AS uuid) IS NULL OR right_id = :right_id)"
)
_SEAL: Final = text(
    "UPDATE confidential_hold SET sealed_until = :until WHERE subject = :subject"
    " AND released_at IS NULL"
)
_REVOKE: Final = text(
    "UPDATE disclosure_grant SET revoked_at = :now WHERE starts_with(purpose, :subject)"
    " AND revoked_at IS NULL"
)
_REVOKE_OF: Final = text(
    "UPDATE disclosure_grant SET revoked_at = :now WHERE purpose = :purpose"
    " AND right_id = ANY (CAST(:right_ids AS uuid[])) AND revoked_at IS NULL"
)
_COMMITMENTS: Final = text(
    """
    SELECT p.commitment FROM existence_proof p
    WHERE p.right_id = :right_id AND (
        p.document_id = (SELECT b.id FROM confidential_body b
            WHERE b.right_id = :right_id AND b.shredded_at IS NULL ORDER BY version DESC LIMIT 1)
        OR p.document_id IN (SELECT f.id FROM confidential_file f
            WHERE f.right_id = :right_id AND f.shredded_at IS NULL AND f.stored_at IS NOT NULL
            AND NOT EXISTS (SELECT FROM confidential_file n
                WHERE n.replaces_id = f.id AND n.stored_at IS NOT NULL)))
    ORDER BY p.commitment
    """
)


async def hold(
    session: AsyncSession, right_id: UUID, *, subject: str, sealed_until: datetime | None
) -> None:
    """Bind a body as it is; until a moment, only its owners read it, whoever else has leave."""
    session.add(
        ConfidentialHold(
            created_at=now(session), right_id=right_id, subject=subject, sealed_until=sealed_until
        )
    )
    await session.flush()


async def seal_until(session: AsyncSession, *, subject: str, until: datetime) -> None:
    """Keep all bodies that something bound sealed until another moment."""
    await session.execute(_SEAL, {"subject": subject, "until": until})


async def release_holds(
    session: AsyncSession, *, subject: str, right_id: UUID | None = None
) -> None:
    """Let go of all bodies that something bound, or of one."""
    values = {"subject": subject, "right_id": right_id, "now": now(session)}
    await session.execute(_RELEASE, values)


async def end_access(session: AsyncSession, *, subject: str) -> None:
    """End every leave that was given for something, at once."""
    await session.execute(_REVOKE, {"subject": subject, "now": now(session)})


async def end_access_to(
    session: AsyncSession, right_ids: Collection[UUID], *, purpose: str
) -> None:
    """End the leave that was given for one purpose to read some ideas, at once."""
    values = {"right_ids": list(right_ids), "purpose": purpose, "now": now(session)}
    await session.execute(_REVOKE_OF, values)


async def commitments_of(session: AsyncSession, right_id: UUID) -> Sequence[bytes]:
    """The commitments to the newest text and files of an idea, in their own order."""
    return (await session.execute(_COMMITMENTS, {"right_id": right_id})).scalars().all()
