"""Stamping again before the certificates of a stamp end, as RFC 4998 has it (section 5.2).

A later stamp covers the whole answer before it. So a proof holds as long as its newest stamp does,
whoever made the first one, and whatever becomes of the key that signed it.
"""

from collections.abc import Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from cryptography.x509 import load_pem_x509_certificates
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.documents.proofs.files import Stamped
from marketplace.documents.proofs.models import ProofBatch, ProofRenewal
from marketplace.documents.proofs.timestamps import (
    Authority,
    Timestamp,
    TimestampError,
    check,
    ends_at,
    pem_of,
)
from marketplace.kernel.db import Sessions, lock, now
from marketplace.kernel.logs import get_logger

logger = get_logger(__name__)

RENEWED_BEFORE: Final = timedelta(days=90)
BATCH: Final = 100


async def renew_stamps(sessions: Sessions, authority: Authority) -> int:
    """Stamp again what ends within `RENEWED_BEFORE`; gives how many batches were.

    An authority whose own certificate ends no later is asked once, and again the next time.
    """
    await _note_authority(sessions, authority)
    renewed = 0
    for batch_id, answer in await _ending(sessions):
        try:
            stamp = await authority.stamp(answer)
        except TimestampError as error:
            logger.warning("no new time stamp", batch=str(batch_id), reason=str(error))
            break
        async with sessions.begin() as session:
            if not await _keep(session, batch_id, answer, stamp, authority):
                break
        renewed += 1
    return renewed


async def _ending(sessions: Sessions) -> list[tuple[UUID, bytes]]:
    """Stamps that end soon, and still hold: one that has ended is beyond renewal."""
    async with sessions.begin() as session:
        moment = now(session)
        query = (
            select(ProofBatch)
            .where(col(ProofBatch.ends_at).between(moment, moment + RENEWED_BEFORE))
            .order_by(col(ProofBatch.ends_at))
            .limit(BATCH)
        )
        batches = (await session.execute(query)).scalars().all()
        newest = {
            one.batch_id: one.answer
            for one in await renewals_of(session, [batch.id for batch in batches])
        }
    return [(one.id, newest.get(one.id) or one.answer or b"") for one in batches]


async def renewals_of(session: AsyncSession, batch_ids: Sequence[UUID]) -> Sequence[ProofRenewal]:
    """The later stamps of some batches, in their order."""
    query = select(ProofRenewal).where(col(ProofRenewal.batch_id).in_(batch_ids))
    return (await session.execute(query.order_by(col(ProofRenewal.number)))).scalars().all()


async def _keep(
    session: AsyncSession, batch_id: UUID, before: bytes, stamp: Timestamp, authority: Authority
) -> bool:
    batch = await lock(session, ProofBatch, batch_id)
    earlier = await renewals_of(session, [batch_id])
    end = ends_at(stamp.answer)
    if batch.ends_at is None or end <= batch.ends_at or stamp.at > batch.ends_at:
        return False
    if before != (earlier[-1].answer if earlier else batch.answer):
        return True  # another process was faster
    session.add(
        ProofRenewal(
            created_at=now(session),
            batch_id=batch_id,
            number=len(earlier) + 1,
            answer=stamp.answer,
            authority=pem_of(authority.certificates),
            timestamped_at=stamp.at,
        )
    )
    batch.ends_at = end
    return True


async def _note_authority(sessions: Sessions, authority: Authority) -> None:
    """Note whose stamps those are that were taken before that was noted with each."""
    async with sessions.begin() as session:
        query = select(ProofBatch).where(
            col(ProofBatch.answer).is_not(None), col(ProofBatch.authority).is_(None)
        )
        batches = (await session.execute(query.order_by(col(ProofBatch.id)).limit(BATCH))).scalars()
        for batch in batches:
            assert batch.answer is not None
            try:
                check(batch.answer, batch.root, authority.certificates)
            except TimestampError:
                continue  # of another authority: its certificates belong into the file too
            note_authority(batch, batch.answer, authority)


def note_authority(batch: ProofBatch, answer: bytes, authority: Authority) -> None:
    """Keep with a batch whose certificates its answer leads to, and until when."""
    batch.authority, batch.ends_at = pem_of(authority.certificates), ends_at(answer)


async def stamps_of(session: AsyncSession, batch: ProofBatch) -> list[Stamped]:
    """Every stamp of a batch after its first one."""
    return [
        Stamped(
            one.answer,
            one.timestamped_at,
            tuple(load_pem_x509_certificates(one.authority.encode())),
        )
        for one in await renewals_of(session, [batch.id])
    ]
