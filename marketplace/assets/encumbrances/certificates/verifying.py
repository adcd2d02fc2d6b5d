"""Verifying a certificate with the published keys, without asking anybody."""

import re
from collections.abc import Callable
from typing import Any, Final

import orjson
from joserfc import jws
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from marketplace.accounts.signing_keys.service import ALGORITHM
from marketplace.assets.encumbrances.certificates.rendering import render
from marketplace.assets.encumbrances.certificates.service import TYPE
from marketplace.assets.encumbrances.errors import InvalidCertificateError

_COMPACT: Final = re.compile(rb"eyJ[\w-]+\.[\w-]+\.[\w-]+")
_PDF: Final = b"%PDF"


def verify_certificate(file: bytes, keys: bytes) -> dict[str, Any]:
    """What a certificate says, which was signed with one of the keys.

    Args:
        file: a compact JWS, anything that contains one (the answer of the API), or our PDF. A PDF
            has to be, byte for byte, what its signed content renders to: so nothing printed on it
            can differ from what was signed.
        keys: a JWK set, as `GET /v1/certificate-keys` answers.

    Raises:
        InvalidCertificateError: it was changed, or is none of ours.
    """
    return verify_signed(file, keys, kind=TYPE, what="certificate of encumbrances", render=render)


def verify_signed(
    file: bytes, keys: bytes, *, kind: str, what: str, render: Callable[[str], bytes]
) -> dict[str, Any]:
    """As `verify_certificate`, for anything that is signed by the keys of certificates.

    Args:
        file: as there.
        keys: as there.
        kind: the `typ` of its header.
        what: how people call it.
        render: its PDF, from the compact JWS.
    """
    found = _COMPACT.search(file)
    if found is None:
        raise InvalidCertificateError(f"there is no signed {what} in it")
    content = _verified(found[0], keys, kind, what)
    if file.startswith(_PDF) and file != render(found[0].decode()):
        detail = "what is printed is not what was signed, or an earlier version of us printed it"
        raise InvalidCertificateError(f"{detail}; get it anew")
    return content


def _verified(compact: bytes, keys: bytes, kind: str, what: str) -> dict[str, Any]:
    try:
        published = KeySet.import_key_set(orjson.loads(keys))
    except (JoseError, ValueError, KeyError, TypeError) as error:
        raise InvalidCertificateError("the keys are not a JWK set") from error
    try:
        signed = jws.deserialize_compact(compact, published, algorithms=[ALGORITHM])
    except (JoseError, ValueError) as error:
        detail = "the signature is not by one of these keys; get the present ones if they are old"
        raise InvalidCertificateError(detail) from error
    if signed.headers().get("typ") != kind:
        raise InvalidCertificateError(f"what was signed is no {what}")
    content: dict[str, Any] = orjson.loads(signed.payload)
    return content
