"""The Merkle root against RFC 6962, section 2.1, written as the RFC defines it."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from marketplace.kernel.seals import merkle_root
from tests.factories.steady import steady

LEAVES = st.lists(st.binary(max_size=40), max_size=70)


def sha256(content: bytes) -> bytes:
    return hashlib.sha256(content).digest()


def reference_root(leaves: list[bytes]) -> bytes:
    """MTH: split at the largest power of two smaller than the number of leaves."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0])
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return sha256(b"\x01" + reference_root(leaves[:half]) + reference_root(leaves[half:]))


@steady
@given(LEAVES)
def test_the_running_root_is_that_of_the_rfc(leaves: list[bytes]) -> None:
    assert merkle_root(leaves) == reference_root(leaves).hex()


@pytest.mark.parametrize("count", [*range(34), 63, 64, 65, 1000, 1023, 1024, 1025])
def test_every_shape_of_tree(count: int) -> None:
    leaves = [str(number).encode() for number in range(count)]
    assert merkle_root(leaves) == reference_root(leaves).hex()


@steady
@given(LEAVES.filter(any), st.data())
def test_any_other_list_has_another_root(leaves: list[bytes], data: st.DataObject) -> None:
    other = data.draw(LEAVES.filter(lambda found: found != leaves))
    assert merkle_root(leaves) != merkle_root(other)
    assert merkle_root(leaves) != merkle_root([*leaves, leaves[-1]])
    assert merkle_root(leaves) != merkle_root(leaves[:-1])


def test_a_node_is_never_taken_for_a_leaf() -> None:
    left, right = sha256(b"\x00a"), sha256(b"\x00b")
    assert merkle_root([b"a", b"b"]) != merkle_root([left + right])
    assert merkle_root([b"a", b"b"]) != merkle_root([b"\x01" + left + right])


def test_published_roots_of_the_rfc_test_vectors() -> None:
    """Known answers of the Certificate Transparency reference tests."""
    leaves = [
        b"",
        b"\x00",
        b"\x10",
        b"\x20\x21",
        b"\x30\x31",
        b"\x40\x41\x42\x43",
        bytes(range(0x50, 0x58)),
        bytes(range(0x60, 0x70)),
    ]
    assert merkle_root([]) == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert merkle_root(leaves[:1]) == (
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    )
    assert merkle_root(leaves) == "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328"
