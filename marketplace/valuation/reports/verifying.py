"""Verifying a report with the published keys, without asking anybody."""

from typing import Any

from marketplace.assets.encumbrances.certificates.verifying import verify_signed
from marketplace.valuation.reports.rendering import render
from marketplace.valuation.reports.signed import TYPE


def verify_report(file: bytes, keys: bytes) -> dict[str, Any]:
    """What a valuation report says, which was signed with one of the keys.

    Args:
        file: a compact JWS, anything that contains one (the answer of the API), or our PDF, which
            has to be, byte for byte, what its signed content renders to.
        keys: a JWK set, as `GET /v1/certificate-keys` answers.

    Raises:
        InvalidCertificateError: it was changed, or is none of ours.
    """
    return verify_signed(file, keys, kind=TYPE, what="valuation report", render=render)
