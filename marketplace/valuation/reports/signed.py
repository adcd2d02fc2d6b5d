"""What was signed, read from the compact JWS of a report."""

import hashlib
from typing import Any, Final

import orjson
from joserfc import jws

TYPE: Final = "valuation-report+jws"


def content(signed: str) -> dict[str, Any]:
    """What a report says; the signature is not looked at."""
    found: dict[str, Any] = orjson.loads(_payload(signed))
    return found


def sha256_of(signed: str) -> str:
    """Of the content, byte for byte as it was signed."""
    return hashlib.sha256(_payload(signed)).hexdigest()


def _payload(signed: str) -> bytes:
    return jws.extract_compact(signed.encode()).payload
