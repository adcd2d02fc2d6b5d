"""Commitments to documents as they are submitted, gathered in batches, each stamped once.

No transaction is open while the authority is asked: a batch is written first, and its answer in a
second transaction. A batch that nobody answered is asked for again.
"""

import secrets
from collections.abc import Sequence
from typing import Final
from uuid import UUID

from cryptography.x509 import Certificate, load_pem_x509_certificates
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.assets.filings.queries import idea_of
from marketplace.assets.title.queries import owns
from marketplace.documents.files.models import ConfidentialFile
from marketplace.documents.models import ConfidentialBody
from marketplace.documents.proofs.errors import ProofPendingError
from marketplace.documents.proofs.files import Opening, Stamped, write_proof
from marketplace.documents.proofs.merkle import path_of, root_of
from marketplace.documents.proofs.models import DocumentKind, ExistenceProof, ProofBatch
from marketplace.documents.proofs.renewing import note_authority, stamps_of
from marketplace.documents.proofs.timestamps import Authority, Timestamp, TimestampError
from marketplace.kernel.crypto import Keyring, decrypt, encrypt
from marketplace.kernel.db import Sessions, lock, now
from marketplace.kernel.errors import NotFoundError
from marketplace.kernel.logs import get_logger
from marketplace.kernel.pagination import page_by_id

logger = get_logger(__name__)

SALT_BYTES: Final = 32
LEAVES_MAX: Final = 1_024
CUT_LOCK: Final = 0x9F00F
"""Advisory lock: one batch is cut at a time."""

_PLACE: Final = text(
    """
    UPDATE existence_proof p SET batch_id = :batch_id, position = w.position - 1
    FROM unnest(CAST(:ids AS uuid[])) WITH ORDINALITY AS w (id, position) WHERE p.id = w.id
    """
)


def commit_to(
    session: AsyncSession,
    document: ConfidentialBody | ConfidentialFile,
    key: bytes,
    sha256: bytes,
    *,
    organisation_id: UUID,
) -> None:
    """Write down a commitment to a version of a document, in the transaction that submits it."""
    is_text = isinstance(document, ConfidentialBody)
    opening = Opening(secrets.token_bytes(SALT_BYTES), sha256)
    proof = ExistenceProof(
        created_at=now(session),
        right_id=document.right_id,
        organisation_id=organisation_id,
        kind=DocumentKind.TEXT if is_text else DocumentKind.FILE,
        document_id=document.id,
        version=document.version,
        commitment=b"",
        opening_ciphertext=b"",
    )
    proof.commitment = opening.commitment(proof.label)
    proof.opening_ciphertext = encrypt(key, opening.salt + sha256, context=proof.context)
    session.add(proof)


async def stamp_new(sessions: Sessions, authority: Authority) -> int:
    """Cut a batch of what is new, and have what is not stamped yet stamped."""
    async with sessions.begin() as session:
        cut = await _cut(session)
    async with sessions.begin() as session:
        query = select(ProofBatch).where(col(ProofBatch.answer).is_(None))
        waiting = (await session.execute(query.order_by(col(ProofBatch.id)).limit(10))).scalars()
        roots = [(batch.id, batch.root) for batch in waiting]
    for batch_id, root in roots:
        try:
            stamp = await authority.stamp(root)
        except TimestampError as error:
            logger.warning("no time stamp", batch=str(batch_id), reason=str(error))
            return 0
        async with sessions.begin() as session:
            await _keep(session, batch_id, stamp, authority)
    return cut


async def _cut(session: AsyncSession) -> int:
    await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": CUT_LOCK})
    query = (
        select(ExistenceProof)
        .where(col(ExistenceProof.batch_id).is_(None))
        .order_by(col(ExistenceProof.id))
        .limit(LEAVES_MAX)
    )
    proofs = (await session.execute(query)).scalars().all()
    if not proofs:
        return 0
    root = root_of([proof.commitment for proof in proofs])
    batch = ProofBatch(created_at=now(session), root=root, leaves=len(proofs))
    session.add(batch)
    await session.flush()
    ids = [proof.id for proof in proofs]
    await session.execute(_PLACE, {"batch_id": batch.id, "ids": ids})
    return len(proofs)


