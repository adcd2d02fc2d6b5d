"""A service that keeps the key of master keys: what is on this machine's disk opens nothing alone.

It is asked when a process starts, never while a request waits: master keys are then in memory,
documents' keys are wrapped by them here (docs/decisions/0104).
"""

import base64
import binascii
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Protocol

import httpx2

from marketplace.kernel.errors import UnavailableError

ANSWER_SECONDS: Final = 10.0


class KeyServiceError(UnavailableError):
    code = "key_service"
    title = "The key service does not open or wrap the master keys"


class KeyService(Protocol):
    """What a key management service has to do."""

    def wrap(self, key: bytes) -> str:
        """Encrypt a master key, as one word; raises KeyServiceError."""

    def unwrap(self, wrapped: str) -> bytes:
        """Decrypt a master key; raises KeyServiceError."""


@dataclass(frozen=True, slots=True)
class TransitService:
    """The transit engine of HashiCorp Vault or OpenBao, and a key in it that never leaves it."""

    url: str
    """Of the mounted engine, as `https://vault.example:8200/v1/transit`."""
    key_name: str
    token_path: Path
    """Read at each call: an agent may renew what is in it."""

    def wrap(self, key: bytes) -> str:
        """Encrypt a master key."""
        plaintext = base64.b64encode(key).decode()
        return self._ask("encrypt", {"plaintext": plaintext}, "ciphertext")

    def unwrap(self, wrapped: str) -> bytes:
        """Decrypt a master key."""
        try:
            found = self._ask("decrypt", {"ciphertext": wrapped}, "plaintext")
            return base64.b64decode(found, validate=True)
        except binascii.Error as error:
            raise KeyServiceError("its answer is not as the transit engine's") from error

    def _ask(self, name: str, question: dict[str, str], wanted: str) -> str:
        """The engine's answer; what went wrong is told without a byte of either."""
        url = f"{self.url.rstrip('/')}/{name}/{self.key_name}"
        try:
            headers = {"x-vault-token": self.token_path.read_text().strip()}
            with httpx2.Client(
                timeout=ANSWER_SECONDS, trust_env=False, follow_redirects=False
            ) as client:
                response = client.post(url, json=question, headers=headers)
        except OSError as error:
            raise KeyServiceError(f"{self.token_path} cannot be read") from error
        except httpx2.HTTPError as error:
            raise KeyServiceError(f"{self.url} does not answer") from error
        if not response.is_success:
            raise KeyServiceError(f"{self.url} answers {response.status_code} to {name}")
        return _field(response, wanted)


def _field(response: httpx2.Response, wanted: str) -> str:
    try:
        answer: Any = response.json()
        return str(answer["data"][wanted])
    except (ValueError, KeyError, TypeError):
        raise KeyServiceError("its answer is not as the transit engine's") from None
