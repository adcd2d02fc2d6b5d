"""Documents by hash, and signatures that hold for one hash only."""

import hashlib
from collections.abc import Sequence

from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.actors import Actor
from marketplace.documents.errors import TextChangedError
from marketplace.documents.models import Document, Signature
from marketplace.kernel.db import now
from marketplace.kernel.errors import NotFoundError


def sha256_of(content: str) -> str:
    """SHA-256 of the UTF-8 bytes, in hexadecimal."""
    return hashlib.sha256(content.encode()).hexdigest()


def keep(session: AsyncSession, *, subject: str, content: str) -> Document:
    """Store a text; the newest document of a subject is the one in force."""
    document = Document(
        created_at=now(session),
        subject=subject,
        sha256=sha256_of(content),
        media_type="text/plain; charset=utf-8",
        content=content,
    )
    session.add(document)
    return document


async def texts_before(session: AsyncSession, document: Document) -> Sequence[str]:
    """The hashes of the texts that a document of the same subject took the place of."""
    query = select(Document.sha256).where(
        col(Document.subject) == document.subject, col(Document.sha256) != document.sha256
    )
    return (await session.execute(query.limit(1_000))).scalars().all()


async def newest(session: AsyncSession, subject: str) -> Document:
    query = (
        select(Document)
        .where(col(Document.subject) == subject)
        .order_by(col(Document.id).desc())
        .limit(1)
    )
    document = (await session.execute(query)).scalar_one_or_none()
    if document is None:
        raise NotFoundError("no document")
    return document


async def sign(session: AsyncSession, *, subject: str, sha256: str, actor: Actor) -> None:
    """Sign the newest text of a subject, which the signer names by its hash.

    Raises:
        TextChangedError: the newest text is another one.
        AlreadySignedError: by the database.
    """
    document = await newest(session, subject)
    if document.sha256 != sha256:
        raise TextChangedError(f"the present text has SHA-256 {document.sha256}")
    session.add(
        Signature(
            created_at=now(session),
            subject=subject,
            sha256=sha256,
            organisation_id=actor.organisation_id,
            user_id=actor.person_id,
        )
    )
    await session.flush()


async def signatures_of(session: AsyncSession, document: Document) -> Sequence[Signature]:
    """Who signed exactly this text."""
    query = (
        select(Signature)
        .where(col(Signature.subject) == document.subject)
        .where(col(Signature.sha256) == document.sha256)
        .order_by(col(Signature.id))
    )
    return (await session.execute(query)).scalars().all()
