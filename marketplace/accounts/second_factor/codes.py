"""Codes: of a time step (RFC 6238) from a shared secret, and random ones for when that is lost."""

import base64
import hmac
import secrets
from datetime import datetime
from typing import Final

import pyotp

STEP_SECONDS: Final = 30
STEPS_OFF: Final = 1
"""A code of the step before or after is taken: clocks differ, and people type slowly."""
SECRET_CHARACTERS: Final = 32
"""Base32, so 160 bits, as RFC 4226 recommends."""
RECOVERY_CODES: Final = 10
RECOVERY_BYTES: Final = 10
GROUP: Final = 4
DIGITS: Final = 6


def new_totp_secret() -> str:
    return pyotp.random_base32(SECRET_CHARACTERS)


def totp_address(secret: str, email: str, issuer: str) -> str:
    """The `otpauth:` address that an authenticator reads, mostly as a QR code."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)


def matching_step(secret: str, code: str, moment: datetime) -> int | None:
    """The time step whose code this is, if it is a present one. All are compared, in equal time."""
    present, totp = int(moment.timestamp()) // STEP_SECONDS, pyotp.TOTP(secret)
    steps = range(present - STEPS_OFF, present + STEPS_OFF + 1)
    matches = [hmac.compare_digest(totp.generate_otp(step), code) for step in steps]
    return next((step for step, match in zip(steps, matches, strict=True) if match), None)


def is_totp(code: str) -> bool:
    return len(code) == DIGITS and code.isascii() and code.isdigit()


def new_recovery_codes() -> list[str]:
    """Random codes of eighty bits, in groups that people can type: `k3vd-…`."""
    return [_grouped(secrets.token_bytes(RECOVERY_BYTES)) for _ in range(RECOVERY_CODES)]


def _grouped(random: bytes) -> str:
    text = base64.b32encode(random).decode().lower()
    return "-".join(text[at : at + GROUP] for at in range(0, len(text), GROUP))


def plain(code: str) -> str:
    """A code as it is compared, whatever spaces, dashes and capitals it was typed with."""
    return "".join(code.split()).replace("-", "").lower()
