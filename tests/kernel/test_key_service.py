"""Master keys that a service wraps: the file on disk opens nothing without it."""

from collections.abc import Iterator
from pathlib import Path
from uuid import UUID

import pytest

from marketplace.kernel.crypto import (
    KeyFileError,
    add_master_key,
    create_key_file,
    load_keyring,
    wrap_key_file,
)
from marketplace.kernel.key_service import KeyService, KeyServiceError
from marketplace.settings import ConfigurationError, Settings, configured
from tests.fakes.transit import TOKEN, FakeTransit, transit

CONTENT, CONTEXT = b"how the shelf dries an umbrella", "right:1"
UUID_ONE = UUID(int=1)


@pytest.fixture
def door(tmp_path: Path) -> Iterator[tuple[Settings, type[FakeTransit]]]:
    token_path = tmp_path / "token"
    token_path.write_text(f"{TOKEN}\n")
    with transit() as (url, desk):
        values = {"key_service_url": url, "key_service_token_file": token_path}
        yield configured({"data_dir": tmp_path, **values}), desk


def service_of(settings: Settings) -> KeyService:
    service = settings.key_service()
    assert service is not None
    return service


def test_a_wrapped_key_file_opens_by_the_service_alone(
    door: tuple[Settings, type[FakeTransit]],
) -> None:
    settings, desk = door
    path, service = settings.keys_path, service_of(settings)
    create_key_file(path, service)
    sealed = load_keyring(path, service).seal(CONTENT, context=CONTEXT)
    added = add_master_key(path, service)
    keyring = load_keyring(path, service)
    assert keyring.open(sealed, context=CONTEXT) == CONTENT
    assert keyring.seal(CONTENT, context=CONTEXT).key_id == added
    assert [line.split(":")[1] for line in path.read_text().split()] == ["wrapped"] * 2
    assert path.stat().st_mode & 0o777 == 0o600
    asked = len(desk.asked)
    keyring.open(sealed, context=CONTEXT)
    keyring.vault.create(UUID_ONE)
    assert keyring.vault.read(UUID_ONE)
    assert len(desk.asked) == asked  # no request waits for it

    with pytest.raises(KeyFileError, match="MARKETPLACE_KEY_SERVICE_URL"):
        load_keyring(path)


def test_a_plain_file_is_wrapped_and_what_it_opened_stays_open(
    door: tuple[Settings, type[FakeTransit]],
) -> None:
    settings, desk = door
    path, service = settings.keys_path, service_of(settings)
    create_key_file(path)
    add_master_key(path)
    plain = load_keyring(path)
    sealed, before = plain.seal(CONTENT, context=CONTEXT), path.read_text()
    desk.is_sealed = True
    with pytest.raises(KeyServiceError, match="answers 503 to encrypt"):
        wrap_key_file(path, service)
    assert path.read_text() == before
    desk.is_sealed = False

    assert wrap_key_file(path, service) == 2

    content = path.read_text()
    for line in before.split():
        assert line.partition(":")[2] not in content
    wrapped = load_keyring(path, service)
    assert wrapped.open(sealed, context=CONTEXT) == CONTENT
    assert wrapped.key_fingerprints == plain.key_fingerprints
    assert wrap_key_file(path, service) == 2  # after the service has a newer key


def test_what_goes_wrong_is_told_without_a_secret(
    door: tuple[Settings, type[FakeTransit]], tmp_path: Path
) -> None:
    settings, _ = door
    path, service = settings.keys_path, service_of(settings)
    create_key_file(path, service)
    wrapped = path.read_text()
    path.write_text(wrapped.strip()[:-9] + "AAAAAAAA=")
    with pytest.raises(KeyServiceError, match="answers 400 to decrypt") as refused:
        load_keyring(path, service)
    assert TOKEN not in str(refused.value)
    path.write_text(wrapped)
    (tmp_path / "token").write_text("another")
    with pytest.raises(KeyServiceError, match="answers 403 to decrypt"):
        load_keyring(path, service)
    (tmp_path / "token").unlink()
    with pytest.raises(KeyServiceError, match="cannot be read"):
        load_keyring(path, service)


@pytest.mark.parametrize(
    "url", ["http://vault.example:8200/v1/transit", "vault.example", "https://", "ftp://127.0.0.1"]
)
def test_keys_travel_only_safely(url: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="MARKETPLACE_KEY_SERVICE_URL"):
        configured({"data_dir": tmp_path, "key_service_url": url})
    with pytest.raises(ConfigurationError, match="MARKETPLACE_KEY_SERVICE_TOKEN_FILE"):
        configured({"data_dir": tmp_path, "key_service_url": "https://v:1/v1/t"}).key_service()
