"""A proof as a file that needs nobody: canonical JSON, of which no bit can be another one.

The commitment is SHA-256 over the salt, the SHA-256 of the document, and a label in UTF-8. It is a
leaf of a Merkle tree as in RFC 6962, whose root an authority stamped as RFC 3161 says. The file
names the commands by which `openssl` alone shows the same.
"""

import base64
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil
from typing import Any, BinaryIO, Final

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.x509 import Certificate, load_pem_x509_certificate

from marketplace.documents.proofs.merkle import Step, climb
from marketplace.documents.proofs.timestamps import TimestampError, check, ends_at, pem_of
from marketplace.kernel.errors import UnprocessableError

FORMAT: Final = "marketplace existence proof 1"
RENEWED_FORMAT: Final = "marketplace existence proof 2"
"""Of a proof that was stamped more than once: it has `.renewals`."""
HOW: Final = """
sha256sum DOCUMENT  # is .sha256
{ jq -j .salt PROOF | xxd -r -p; jq -j .sha256 PROOF | xxd -r -p; jq -j .label PROOF; } | sha256sum
jq -j .root PROOF | xxd -r -p > root.bin  # to which .path leads from .commitment, as in RFC 6962
jq -j .answer PROOF | base64 -d > answer.tsr
jq -r .authority[] PROOF > authority.pem
openssl ts -verify -data root.bin -in answer.tsr -CAfile authority.pem
"""
"""The second line gives `.commitment`."""
HOW_RENEWED: Final = """
openssl ts -verify -attime {at} -data root.bin -in answer.tsr -CAfile authority.pem
"""
HOW_EACH: Final = """
jq -j .renewals[{place}].answer PROOF | base64 -d > answer{number}.tsr
jq -r .renewals[{place}].authority[] PROOF > authority{number}.pem
openssl ts -verify -attime {at} -data {before} -in answer{number}.tsr -CAfile authority{number}.pem
"""
_READ_BYTES: Final = 1_048_576
FIELDS: Final = {
    "format",
    "label",
    "sha256",
    "salt",
    "commitment",
    "path",
    "root",
    "answer",
    "authority",
    "timestamped_at",
    "how",
    "checksum",
}
_FORMATS: Final[dict[str, set[str]]] = {FORMAT: set(), RENEWED_FORMAT: {"renewals"}}


class ProofInvalidError(UnprocessableError):
    code = "proof_invalid"
    title = "This proof does not hold"


@dataclass(frozen=True, slots=True)
class Opening:
    """What opens a commitment."""

    salt: bytes
    sha256: bytes

    def commitment(self, label: str) -> bytes:
        return hashlib.sha256(self.salt + self.sha256 + label.encode()).digest()


@dataclass(frozen=True, slots=True)
class Stamped:
    """An answer of an authority, and the certificates that it leads to."""

    answer: bytes
    at: datetime
    authority: tuple[Certificate, ...]

    def written(self) -> dict[str, Any]:
        return {
            "answer": base64.b64encode(self.answer).decode(),
            "authority": [pem_of([one]) for one in self.authority],
            "timestamped_at": self.at.isoformat(),
        }


@dataclass(frozen=True, slots=True)
class Verified:
    """What a proof shows."""

    label: str
    sha256: str
    timestamped_at: datetime
    authority: tuple[str, ...]
    """SHA-256 fingerprints of the certificates that the token leads to."""


def write_proof(
    *,
    label: str,
    opening: Opening,
    path: Sequence[Step],
    root: bytes,
    stamps: Sequence[Stamped],
) -> bytes:
    """The bytes of a proof file; of its stamps each later one is over the answer before it."""
    first, *renewals = stamps
    content = {
        "format": RENEWED_FORMAT if renewals else FORMAT,
        "label": label,
        "sha256": opening.sha256.hex(),
        "salt": opening.salt.hex(),
        "commitment": opening.commitment(label).hex(),
        "path": [{"side": side, "hash": other.hex()} for side, other in path],
        "root": root.hex(),
        **first.written(),
        **({"renewals": [one.written() for one in renewals]} if renewals else {}),
        "how": _how(stamps),
    }
    return _canonical(content | {"checksum": _checksum(content)})