async def _keep(
    session: AsyncSession, batch_id: UUID, stamp: Timestamp, authority: Authority
) -> None:
    batch = await lock(session, ProofBatch, batch_id)
    if batch.answer is not None:
        return
    batch.answer, batch.timestamped_at = stamp.answer, stamp.at
    batch.received_at, batch.accuracy_ms = now(session), stamp.accuracy_ms
    note_authority(batch, stamp.answer, authority)


async def proofs_of(
    session: AsyncSession, right_id: UUID, *, actor: Actor, cursor: str | None, limit: int
) -> tuple[Sequence[tuple[ExistenceProof, ProofBatch | None]], str | None]:
    """What was submitted of a right by its owners, newest first, and when it was stamped.

    Of an application it is what was submitted of the idea that it came from.
    """
    if not await owns(session, right_id, actor.organisation_id):
        raise NotFoundError("no such right")
    proved_id = await idea_of(session, right_id) or right_id
    query = select(ExistenceProof).where(col(ExistenceProof.right_id) == proved_id)
    found, following = await page_by_id(session, query, ExistenceProof, cursor=cursor, limit=limit)
    ids = [proof.batch_id for proof in found]
    rows = (await session.execute(select(ProofBatch).where(col(ProofBatch.id).in_(ids)))).scalars()
    batches = {batch.id: batch for batch in rows}
    return [
        (proof, batches[proof.batch_id] if proof.batch_id else None) for proof in found
    ], following


async def proof_file(
    session: AsyncSession,
    keyring: Keyring,
    right_id: UUID,
    proof_id: UUID,
    authority: Sequence[Certificate],
    *,
    actor: Actor,
) -> bytes:
    """The file that proves a version of a document, to whom its idea or application belongs.

    It names the authority that stamped it; `authority` is of what was stamped before that was kept.

    Raises:
        NotFoundError: no such proof of theirs, or the document was withdrawn.
        ProofPendingError: the authority has not stamped it yet.
    """
    proof = await session.get(ExistenceProof, proof_id)
    if proof is None or proof.right_id not in {right_id, await idea_of(session, right_id)}:
        raise NotFoundError("no such proof")
    if not await owns(session, right_id, actor.organisation_id):
        raise NotFoundError("no such proof")
    opening = await _open(session, keyring, proof)
    batch = await session.get(ProofBatch, proof.batch_id) if proof.batch_id else None
    if batch is None or batch.answer is None or batch.timestamped_at is None:
        raise ProofPendingError
    query = (
        select(ExistenceProof.commitment)
        .where(col(ExistenceProof.batch_id) == batch.id)
        .order_by(col(ExistenceProof.position))
    )
    leaves = (await session.execute(query)).scalars().all()
    assert proof.position is not None
    kept = load_pem_x509_certificates(batch.authority.encode()) if batch.authority else authority
    first = Stamped(batch.answer, batch.timestamped_at, tuple(kept))
    return write_proof(
        label=proof.label,
        opening=opening,
        path=path_of(leaves, proof.position),
        root=batch.root,
        stamps=[first, *await stamps_of(session, batch)],
    )


async def _open(session: AsyncSession, keyring: Keyring, proof: ExistenceProof) -> Opening:
    document: ConfidentialBody | ConfidentialFile
    if proof.kind is DocumentKind.TEXT:
        document = await session.get_one(ConfidentialBody, proof.document_id)
    else:
        document = await session.get_one(ConfidentialFile, proof.document_id)
    if document.shredded_at is not None:
        raise NotFoundError("the document was withdrawn, and what proved it with it")
    key = keyring.vault.read(proof.document_id)
    opening = decrypt(key, proof.opening_ciphertext, context=proof.context)
    return Opening(opening[:SALT_BYTES], opening[SALT_BYTES:])
