"""Time stamps of an authority (RFC 3161): asked for over HTTP, checked without anybody."""

import asyncio
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import httpx2
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509 import Certificate, load_der_x509_certificate
from rfc3161_client import (
    HashAlgorithm,
    TimestampRequestBuilder,
    TimeStampResponse,
    VerificationError,
    VerifierBuilder,
    decode_timestamp_response,
)

ANSWER_BYTES_MAX: Final = 64 * 1024
ANSWER_SECONDS: Final = 20.0
GRANTED: Final = (0, 1)


class TimestampError(Exception):
    """The authority gave no token that holds. Says why."""


@dataclass(frozen=True, slots=True)
class Timestamp:
    answer: bytes
    at: datetime
    accuracy_ms: int


@dataclass(frozen=True, slots=True)
class Authority:
    """Who stamps, and whose certificates its tokens have to lead to."""

    url: str
    certificates: tuple[Certificate, ...]

    async def stamp(self, content: bytes) -> Timestamp:
        """Have a content stamped; only its SHA-256 leaves the house.

        Raises:
            TimestampError: unreachable, refused, or a token that does not hold.
        """
        builder = TimestampRequestBuilder().data(content).hash_algorithm(HashAlgorithm.SHA256)
        request = builder.nonce(nonce=True).cert_request(cert_request=True).build()
        answer = await self._ask(request.as_bytes())
        found = check(answer, content, self.certificates)
        if decode_timestamp_response(answer).tst_info.nonce != request.nonce:
            raise TimestampError("the answer is to another question")
        return found

    async def _ask(self, request: bytes) -> bytes:
        headers = {"content-type": "application/timestamp-query"}
        client = httpx2.AsyncClient(
            timeout=ANSWER_SECONDS, trust_env=False, follow_redirects=False, headers=headers
        )
        try:
            async with (
                asyncio.timeout(ANSWER_SECONDS),
                client,
                client.stream("POST", self.url, content=request) as response,
            ):
                if not response.is_success:
                    raise TimestampError(f"status {response.status_code}")
                return await _bounded(response)
        except (httpx2.HTTPError, TimeoutError) as error:
            raise TimestampError("the authority does not answer") from error


async def _bounded(response: httpx2.Response) -> bytes:
    answer = b""
    async for part in response.aiter_bytes():
        answer += part
        if len(answer) > ANSWER_BYTES_MAX:
            raise TimestampError("the answer is too long")
    return answer


def check(answer: bytes, content: bytes, roots: Sequence[Certificate]) -> Timestamp:
    """Check a token: what it stamps, who signed it, and that the signer was valid at its time.

    Raises:
        TimestampError: it does not hold.
    """
    try:
        response = decode_timestamp_response(answer)
        if response.status not in GRANTED or response.as_bytes() != answer:
            raise TimestampError("the authority refused, or the answer is not as it was given")
        _require_signed(response, content, roots)
    except (ValueError, VerificationError) as error:
        raise TimestampError(f"the token does not hold: {error}") from error
    info = response.tst_info
    return Timestamp(answer, info.gen_time.astimezone(UTC), _accuracy_ms(response))


def _require_signed(
    response: TimeStampResponse, content: bytes, roots: Sequence[Certificate]
) -> None:
    """By one of the roots: an authority's next root may have the name of the one before it."""
    *others, last = [roots, *([root] for root in roots)]
    for pool in others:
        with suppress(ValueError, VerificationError):
            _verify(response, content, pool)
            return
    _verify(response, content, last)


def _verify(response: TimeStampResponse, content: bytes, roots: Sequence[Certificate]) -> None:
    builder = VerifierBuilder()
    for root in roots:
        builder = builder.add_root_certificate(root)
    for certificate in _carried(response, roots):
        builder = builder.add_intermediate_certificate(certificate)
    builder.build().verify_message(response, content)


def _carried(response: TimeStampResponse, roots: Sequence[Certificate]) -> list[Certificate]:
    """Certificates in the token that sign others: no roots, and not the signer's own."""
    found = [load_der_x509_certificate(one) for one in response.signed_data.certificates]
    issuers = {one.issuer for one in found}
    return [one for one in found if one.subject in issuers and one not in roots]


def _accuracy_ms(response: TimeStampResponse) -> int:
    try:
        accuracy = response.tst_info.accuracy
    except ValueError:
        return 0
    return (accuracy.seconds or 0) * 1000 + (accuracy.millis or 0)


def ends_at(answer: bytes) -> datetime:
    """When the first of the certificates that a checked answer carries ends."""
    found = decode_timestamp_response(answer).signed_data.certificates
    return min(load_der_x509_certificate(one).not_valid_after_utc for one in found)


def pem_of(certificates: Iterable[Certificate]) -> str:
    """Certificates as text, one after the other."""
    return "".join(one.public_bytes(Encoding.PEM).decode() for one in certificates)