def _how(stamps: Sequence[Stamped]) -> list[str]:
    """The commands; with certificates that may have ended, as of when they were good."""
    lines = HOW.strip().splitlines()
    first, *renewals = stamps
    if not renewals:
        return lines
    lines[-1] = HOW_RENEWED.strip().format(at=ceil(first.at.timestamp()))
    for place, one in enumerate(renewals):
        before = f"answer{place}.tsr" if place else "answer.tsr"
        at, number = ceil(one.at.timestamp()), place + 1
        more = HOW_EACH.strip().format(place=place, number=number, at=at, before=before)
        lines.extend(more.splitlines())
    return lines


def _canonical(content: dict[str, Any]) -> bytes:
    return json.dumps(content, indent=1, ensure_ascii=True).encode() + b"\n"


def _checksum(content: dict[str, Any]) -> str:
    return hashlib.sha256(_canonical(content)).hexdigest()


def verify_proof(document: BinaryIO, proof: bytes, trusted: Sequence[Certificate] = ()) -> Verified:
    """Verify that a document is the one of a proof, and when an authority stamped it.

    Without `trusted` certificates the authority is the one that the proof itself names: whoever
    reads the answer has to compare its fingerprint.

    Raises:
        ProofInvalidError: any bit of either is another one.
    """
    try:
        return _verify(document, _parse(proof), trusted)
    except (ValueError, KeyError, TypeError, AttributeError, TimestampError) as error:
        raise ProofInvalidError(str(error)) from error


def _parse(proof: bytes) -> dict[str, Any]:
    content = json.loads(proof)
    if not isinstance(content, dict) or _canonical(content) != proof:
        raise ProofInvalidError("it is no proof file, or not as it was written")
    if set(content) != FIELDS | _FORMATS.get(content["format"], set()):
        raise ProofInvalidError("it is no proof file that this program knows")
    unsummed = {name: value for name, value in content.items() if name != "checksum"}
    if content["format"] not in _FORMATS or content["checksum"] != _checksum(unsummed):
        raise ProofInvalidError("its checksum is another one")
    return content


def _verify(document: BinaryIO, proof: dict[str, Any], trusted: Sequence[Certificate]) -> Verified:
    found = _sha256_of(document)
    opening = Opening(bytes.fromhex(proof["salt"]), bytes.fromhex(proof["sha256"]))
    if found != opening.sha256:
        raise ProofInvalidError("the document is another one")
    commitment = opening.commitment(proof["label"])
    if commitment.hex() != proof["commitment"]:
        raise ProofInvalidError("the commitment is to something else")
    path: list[Step] = [(step["side"], bytes.fromhex(step["hash"])) for step in proof["path"]]
    root = bytes.fromhex(proof["root"])
    if climb(commitment, path) != root:
        raise ProofInvalidError("the commitment is not under the root")
    stamped, roots = _check_stamp(proof, root, trusted)
    fingerprints, answer = dict.fromkeys(roots), base64.b64decode(proof["answer"])
    for renewal in proof.get("renewals", ()):
        again, roots = _check_stamp(renewal, answer, trusted)
        if again > ends_at(answer):
            raise ProofInvalidError("it was stamped again after its certificate had ended")
        fingerprints |= dict.fromkeys(roots)
        answer = base64.b64decode(renewal["answer"])
    return Verified(proof["label"], found.hex(), stamped, tuple(fingerprints))


def _check_stamp(
    written: dict[str, Any], content: bytes, trusted: Sequence[Certificate]
) -> tuple[datetime, tuple[str, ...]]:
    """When a content was stamped, and the fingerprints of whom that is known by."""
    named = [load_pem_x509_certificate(one.encode()) for one in written["authority"]]
    roots = trusted or named
    stamp = check(base64.b64decode(written["answer"]), content, roots)
    if stamp.at.isoformat() != written["timestamped_at"]:
        raise ProofInvalidError("the token tells another time")
    return stamp.at, tuple(one.fingerprint(SHA256()).hex() for one in roots)


def _sha256_of(document: BinaryIO) -> bytes:
    running = hashlib.sha256()
    while part := document.read(_READ_BYTES):
        running.update(part)
    return running.digest()
