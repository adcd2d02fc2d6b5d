"""Seals make the event log tamper-evident.

A seal covers the events committed since the previous one, in commit order: the Merkle root of
their hashes, chained to the previous seal. An edited, deleted, inserted or reordered event changes
a root; a removed seal breaks the chain; removal of the newest seals shows against a head that was
kept outside the database (every seal is logged, and `GET /v1/seals` publishes it).
"""

import hashlib
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar, Final

import orjson
from sqlalchemy import BigInteger, Column, text
from sqlalchemy.ext.asyncio import AsyncSession
from sqlmodel import Field, SQLModel, col, select

from marketplace.kernel.db import TransactionId, moment, now
from marketplace.kernel.events import Fact, read_after

GENESIS: Final = "0" * 64
SEAL_LOCK: Final = 0x5EA1
"""Advisory lock: one sealer at a time keeps the chain a chain."""


class EventSeal(SQLModel, table=True):
    """The chained Merkle root over one run of events."""

    __tablename__: ClassVar[str] = "event_seal"

    number: int = Field(primary_key=True)
    events: int
    last_transaction_id: int = Field(sa_column=Column(TransactionId, nullable=False))
    last_sequence: int = Field(sa_type=BigInteger)
    merkle_root: str
    previous_hash: str
    hash: str = Field(unique=True)
    sealed_at: datetime = moment()


class MerkleTree:
    """A running Merkle root in memory of O(log n): complete subtrees wait for their sibling.

    Leaves and inner nodes are hashed under different prefixes (RFC 6962), so a node can never be
    passed off as a leaf; an odd subtree is carried up unchanged.
    """

    def __init__(self) -> None:
        self._waiting: list[tuple[int, bytes]] = []

    def add(self, content: bytes) -> None:
        height, digest = 0, hashlib.sha256(b"\x00" + content).digest()
        while self._waiting and self._waiting[-1][0] == height:
            digest = _join(self._waiting.pop()[1], digest)
            height += 1
        self._waiting.append((height, digest))

    def root(self) -> str:
        """The root over all leaves so far; SHA-256 of nothing when there are none."""
        if not self._waiting:
            return hashlib.sha256(b"").hexdigest()
        *earlier, (_, digest) = self._waiting
        for _, left in reversed(earlier):
            digest = _join(left, digest)
        return digest.hex()


def merkle_root(contents: Iterable[bytes]) -> str:
    """The root over `contents` in their order, in hex; as RFC 6962 defines it, SHA-256."""
    tree = MerkleTree()
    for content in contents:
        tree.add(content)
    return tree.root()


def _join(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def canonical(fact: Fact) -> bytes:
    """The bytes of an event that a seal covers; its transaction id is covered by the order."""
    return orjson.dumps(
        [fact.sequence, fact.type, fact.subject, fact.actor, fact.data, fact.recorded_at],
        option=orjson.OPT_SORT_KEYS | orjson.OPT_UTC_Z,
    )


def seal_hash(number: int, events: int, root: str, previous: str, sealed_at: datetime) -> str:
    """The hash that chains a seal to the one before it (`previous`), SHA-256 in hex."""
    parts = (str(number), str(events), root, previous, sealed_at.isoformat())
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


async def seal_new_events(session: AsyncSession) -> EventSeal | None:
    """Seal what was committed since the last seal; None when there is nothing new."""
    await session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": SEAL_LOCK})
    previous = await last_seal(session)
    start = (previous.last_transaction_id, previous.last_sequence) if previous else (0, 0)
    tree, count, last = MerkleTree(), 0, start
    async for fact in _events_after(session, start):
        tree.add(canonical(fact))
        count, last = count + 1, fact.position
    if not count:
        return None
    seal = _chain(previous, count, last, tree.root(), now(session))
    session.add(seal)
    return seal


async def last_seal(session: AsyncSession) -> EventSeal | None:
    query = select(EventSeal).order_by(col(EventSeal.number).desc()).limit(1)
    return (await session.execute(query)).scalar_one_or_none()


def _chain(
    previous: EventSeal | None, count: int, last: tuple[int, int], root: str, at: datetime
) -> EventSeal:
    number = previous.number + 1 if previous else 1
    before = previous.hash if previous else GENESIS
    return EventSeal(
        number=number,
        events=count,
        last_transaction_id=last[0],
        last_sequence=last[1],
        merkle_root=root,
        previous_hash=before,
        hash=seal_hash(number, count, root, before, at),
        sealed_at=at,
    )


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a verification found. `problems` is empty when the log is whole."""

    seals: int
    sealed_events: int
    unsealed_events: int
    head: str
    problems: tuple[str, ...]


async def verify(session: AsyncSession, *, expected_head: str | None = None) -> Verdict:
    """Recompute every seal from the events themselves.

    Args:
        session: any reading session.
        expected_head: a seal hash kept elsewhere; a chain that no longer contains it was cut.
    """
    problems: list[str] = []
    head, number, sealed, hashes = GENESIS, 0, 0, {GENESIS}
    position = (0, 0)
    seals = (await session.execute(select(EventSeal).order_by(col(EventSeal.number)))).scalars()
    for seal in seals.all():
        end = (seal.last_transaction_id, seal.last_sequence)
        tree, count = MerkleTree(), 0
        async for fact in _events_after(session, position, until=end):
            tree.add(canonical(fact))
            count += 1
        problems += _compare(seal, number + 1, head, count, tree.root())
        head, number, position = seal.hash, seal.number, end
        sealed += count
        hashes.add(seal.hash)
    unsealed = 0
    async for _ in _events_after(session, position):
        unsealed += 1
    if expected_head and expected_head not in hashes:
        problems.append("the chain does not contain the expected head: newer seals were removed")
    return Verdict(number, sealed, unsealed, head, tuple(problems))


def _compare(seal: EventSeal, number: int, head: str, count: int, root: str) -> list[str]:
    own = seal_hash(seal.number, seal.events, seal.merkle_root, seal.previous_hash, seal.sealed_at)
    checks = (
        (seal.number == number, "is out of sequence: a seal before it is missing"),
        (seal.previous_hash == head, "does not follow the seal before it"),
        (seal.hash == own, "was edited"),
        (seal.events == count, f"covers {seal.events} events, and {count} are there"),
        (seal.merkle_root == root, "does not match its events: one was edited, moved or replaced"),
    )
    return [f"seal {seal.number} {problem}" for fine, problem in checks if not fine]


async def _events_after(
    session: AsyncSession, position: tuple[int, int], until: tuple[int, int] | None = None
) -> AsyncIterator[Fact]:
    """Events in commit order, a bounded batch at a time."""
    while facts := await read_after(session, position, 2_000):
        for fact in facts:
            if until and fact.position > until:
                return
            yield fact
        position = facts[-1].position
