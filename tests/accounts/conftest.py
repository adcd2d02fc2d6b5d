import pytest
from argon2 import PasswordHasher

from marketplace.accounts.passwords import hashing


@pytest.fixture(autouse=True)
def cheap_passwords(monkeypatch: pytest.MonkeyPatch) -> None:
    """Hashes as cheap as can be, which are right all the same."""
    hasher = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
    monkeypatch.setattr(hashing, "_HASHER", hasher)
    monkeypatch.setattr(hashing, "_NOBODY", hasher.hash("nobody's"))
