"""Merkle trees of commitments, as RFC 6962 hashes them, and the path from one leaf to the root."""

import hashlib
from collections.abc import Sequence
from typing import Literal

Side = Literal["left", "right"]
Step = tuple[Side, bytes]
"""On which side of the running hash another one stands."""


def leaf_hash(content: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + content).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return hashlib.sha256(b"\x01" + left + right).digest()


def root_of(leaves: Sequence[bytes]) -> bytes:
    """The root over at least one leaf; an odd node is carried up as it is."""
    level = [leaf_hash(leaf) for leaf in leaves]
    while len(level) > 1:
        level = _above(level)
    return level[0]


def path_of(leaves: Sequence[bytes], position: int) -> list[Step]:
    """What has to be known beside a leaf to come to the root."""
    level, place, steps = [leaf_hash(leaf) for leaf in leaves], position, []
    while len(level) > 1:
        sibling = place ^ 1
        if sibling < len(level):
            side: Side = "left" if sibling < place else "right"
            steps.append((side, level[sibling]))
        level, place = _above(level), place // 2
    return steps


def climb(leaf: bytes, path: Sequence[Step]) -> bytes:
    """The root that a leaf and its path lead to."""
    found = leaf_hash(leaf)
    for side, other in path:
        found = node_hash(other, found) if side == "left" else node_hash(found, other)
    return found


def _above(level: Sequence[bytes]) -> list[bytes]:
    pairs = [node_hash(*level[i : i + 2]) for i in range(0, len(level) - 1, 2)]
    return pairs + list(level[len(pairs) * 2 :])
