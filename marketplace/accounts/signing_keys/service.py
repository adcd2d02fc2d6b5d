"""The keys that we sign with: for each purpose one that signs, and former ones that verify.

Former keys of tokens are forgotten when what they signed has expired; those of certificates never.
"""

from datetime import timedelta
from typing import Any, Final
from uuid import UUID

import orjson
from joserfc.jwk import ECKey, KeyParameters
from sqlalchemy import delete, or_, text
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import col, select

from marketplace.accounts.revocations import revoke
from marketplace.accounts.signing_keys.models import KeyPurpose, SigningKey
from marketplace.kernel.crypto import Keyring, Sealed
from marketplace.kernel.db import now
from marketplace.kernel.events import publish
from marketplace.kernel.ids import new_id

ALGORITHM: Final = "ES256"
TOKEN_LIFETIME: Final = timedelta(minutes=10)
"""No token that these keys sign lives longer."""
KEPT: Final = TOKEN_LIFETIME + timedelta(minutes=5)
"""So long a former key verifies: what it signed at the last moment has expired by then."""

_RETIRE: Final = text(
    "UPDATE signing_key SET signs = false, retired_at = :now"
    " WHERE signs AND purpose = :purpose RETURNING id"
)


async def signing_key(
    session: AsyncSession, keyring: Keyring, purpose: KeyPurpose = KeyPurpose.TOKENS
) -> ECKey:
    """The key that signs now; the first one is made when it is asked for.

    Any number of processes may ask for the first at once: the database keeps one.
    """
    query = select(SigningKey).where(col(SigningKey.signs), col(SigningKey.purpose) == purpose)
    found = (await session.execute(query)).scalar_one_or_none()
    if found is None:
        await _make(session, keyring, purpose)
        found = (await session.execute(query)).scalar_one()
    sealed = Sealed(found.key_id, found.wrapped_key, found.ciphertext)
    return ECKey.import_key(orjson.loads(keyring.open(sealed, context=_context(found.id))))


async def public_keys(
    session: AsyncSession, keyring: Keyring, purpose: KeyPurpose = KeyPurpose.TOKENS
) -> dict[str, Any]:
    """Every key that a living token, or any certificate, may be signed with (RFC 7517)."""
    await signing_key(session, keyring, purpose)
    living = or_(col(SigningKey.signs), col(SigningKey.retired_at) > now(session) - KEPT)
    query = select(SigningKey.public_jwk).where(col(SigningKey.purpose) == purpose)
    if purpose is KeyPurpose.TOKENS:
        query = query.where(living)
    query = query.order_by(col(SigningKey.id).desc())
    return {"keys": list((await session.execute(query)).scalars())}


async def public_key(session: AsyncSession, key_id: UUID) -> ECKey | None:
    """A key that tokens are verified with."""
    query = select(SigningKey.public_jwk).where(
        col(SigningKey.id) == key_id, col(SigningKey.purpose) == KeyPurpose.TOKENS
    )
    found = (await session.execute(query)).scalar_one_or_none()
    return ECKey.import_key(found) if found else None


async def rotate(
    session: AsyncSession,
    keyring: Keyring,
    purpose: KeyPurpose = KeyPurpose.TOKENS,
    *,
    compromised: bool,
) -> UUID:
    """Sign with a new key; returns the id of the one that signs now.

    Former keys verify until the last token that they signed has expired, and certificates for ever.
    If one may have leaked (`compromised`), all of them end at once instead, and with them every
    token, or every certificate so far.
    """
    values = {"now": now(session), "purpose": purpose}
    retired = (await session.execute(_RETIRE, values)).scalars().all()
    await _make(session, keyring, purpose)
    signing = select(SigningKey.id).where(col(SigningKey.signs), col(SigningKey.purpose) == purpose)
    signs = (await session.execute(signing)).scalar_one()
    if compromised:
        former = ~col(SigningKey.signs) & (col(SigningKey.purpose) == purpose)
        gone = delete(SigningKey).where(former).returning(col(SigningKey.id))
        ended = (await session.execute(gone)).scalars().all()
        await revoke(session, *(subject(key_id) for key_id in ended))
    data = {"purpose": purpose, "retired": retired, "compromised": compromised}
    name = "signing_key.rotate"
    publish(session, name, subject=subject(signs), actor="command_line", data=data)
    return signs


async def forget_retired(session: AsyncSession) -> None:
    """Delete keys that no living token was signed with."""
    outdated = col(SigningKey.retired_at) < now(session) - KEPT
    of_tokens = col(SigningKey.purpose) == KeyPurpose.TOKENS
    await session.execute(delete(SigningKey).where(outdated, of_tokens))


def subject(key_id: object) -> str:
    """What tokens that the key signed depend on."""
    return f"signing key:{key_id}"


async def _make(session: AsyncSession, keyring: Keyring, purpose: KeyPurpose) -> None:
    """Write a key that signs, unless another process wrote one at the same moment."""
    key_id = new_id()
    named: KeyParameters = {"kid": str(key_id), "use": "sig", "alg": ALGORITHM}
    key = ECKey.generate_key("P-256", parameters=named, private=True)
    sealed = keyring.seal(orjson.dumps(key.as_dict(private=True)), context=_context(key_id))
    row = insert(SigningKey).values(
        id=key_id,
        created_at=now(session),
        purpose=purpose,
        public_jwk=key.as_dict(private=False),
        signs=True,
        key_id=sealed.key_id,
        wrapped_key=sealed.wrapped_key,
        ciphertext=sealed.ciphertext,
    )
    await session.execute(row.on_conflict_do_nothing())


def _context(key_id: object) -> str:
    return f"signing_key:{key_id}"
