"""Withdrawing a confidential body for good: its keys are destroyed, in every backup at once.

The request writes the intent, and from its commit on nobody reads. What cannot be undone comes
after: a sweep destroys keys and bytes, and notes that it did.
"""

import asyncio
from typing import Final
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession

from marketplace.accounts.actors import Actor
from marketplace.assets.errors import NotOwnerError
from marketplace.assets.models import Right, RightKind
from marketplace.assets.service import is_reserved
from marketplace.assets.title.queries import current_owner, owns
from marketplace.documents.errors import BodyFrozenError
from marketplace.documents.files.models import UNFINISHED
from marketplace.documents.files.schemas import Withdrawn
from marketplace.documents.models import DOOMED
from marketplace.kernel.crypto import Keyring
from marketplace.kernel.db import Sessions, lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.events import publish
from marketplace.kernel.sealed_files import SealedFiles

BATCH: Final = 100

_SHRED: Final = {
    table: text(
        f"UPDATE {table} SET shredded_at = :now WHERE right_id = :right_id AND shredded_at IS NULL"  # noqa: S608 - the two names below
        " RETURNING id"
    )
    for table in ("confidential_body", "confidential_file")
}
_EXPIRE: Final = text(
    f"UPDATE confidential_file SET shredded_at = :now WHERE {UNFINISHED} AND expires_at <= :now"  # noqa: S608 - our own constant
)
_DOOMED: Final = text(
    f"""
    (SELECT id, NULL::uuid AS attempt_id FROM confidential_body WHERE {DOOMED} LIMIT :limit)
    UNION ALL
    (SELECT id, attempt_id FROM confidential_file WHERE {DOOMED} LIMIT :limit)
    """  # noqa: S608 - our own constant
)
_DESTROYED_BODIES: Final = text(
    "UPDATE confidential_body SET destroyed_at = :now, ciphertext = '', key_id = NULL,"
    " wrapped_key = NULL WHERE id = ANY (CAST(:ids AS uuid[]))"
)
_DESTROYED_FILES: Final = text(
    "UPDATE confidential_file SET destroyed_at = :now, name_ciphertext = '', attempt_id = NULL,"
    " sha256_ciphertext = NULL, stored_at = NULL WHERE id = ANY (CAST(:ids AS uuid[]))"
)
_DESTROYED: Final = text(
    """
    SELECT id FROM (SELECT id FROM confidential_body WHERE destroyed_at IS NOT NULL
        UNION ALL SELECT id FROM confidential_file WHERE destroyed_at IS NOT NULL) AS gone
    WHERE id > :after ORDER BY id LIMIT :limit
    """
)


async def withdraw_body(session: AsyncSession, right_id: UUID, *, actor: Actor) -> Withdrawn:
    """Take a whole confidential body back for good: every version of its text, and every file.

    Raises:
        NotFoundError: no idea of the actor's.
        NotOwnerError: others own a share of it.
        BodyFrozenError: a deal over it is under way, or it is bound otherwise.
    """
    if not await owns(session, right_id, actor.organisation_id):
        raise NotFoundError("no such right")
    right = await lock(session, Right, right_id)
    if right.kind is not RightKind.IDEA:
        raise NotFoundError("no such idea")
    if await current_owner(session, right_id) != actor.organisation_id:
        raise NotOwnerError("others own a share of it")
    if await is_reserved(session, right_id):
        raise BodyFrozenError
    values = {"right_id": right_id, "now": now(session)}
    texts, files = [len((await session.execute(shred, values)).all()) for shred in _SHRED.values()]
    subject, data = f"right:{right_id}", {"texts": texts, "files": files}
    publish(session, "right.shred_confidential", subject=subject, actor=actor.label, data=data)
    await session.flush()
    return Withdrawn(texts=texts, files=files)


async def destroy_withdrawn(sessions: Sessions, keyring: Keyring, files: SealedFiles) -> int:
    """Destroy the keys and bytes of what was withdrawn, or announced and never came whole."""
    async with sessions.begin() as session:
        await session.execute(_EXPIRE, {"now": now(session)})
        doomed = (await session.execute(_DOOMED, {"limit": BATCH})).all()
    await asyncio.to_thread(files.sweep_drafts)
    if not doomed:
        return 0
    for document_id, attempt_id in doomed:
        await asyncio.to_thread(keyring.vault.destroy, document_id)
        if attempt_id is not None:
            await asyncio.to_thread(files.delete, attempt_id)
    async with sessions.begin() as session:
        values = {"ids": [row.id for row in doomed], "now": now(session)}
        await session.execute(_DESTROYED_BODIES, values)
        await session.execute(_DESTROYED_FILES, values)
    return len(doomed)


async def destroy_again(sessions: Sessions, keyring: Keyring) -> None:
    """Destroy whatever is there of keys that were destroyed, as when a copy brought them back."""
    after = UUID(int=0)
    while True:
        async with sessions.begin() as session:
            values = {"after": after, "limit": BATCH}
            found = (await session.execute(_DESTROYED, values)).scalars().all()
        for document_id in found:
            await asyncio.to_thread(keyring.vault.destroy, document_id)
        if len(found) < BATCH:
            return
        after = found[-1]
